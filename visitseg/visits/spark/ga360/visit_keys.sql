-- Grain:  one row per visit key, (fullVisitorId, visitId). Halves on both sides of midnight are
--         one visit; a row that was exported twice counts once.
-- Input:  visit_rows.
-- Values: @date_from, @date_to: the days that are wanted (to is exclusive); or NULL.
-- Spark:  generated from ga360/visit_keys.sql by scripts/write_spark_sql.py.
WITH usable AS (
  SELECT
    v.*
  FROM visit_rows AS v
  INNER JOIN (
    SELECT
      visit_id
    FROM visit_rows
    WHERE
      removed IS NULL AND has_interaction
    GROUP BY
      visit_id
  ) AS i
    ON i.visit_id = v.visit_id
  WHERE
    v.removed IS NULL
), copies AS (
  SELECT
    *,
    CAST(ROW_NUMBER() OVER (
      PARTITION BY visit_id, day, first_hit_number
      ORDER BY hits DESC, last_hit_us DESC, ga_transactions DESC, revenue_micros DESC, has_deprecated_revenue DESC, refund_micros DESC, pageviews DESC, product_views DESC, add_to_carts DESC, checkouts DESC, first_hit_us DESC, ga_time_on_site_sec DESC, is_continuation DESC, visitor_type DESC, device DESC, channel DESC, country DESC, landing_page DESC, CAST(ARRAY_SIZE(pages) AS BIGINT) DESC, CAST(ARRAY_SIZE(order_ids) AS BIGINT) DESC
    ) AS BIGINT) AS copy
  FROM usable
), parts AS (
  SELECT
    *,
    CAST(ROW_NUMBER() OVER (PARTITION BY visit_id ORDER BY first_hit_us, first_hit_number, day) AS BIGINT) AS part,
    CAST(ROW_NUMBER() OVER (
      PARTITION BY visit_id
      ORDER BY CASE WHEN landing_page IS NULL THEN 1L ELSE 0L END, first_hit_us, first_hit_number, day
    ) AS BIGINT) AS landing_part
  FROM copies
  WHERE
    copy = 1
), merged AS (
  SELECT
    visit_id,
    MIN(day) AS date_id,
    MIN(first_hit_us) AS first_hit_us,
    MAX(last_hit_us) AS last_hit_us,
    SUM(pageviews) AS pageviews,
    SUM(hits) AS hits,
    FLATTEN(COLLECT_LIST(pages)) AS pages,
    FLATTEN(COLLECT_LIST(order_ids)) AS order_ids,
    SUM(revenue_micros) AS revenue_micros,
    SUM(refund_micros) AS refund_micros,
    SUM(product_views) AS product_views,
    SUM(add_to_carts) AS add_to_carts,
    SUM(checkouts) AS checkouts,
    MAX(CASE WHEN part = 1 THEN device END) AS device,
    MAX(CASE WHEN part = 1 THEN channel END) AS channel,
    MAX(CASE WHEN part = 1 THEN country END) AS country,
    MAX(CASE WHEN part = 1 THEN visitor_type END) AS visitor_type,
    MAX(CASE WHEN landing_part = 1 THEN landing_page END) AS landing_page,
    COUNT(*) AS n_rows,
    MAX(CASE WHEN part = 1 AND is_continuation THEN 1L ELSE 0L END) = 1 AS is_continuation,
    SUM(ga_transactions) AS ga_transactions,
    MAX(CASE WHEN has_deprecated_revenue THEN 1L ELSE 0L END) = 1 AS has_deprecated_revenue,
    CASE WHEN COUNT(*) = 1 THEN MAX(ga_time_on_site_sec) END AS ga_time_on_site_sec
  FROM parts
  GROUP BY
    visit_id
), counted AS (
  SELECT
    m.*,
    COALESCE(CAST(ARRAY_SIZE(ARRAY_DISTINCT(FILTER(m.pages, x -> NOT x IS NULL))) AS BIGINT), 0L) AS unique_pages,
    COALESCE(CAST(ARRAY_SIZE(ARRAY_DISTINCT(FILTER(m.order_ids, x -> NOT x IS NULL))) AS BIGINT), 0L) AS transactions
  FROM merged AS m
)
SELECT
  visit_id,
  date_id,
  TIMESTAMP_MICROS(first_hit_us) AS visit_start,
  pageviews,
  hits,
  unique_pages,
  CASE WHEN last_hit_us > first_hit_us THEN (
    last_hit_us - first_hit_us
  ) / 1e6 END AS time_on_site_sec,
  CAST(NULL AS BIGINT) AS engaged,
  CAST(NULL AS DOUBLE) AS engagement_time_sec,
  transactions,
  CASE WHEN transactions > 0 THEN revenue_micros / 1e6 ELSE 0e0 END AS transaction_revenue,
  refund_micros / 1e6 AS refund_revenue,
  product_views,
  add_to_carts,
  checkouts,
  device,
  channel,
  country,
  visitor_type,
  landing_page,
  CASE WHEN date_id < :date_from OR date_id >= :date_to THEN 'out_of_range' END AS removed,
  n_rows,
  is_continuation,
  ga_transactions,
  has_deprecated_revenue,
  CASE WHEN transactions = 0 THEN revenue_micros / 1e6 ELSE 0e0 END AS unattributed_revenue,
  ga_time_on_site_sec
FROM counted
