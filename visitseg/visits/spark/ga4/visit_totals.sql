-- Grain:  one row per visit key, (user_pseudo_id, stream_id, ga_session_id): what its own events say.
--         Exact copies of an event count once. Orders are in visit_purchases.
-- Input:  visit_rows.
-- Spark:  generated from ga4/visit_totals.sql by scripts/write_spark_sql.py.
WITH copies AS (
  SELECT
    *,
    CAST(ROW_NUMBER() OVER (
      PARTITION BY visit_id, day, hit_us, batch_page_id, batch_ordering_id, batch_event_index, event_name, params, revenue_micros, refund_micros, order_id
      ORDER BY device, country, channel_group, source, medium, campaign, click_id, currency, platform
    ) AS BIGINT) AS copy
  FROM visit_rows
  WHERE
    removed IS NULL
), events AS (
  SELECT
    *,
    CAST(ROW_NUMBER() OVER (
      PARTITION BY visit_id
      ORDER BY hit_us, batch_page_id, batch_ordering_id, batch_event_index, device NULLS LAST, country NULLS LAST
    ) AS BIGINT) AS nth,
    CAST(ROW_NUMBER() OVER (
      PARTITION BY visit_id
      ORDER BY CASE WHEN page IS NULL THEN 1L ELSE 0L END, hit_us, batch_page_id, batch_ordering_id, batch_event_index, page
    ) AS BIGINT) AS nth_page,
    CAST(ROW_NUMBER() OVER (
      PARTITION BY visit_id
      ORDER BY CASE WHEN COALESCE(channel_group, source, medium, click_id) IS NULL THEN 1L ELSE 0L END, hit_us, batch_page_id, batch_ordering_id, batch_event_index, channel_group NULLS LAST, source NULLS LAST, medium NULLS LAST, campaign NULLS LAST, click_id NULLS LAST
    ) AS BIGINT) AS nth_source
  FROM copies
  WHERE
    copy = 1
)
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
  MAX(is_odd_money) AS is_odd_money,
  MAX(is_debug) AS is_debug,
  MAX(is_internal) AS is_internal,
  MIN(platform) AS platform,
  MIN(currency) AS currency,
  MAX(currency) AS last_currency
FROM events
GROUP BY
  visit_id
