-- Grain:  one row per visit key: (visitor, visit) of the log, or a visit found by inactivity.
-- Input:  visit_totals, visit_purchases.
-- Values: @given_pages, @given_revenue: whether the log says them;
--         @trust_visits, @gap_us: as for visit_events;
--         @date_from, @date_to: the days that are wanted (to is exclusive); or NULL.
-- Rules:  An order is a distinct id; it belongs to the visit of its first purchase event. There each
--         of its products counts once, so lines of an order add up and repeats do not. Purchases
--         of a visit without any id are one order, and all their lines add up.
-- Spark:  generated from events/visit_keys.sql by scripts/write_spark_sql.py.
WITH purchases AS (
  SELECT
    visit_id,
    order_id,
    revenue_micros,
    CAST(ROW_NUMBER() OVER (PARTITION BY order_id ORDER BY event_us, visit_id, nth) AS BIGINT) AS nth_of_order,
    FIRST_VALUE(visit_id) OVER (PARTITION BY order_id ORDER BY event_us, visit_id, nth) AS order_visit_id,
    CAST(ROW_NUMBER() OVER (PARTITION BY order_id, visit_id, product_id ORDER BY nth) AS BIGINT) AS nth_of_line
  FROM visit_purchases
), orders AS (
  SELECT
    visit_id,
    COUNT(CASE WHEN NOT order_id IS NULL AND nth_of_order = 1 THEN 1 END) AS orders,
    COUNT(CASE WHEN order_id IS NULL THEN 1 END) AS purchases_without_id,
    COUNT(
      CASE
        WHEN NOT order_id IS NULL AND (
          visit_id <> order_visit_id OR nth_of_line > 1
        )
        THEN 1
      END
    ) AS repeated_purchases,
    SUM(
      CASE
        WHEN order_id IS NULL OR (
          visit_id = order_visit_id AND nth_of_line = 1
        )
        THEN revenue_micros
        ELSE 0L
      END
    ) AS revenue_micros
  FROM purchases
  GROUP BY
    visit_id
)
SELECT
  m.visit_id,
  m.date_id,
  m.visit_start,
  m.pageviews,
  m.hits,
  CASE WHEN :given_pages THEN m.unique_pages END AS unique_pages,
  CASE WHEN m.last_us > m.first_us THEN (
    m.last_us - m.first_us
  ) / 1e6 END AS time_on_site_sec,
  CAST(NULL AS BIGINT) AS engaged,
  CASE WHEN FALSE THEN 0e0 END AS engagement_time_sec,
  CASE
    WHEN m.may_purchase = 0
    THEN NULL
    WHEN COALESCE(o.orders, 0L) > 0
    THEN o.orders
    WHEN o.purchases_without_id > 0
    THEN 1L
    ELSE 0L
  END AS transactions,
  CASE
    WHEN m.may_purchase > 0 AND :given_revenue
    THEN COALESCE(o.revenue_micros, 0L) / 1e6
  END AS transaction_revenue,
  CASE WHEN m.may_refund > 0 AND :given_revenue THEN m.refund_micros / 1e6 END AS refund_revenue,
  m.product_views,
  m.add_to_carts,
  m.checkouts,
  m.device,
  m.channel,
  m.country,
  m.visitor_type,
  m.landing_page,
  CASE WHEN m.date_id < :date_from OR m.date_id >= :date_to THEN 'out_of_range' END AS removed,
  m.hits AS n_rows,
  m.n_days,
  COALESCE(o.purchases_without_id, 0L) AS purchases_without_id,
  COALESCE(o.repeated_purchases, 0L) AS repeated_purchases,
  COALESCE(
    NOT m.visit IS NULL
    AND MIN(m.visitor) OVER (PARTITION BY m.visit) <> MAX(m.visitor) OVER (PARTITION BY m.visit),
    FALSE
  ) AS is_shared,
  NOT m.visit IS NULL
  AND NOT :trust_visits
  AND COUNT(*) OVER (PARTITION BY m.visitor, m.visit) > 1 AS is_broken,
  m.piece > 0 AS is_cut,
  m.nth_of_name > 1 AS is_numbered,
  :trust_visits AND COALESCE(m.longest_pause_us > :gap_us, FALSE) AS spans_pause,
  m.currency,
  m.last_currency
FROM visit_totals AS m
LEFT JOIN orders AS o
  ON o.visit_id = m.visit_id
