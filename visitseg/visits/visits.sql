-- Grain:  one row per visit: the visit table.
-- Input:  visit_keys.
SELECT
  visit_id,              -- visitor and visit, delimited; unique, never NULL
  date_id,               -- the day the visit began
  visit_start,           -- first hit
  pageviews,             -- page or screen views; never NULL
  hits,                  -- hits of any type; NULL: unknown
  unique_pages,          -- distinct page paths, query string and fragment removed; NULL: unknown
  time_on_site_sec,      -- first to last hit in seconds; NULL: unknown
  engaged,               -- 1: an engaged visit, 0: not; NULL: unknown
  engagement_time_sec,   -- time in focus in seconds; NULL: unknown
  1e0 * time_on_site_sec / NULLIF(pageviews, 0) AS time_on_site_sec_per_pageview, -- seconds on site a page view; NULL: undefined
  1e0 * hits / NULLIF(pageviews, 0) AS hits_per_pageview, -- hits a page view; NULL: undefined
  transactions,          -- distinct orders; NULL: unknown
  transaction_revenue,   -- revenue of the orders in currency units; NULL: unknown
  refund_revenue,        -- refunds in currency units as a positive number; never netted; NULL: unknown
  product_views,         -- product detail views; NULL: unknown
  add_to_carts,          -- additions to the cart; NULL: unknown
  checkouts,             -- checkout steps; NULL: unknown
  device,                -- device category
  channel,               -- channel group
  country,               -- country
  visitor_type,          -- new or returning
  landing_page           -- path of the first page
FROM visit_keys
WHERE removed IS NULL
