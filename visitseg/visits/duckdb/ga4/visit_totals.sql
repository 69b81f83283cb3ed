-- DuckDB text of ga4/visit_totals.sql: the sums by visit are in visit_sums. Columns are described there;
-- a test proves them equal.
SELECT
  visit_id,
  first_day AS date_id,
  first_hit_us,
  last_hit_us,
  pageviews,
  hits,
  coalesce(unique_pages, 0)::BIGINT AS unique_pages,
  engaged,
  engagement_ms,
  refund_micros,
  product_views,
  add_to_carts,
  checkouts,
  first_event.device AS device,
  first_event.country AS country,
  is_new,
  first_page.page AS landing_page,
  came_by.channel_group AS channel_group,
  came_by.source AS source,
  came_by.medium AS medium,
  came_by.campaign AS campaign,
  came_by.click_id AS click_id,
  coalesce(n_days, 0)::BIGINT AS n_days,
  is_odd_money,
  is_debug,
  is_internal,
  platform,
  currency,
  last_currency
FROM visit_sums
WHERE removed IS NULL
