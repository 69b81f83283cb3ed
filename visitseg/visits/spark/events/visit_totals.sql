-- Grain:  one row per visit key, (visitor, visit) of the log, or a visit found by inactivity: what
--         its own events say. Orders are in visit_purchases.
-- Input:  visit_events.
-- Spark:  generated from events/visit_totals.sql by scripts/write_spark_sql.py.
WITH firsts AS (
  SELECT
    *,
    MIN(CASE WHEN NOT device IS NULL THEN nth END) OVER (PARTITION BY visit_id) AS nth_device,
    MIN(CASE WHEN NOT channel IS NULL THEN nth END) OVER (PARTITION BY visit_id) AS nth_channel,
    MIN(CASE WHEN NOT country IS NULL THEN nth END) OVER (PARTITION BY visit_id) AS nth_country,
    MIN(CASE WHEN NOT visitor_type IS NULL THEN nth END) OVER (PARTITION BY visit_id) AS nth_visitor_type,
    MIN(CASE WHEN NOT landing_page IS NULL THEN nth END) OVER (PARTITION BY visit_id) AS nth_landing,
    MIN(CASE WHEN is_page_view AND NOT path IS NULL THEN nth END) OVER (PARTITION BY visit_id) AS nth_path
  FROM visit_events
)
SELECT
  visit_id,
  visitor,
  visit,
  MIN(day) AS date_id,
  MIN(event_us) AS first_us,
  MAX(event_us) AS last_us,
  MIN(event_at) AS visit_start,
  COUNT(CASE WHEN is_page_view THEN 1 END) AS pageviews,
  COUNT(*) AS hits,
  COUNT(DISTINCT CASE WHEN is_page_view THEN path END) AS unique_pages,
  COUNT(is_purchase) AS may_purchase,
  COUNT(is_refund) AS may_refund,
  SUM(CASE WHEN is_refund THEN ABS(revenue_micros) ELSE 0L END) AS refund_micros,
  CASE WHEN COUNT(is_product_view) > 0 THEN COUNT(CASE WHEN is_product_view THEN 1 END) END AS product_views,
  CASE WHEN COUNT(is_add_to_cart) > 0 THEN COUNT(CASE WHEN is_add_to_cart THEN 1 END) END AS add_to_carts,
  CASE WHEN COUNT(is_checkout) > 0 THEN COUNT(CASE WHEN is_checkout THEN 1 END) END AS checkouts,
  MAX(CASE WHEN nth = nth_device THEN device END) AS device,
  MAX(CASE WHEN nth = nth_channel THEN channel END) AS channel,
  MAX(CASE WHEN nth = nth_country THEN country END) AS country,
  MAX(CASE WHEN nth = nth_visitor_type THEN visitor_type END) AS visitor_type,
  COALESCE(
    MAX(CASE WHEN nth = nth_landing THEN landing_page END),
    MAX(CASE WHEN nth = nth_path THEN path END)
  ) AS landing_page,
  COUNT(DISTINCT day) AS n_days,
  MAX(CASE WHEN event_us > start_us THEN pause_us END) AS longest_pause_us,
  MAX(piece) AS piece,
  MAX(nth_of_name) AS nth_of_name,
  MIN(CASE WHEN is_purchase OR is_refund THEN currency END) AS currency,
  MAX(CASE WHEN is_purchase OR is_refund THEN currency END) AS last_currency
FROM firsts
GROUP BY
  visit_id,
  visitor,
  visit
