-- Grain:  one row per visit: the visit table.
-- Input:  visit_keys.
SELECT
  visit_id,              -- text, unique, never NULL
  date_id,               -- the day the visit began
  visit_start,           -- first hit, UTC
  pageviews,             -- page or screen views
  hits,                  -- hits of any type
  unique_pages,          -- distinct page paths, query string and fragment removed
  time_on_site_sec,      -- first to last hit, seconds; NULL: unknown
  engaged,               -- 1: an engaged visit, 0: not; NULL: the source cannot say
  engagement_time_sec,   -- time in focus, seconds; NULL: the source cannot say
  time_on_site_sec / NULLIF(pageviews, 0) AS time_on_site_sec_per_pageview,
  1e0 * hits / NULLIF(pageviews, 0) AS hits_per_pageview,
  transactions,          -- distinct orders
  transaction_revenue,   -- currency units
  refund_revenue,        -- currency units, never netted
  product_views,
  add_to_carts,
  checkouts,
  device,
  channel,
  country,
  visitor_type,
  landing_page
FROM visit_keys
WHERE removed IS NULL
