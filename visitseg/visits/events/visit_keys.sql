-- Grain:  one row per visit key: (visitor, visit) of the log, or a visit found by inactivity.
-- Input:  visit_totals, visit_purchases.
-- Values: @given_pages, @given_revenue: whether the log says them;
--         @trust_visits, @gap_us: as for visit_events;
--         @date_from, @date_to: the days that are wanted (to is exclusive); or NULL.
-- Rules:  An order is a distinct id; it belongs to the visit of its first purchase event. There each
--         of its products counts once, so lines of an order add up and repeats do not. Purchases
--         of a visit without any id are one order, and all their lines add up.
WITH purchases AS (
  SELECT
    visit_id,
    order_id,
    revenue_micros,
    ROW_NUMBER() OVER (PARTITION BY order_id ORDER BY event_us, visit_id, nth) AS nth_of_order,
    FIRST_VALUE(visit_id) OVER (PARTITION BY order_id ORDER BY event_us, visit_id, nth)
      AS order_visit_id,
    ROW_NUMBER() OVER (PARTITION BY order_id, visit_id, product_id ORDER BY nth) AS nth_of_line
  FROM visit_purchases
), orders AS (
  SELECT
    visit_id,
    COUNT(CASE WHEN order_id IS NOT NULL AND nth_of_order = 1 THEN 1 END) AS orders,
    COUNT(CASE WHEN order_id IS NULL THEN 1 END) AS purchases_without_id,
    COUNT(CASE WHEN order_id IS NOT NULL AND (visit_id <> order_visit_id OR nth_of_line > 1)
      THEN 1 END) AS repeated_purchases,
    SUM(CASE WHEN order_id IS NULL OR (visit_id = order_visit_id AND nth_of_line = 1)
      THEN revenue_micros ELSE 0 END) AS revenue_micros
  FROM purchases
  GROUP BY visit_id
)
SELECT
  m.visit_id,                                         -- visitor|visit, or visitor|epoch second
  m.date_id,                                          -- local day of the first event
  m.visit_start,                                      -- first event, UTC
  m.pageviews,                                        -- page views; product views if there are none
  m.hits,                                             -- events, copies left out
  CASE WHEN @given_pages THEN m.unique_pages END AS unique_pages,  -- distinct paths of page views
  CASE WHEN m.last_us > m.first_us THEN (m.last_us - m.first_us) / 1e6 END
    AS time_on_site_sec,                              -- first to last event; NULL: one time only
  CAST(NULL AS INT64) AS engaged,                     -- a log cannot say
  CASE WHEN FALSE THEN 0e0 END AS engagement_time_sec,  -- a log cannot say
  CASE
    WHEN m.may_purchase = 0 THEN NULL
    WHEN COALESCE(o.orders, 0) > 0 THEN o.orders
    WHEN o.purchases_without_id > 0 THEN 1
    ELSE 0
  END AS transactions,                                -- distinct orders
  CASE WHEN m.may_purchase > 0 AND @given_revenue THEN COALESCE(o.revenue_micros, 0) / 1e6 END
    AS transaction_revenue,                           -- currency units
  CASE WHEN m.may_refund > 0 AND @given_revenue THEN m.refund_micros / 1e6 END
    AS refund_revenue,                                -- currency units, never netted
  m.product_views,
  m.add_to_carts,
  m.checkouts,
  m.device,                                           -- dimensions: the first known value
  m.channel,
  m.country,
  m.visitor_type,
  m.landing_page,                                     -- as the log says, or the first page's path
  CASE WHEN m.date_id < @date_from OR m.date_id >= @date_to THEN 'out_of_range' END
    AS removed,                                       -- why it is not in the visit table
  m.hits AS n_rows,                                   -- events it was made from
  m.n_days,                                           -- local days it touches
  COALESCE(o.purchases_without_id, 0) AS purchases_without_id,
  COALESCE(o.repeated_purchases, 0) AS repeated_purchases,
  COALESCE(m.visit IS NOT NULL AND MIN(m.visitor) OVER (PARTITION BY m.visit)
    <> MAX(m.visitor) OVER (PARTITION BY m.visit), FALSE)
    AS is_shared,                                     -- the log gives its id to several visitors
  m.visit IS NOT NULL AND NOT @trust_visits
    AND COUNT(*) OVER (PARTITION BY m.visitor, m.visit) > 1
    AS is_broken,                                     -- a part of one visit of the log
  m.piece > 0 AS is_cut,                              -- begins where the longest length ended
  m.nth_of_name > 1 AS is_numbered,                   -- another visit began in the same second
  @trust_visits AND COALESCE(m.longest_pause_us > @gap_us, FALSE)
    AS spans_pause,                                   -- the log's visit holds a long pause
  m.currency,                                         -- one currency of the visit's money …
  m.last_currency                                     -- … and another, if there are two
FROM visit_totals AS m
LEFT JOIN orders AS o ON o.visit_id = m.visit_id
