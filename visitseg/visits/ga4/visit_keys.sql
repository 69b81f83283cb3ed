-- Grain:  one row per visit key, (user_pseudo_id, stream_id, ga_session_id); an order counts once,
--         at its first purchase event.
-- Input:  visit_totals, visit_purchases, channels.
-- Values: @date_from, @date_to: the days that are wanted (to is exclusive); or NULL.
WITH purchases AS (
  SELECT
    *,
    CASE WHEN order_id IS NOT NULL THEN ROW_NUMBER() OVER (
      PARTITION BY order_id
      ORDER BY hit_us NULLS FIRST, batch_page_id, batch_ordering_id, batch_event_index, visit_id,
        revenue_micros
    ) END AS nth
  FROM visit_purchases
), orders AS (
  SELECT
    visit_id,
    COUNT(CASE WHEN nth = 1 THEN 1 END) AS transactions,
    SUM(CASE WHEN nth = 1 THEN revenue_micros ELSE 0 END) AS revenue_micros,
    COUNT(CASE WHEN nth > 1 THEN 1 END) AS repeated_purchases,
    COUNT(CASE WHEN order_id IS NULL THEN 1 END) AS purchases_without_id,
    SUM(CASE WHEN order_id IS NULL THEN revenue_micros ELSE 0 END) AS unattributed_micros
  FROM purchases
  GROUP BY visit_id
)
SELECT
  m.visit_id,                                         -- user_pseudo_id|stream_id|ga_session_id
  m.date_id,                                          -- the day the visit began, as exported
  TIMESTAMP_MICROS(m.first_hit_us) AS visit_start,    -- first event, UTC
  m.pageviews,                                        -- page_view and screen_view events
  m.hits,                                             -- events, copies left out
  m.unique_pages,                                     -- distinct paths or screens
  CASE WHEN m.last_hit_us > m.first_hit_us THEN (m.last_hit_us - m.first_hit_us) / 1e6 END
    AS time_on_site_sec,                              -- first to last event; NULL: one time only
  m.engaged,                                          -- GA4's own flag; NULL: not exported
  m.engagement_ms / 1e3 AS engagement_time_sec,       -- time in focus, seconds
  COALESCE(o.transactions, 0) AS transactions,        -- distinct orders, each at its first purchase
  COALESCE(o.revenue_micros, 0) / 1e6 AS transaction_revenue,  -- currency units
  m.refund_micros / 1e6 AS refund_revenue,            -- currency units, never netted
  m.product_views,
  m.add_to_carts,
  m.checkouts,
  m.device,
  COALESCE(
    m.channel_group,
    CASE WHEN COALESCE(m.source, m.medium, m.click_id) IS NULL THEN 'Unassigned' END,
    c.channel,
    'Unassigned'
  ) AS channel,                                       -- default channel group
  m.country,
  CASE WHEN m.is_new = 1 THEN 'new' ELSE 'returning' END AS visitor_type,
  m.landing_page,
  CASE WHEN m.date_id < @date_from OR m.date_id >= @date_to THEN 'out_of_range' END
    AS removed,                                       -- why it is not in the visit table
  m.hits AS n_rows,                                   -- events it was made from
  m.n_days,                                           -- days it touches
  COALESCE(o.repeated_purchases, 0) AS repeated_purchases,  -- purchases whose order was counted before
  COALESCE(o.purchases_without_id, 0) AS purchases_without_id,
  COALESCE(o.unattributed_micros, 0) / 1e6
    AS unattributed_revenue,                          -- of purchases without any order id
  m.is_odd_money,                                     -- 1: money that is no number counts as 0
  m.is_debug,                                         -- 1: an event with debug_mode
  m.is_internal,                                      -- 1: an event of internal traffic
  m.platform,                                         -- WEB, ANDROID, IOS
  m.currency,                                         -- one currency of the visit's money …
  m.last_currency                                     -- … and another, if there are two
FROM visit_totals AS m
LEFT JOIN orders AS o ON o.visit_id = m.visit_id
LEFT JOIN channels AS c
  ON c.source = COALESCE(m.source, '')
  AND c.medium = COALESCE(m.medium, '')
  AND c.campaign = COALESCE(m.campaign, '')
  AND c.has_click_id = CASE WHEN m.click_id IS NULL THEN 0 ELSE 1 END
