-- Grain:  one row per visit key, (user_pseudo_id, stream_id, ga_session_id); an order counts once,
--         at its first purchase event.
-- Input:  visit_totals, visit_purchases, channels.
-- Values: @date_from, @date_to: the days that are wanted (to is exclusive); or NULL.
-- Spark:  generated from ga4/visit_keys.sql by scripts/write_spark_sql.py.
WITH purchases AS (
  SELECT
    *,
    CASE
      WHEN NOT order_id IS NULL
      THEN CAST(ROW_NUMBER() OVER (
        PARTITION BY order_id
        ORDER BY hit_us, batch_page_id, batch_ordering_id, batch_event_index, visit_id, revenue_micros
      ) AS BIGINT)
    END AS nth
  FROM visit_purchases
), orders AS (
  SELECT
    visit_id,
    COUNT(CASE WHEN nth = 1 THEN 1 END) AS transactions,
    SUM(CASE WHEN nth = 1 THEN revenue_micros ELSE 0L END) AS revenue_micros,
    COUNT(CASE WHEN nth > 1 THEN 1 END) AS repeated_purchases,
    COUNT(CASE WHEN order_id IS NULL THEN 1 END) AS purchases_without_id,
    SUM(CASE WHEN order_id IS NULL THEN revenue_micros ELSE 0L END) AS unattributed_micros
  FROM purchases
  GROUP BY
    visit_id
)
SELECT
  m.visit_id,
  m.date_id,
  TIMESTAMP_MICROS(m.first_hit_us) AS visit_start,
  m.pageviews,
  m.hits,
  m.unique_pages,
  CASE
    WHEN m.last_hit_us > m.first_hit_us
    THEN (
      m.last_hit_us - m.first_hit_us
    ) / 1e6
  END AS time_on_site_sec,
  m.engaged,
  m.engagement_ms / 1e3 AS engagement_time_sec,
  COALESCE(o.transactions, 0L) AS transactions,
  COALESCE(o.revenue_micros, 0L) / 1e6 AS transaction_revenue,
  m.refund_micros / 1e6 AS refund_revenue,
  m.product_views,
  m.add_to_carts,
  m.checkouts,
  m.device,
  COALESCE(
    m.channel_group,
    CASE WHEN COALESCE(m.source, m.medium, m.click_id) IS NULL THEN 'Unassigned' END,
    c.channel,
    'Unassigned'
  ) AS channel,
  m.country,
  CASE WHEN m.is_new = 1 THEN 'new' ELSE 'returning' END AS visitor_type,
  m.landing_page,
  CASE WHEN m.date_id < :date_from OR m.date_id >= :date_to THEN 'out_of_range' END AS removed,
  m.hits AS n_rows,
  m.n_days,
  COALESCE(o.repeated_purchases, 0L) AS repeated_purchases,
  COALESCE(o.purchases_without_id, 0L) AS purchases_without_id,
  COALESCE(o.unattributed_micros, 0L) / 1e6 AS unattributed_revenue,
  m.is_odd_money,
  m.is_debug,
  m.is_internal,
  m.platform,
  m.currency,
  m.last_currency
FROM visit_totals AS m
LEFT JOIN orders AS o
  ON o.visit_id = m.visit_id
LEFT JOIN channels AS c
  ON c.source = COALESCE(m.source, '')
  AND c.medium = COALESCE(m.medium, '')
  AND c.campaign = COALESCE(m.campaign, '')
  AND c.has_click_id = CASE WHEN m.click_id IS NULL THEN 0L ELSE 1L END
