-- Grain:  one row per visit key, (user_pseudo_id, stream_id, ga_session_id). Exact copies of an
--         event count once; an order counts once, at its first purchase event.
-- Input:  visit_rows.
-- Values: @date_from, @date_to: the days that are wanted (to is exclusive); or NULL.
WITH copies AS (
  SELECT
    *,
    ROW_NUMBER() OVER (
      PARTITION BY visit_id, day, hit_us, batch_page_id, batch_ordering_id, batch_event_index,
        event_name, params, revenue_micros, refund_micros, order_id
      ORDER BY device, country, channel_group, source, medium, campaign, click_id, currency,
        platform
    ) AS copy
  FROM visit_rows
  WHERE removed IS NULL
), events AS (
  SELECT
    *,
    CASE WHEN order_id IS NOT NULL THEN ROW_NUMBER() OVER (
      PARTITION BY order_id
      ORDER BY hit_us, batch_page_id, batch_ordering_id, batch_event_index, visit_id, revenue_micros
    ) END AS nth_purchase,
    ROW_NUMBER() OVER (  -- ties are ordered by the values that are taken
      PARTITION BY visit_id
      ORDER BY hit_us, batch_page_id, batch_ordering_id, batch_event_index,
        device NULLS LAST, country NULLS LAST
    ) AS nth,
    ROW_NUMBER() OVER (
      PARTITION BY visit_id
      ORDER BY CASE WHEN page IS NULL THEN 1 ELSE 0 END, hit_us, batch_page_id, batch_ordering_id,
        batch_event_index, page
    ) AS nth_page,
    ROW_NUMBER() OVER (
      PARTITION BY visit_id
      ORDER BY CASE WHEN COALESCE(channel_group, source, medium, click_id) IS NULL THEN 1 ELSE 0 END,
        hit_us, batch_page_id, batch_ordering_id, batch_event_index, channel_group NULLS LAST,
        source NULLS LAST, medium NULLS LAST, campaign NULLS LAST, click_id NULLS LAST
    ) AS nth_source
  FROM copies
  WHERE copy = 1
), merged AS (
  SELECT
    visit_id,
    MIN(day) AS date_id,
    MIN(hit_us) AS first_hit_us,
    MAX(hit_us) AS last_hit_us,
    COUNT(CASE WHEN event_name IN ('page_view', 'screen_view') THEN 1 END) AS pageviews,
    COUNT(*) AS hits,
    COUNT(DISTINCT page) AS unique_pages,
    MAX(engaged) AS engaged,
    SUM(engagement_ms) AS engagement_ms,
    COUNT(CASE WHEN nth_purchase = 1 THEN 1 END) AS transactions,
    SUM(CASE WHEN nth_purchase = 1 THEN revenue_micros ELSE 0 END) AS revenue_micros,
    SUM(refund_micros) AS refund_micros,
    COUNT(CASE WHEN event_name = 'view_item' THEN 1 END) AS product_views,
    COUNT(CASE WHEN event_name = 'add_to_cart' THEN 1 END) AS add_to_carts,
    COUNT(CASE WHEN event_name = 'begin_checkout' THEN 1 END) AS checkouts,
    MAX(CASE WHEN nth = 1 THEN device END) AS device,
    MAX(CASE WHEN nth = 1 THEN country END) AS country,
    MAX(is_new) AS is_new,
    MAX(CASE WHEN nth_page = 1 THEN page END) AS landing_page,
    MAX(CASE WHEN nth_source = 1 THEN channel_group END) AS channel_group,
    MAX(CASE WHEN nth_source = 1 THEN source END) AS source,
    MAX(CASE WHEN nth_source = 1 THEN medium END) AS medium,
    MAX(CASE WHEN nth_source = 1 THEN campaign END) AS campaign,
    MAX(CASE WHEN nth_source = 1 THEN click_id END) AS click_id,
    COUNT(DISTINCT day) AS n_days,
    COUNT(CASE WHEN nth_purchase > 1 THEN 1 END) AS repeated_purchases,
    COUNT(CASE WHEN event_name = 'purchase' AND order_id IS NULL THEN 1 END) AS purchases_without_id,
    SUM(CASE WHEN event_name = 'purchase' AND order_id IS NULL THEN revenue_micros ELSE 0 END)
      AS unattributed_micros,
    MAX(is_odd_money) AS is_odd_money,
    MAX(is_debug) AS is_debug,
    MAX(is_internal) AS is_internal,
    MIN(platform) AS platform,
    MIN(currency) AS currency,
    MAX(currency) AS last_currency
  FROM events
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
  m.transactions,                                     -- distinct orders, each at its first purchase
  m.revenue_micros / 1e6 AS transaction_revenue,      -- currency units
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
  m.repeated_purchases,                               -- purchases whose order was counted before
  m.purchases_without_id,
  m.unattributed_micros / 1e6 AS unattributed_revenue,  -- of purchases without any order id
  m.is_odd_money,                                     -- 1: money that is no number counts as 0
  m.is_debug,                                         -- 1: an event with debug_mode
  m.is_internal,                                      -- 1: an event of internal traffic
  m.platform,                                         -- WEB, ANDROID, IOS
  m.currency,                                         -- one currency of the visit's money …
  m.last_currency                                     -- … and another, if there are two
FROM merged AS m
LEFT JOIN channels AS c
  ON c.source = COALESCE(m.source, '')
  AND c.medium = COALESCE(m.medium, '')
  AND c.campaign = COALESCE(m.campaign, '')
  AND c.has_click_id = CASE WHEN m.click_id IS NULL THEN 0 ELSE 1 END
