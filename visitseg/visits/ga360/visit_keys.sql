-- Grain:  one row per visit key, (fullVisitorId, visitId). Halves on both sides of midnight are
--         one visit; a row that was exported twice counts once.
-- Input:  visit_rows.
-- Values: @date_from, @date_to: the days that are wanted (to is exclusive); or NULL.
WITH usable AS (
  SELECT v.*
  FROM visit_rows AS v
  INNER JOIN (  -- a visit with no interaction row is none
    SELECT visit_id FROM visit_rows WHERE removed IS NULL AND has_interaction GROUP BY visit_id
  ) AS i ON i.visit_id = v.visit_id
  WHERE v.removed IS NULL
), copies AS (
  SELECT
    *,
    ROW_NUMBER() OVER (  -- the longest copy; the rest of the order makes the choice the same always
      PARTITION BY visit_id, day, first_hit_number
      ORDER BY hits DESC, last_hit_us DESC, ga_transactions DESC, revenue_micros DESC,
        has_deprecated_revenue DESC, refund_micros DESC, pageviews DESC, product_views DESC,
        add_to_carts DESC, checkouts DESC, first_hit_us DESC, ga_time_on_site_sec DESC,
        is_continuation DESC, visitor_type DESC, device DESC, channel DESC, country DESC,
        landing_page DESC, ARRAY_LENGTH(pages) DESC, ARRAY_LENGTH(order_ids) DESC
    ) AS copy
  FROM usable
), parts AS (
  SELECT
    *,
    ROW_NUMBER() OVER (PARTITION BY visit_id ORDER BY first_hit_us, first_hit_number, day) AS part,
    ROW_NUMBER() OVER (
      PARTITION BY visit_id
      ORDER BY CASE WHEN landing_page IS NULL THEN 1 ELSE 0 END, first_hit_us, first_hit_number, day
    ) AS landing_part
  FROM copies
  WHERE copy = 1
), merged AS (
  SELECT
    visit_id,
    MIN(day) AS date_id,
    MIN(first_hit_us) AS first_hit_us,
    MAX(last_hit_us) AS last_hit_us,
    SUM(pageviews) AS pageviews,
    SUM(hits) AS hits,
    ARRAY_CONCAT_AGG(pages) AS pages,
    ARRAY_CONCAT_AGG(order_ids) AS order_ids,
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
    MAX(CASE WHEN part = 1 AND is_continuation THEN 1 ELSE 0 END) = 1 AS is_continuation,
    SUM(ga_transactions) AS ga_transactions,
    MAX(CASE WHEN has_deprecated_revenue THEN 1 ELSE 0 END) = 1 AS has_deprecated_revenue,
    CASE WHEN COUNT(*) = 1 THEN MAX(ga_time_on_site_sec) END AS ga_time_on_site_sec
  FROM parts
  GROUP BY visit_id
), counted AS (
  SELECT
    m.*,
    (SELECT COUNT(DISTINCT page) FROM UNNEST(m.pages) AS page) AS unique_pages,
    (SELECT COUNT(DISTINCT order_id) FROM UNNEST(m.order_ids) AS order_id) AS transactions
  FROM merged AS m
)
SELECT
  visit_id,                                           -- fullVisitorId|visitId
  date_id,                                            -- the day the visit began, as exported
  TIMESTAMP_MICROS(first_hit_us) AS visit_start,      -- first hit, UTC
  pageviews,                                          -- PAGE and APPVIEW hits
  hits,
  unique_pages,                                       -- distinct paths without query and fragment
  CASE WHEN last_hit_us > first_hit_us THEN (last_hit_us - first_hit_us) / 1e6 END
    AS time_on_site_sec,                              -- first to last hit; NULL: one time only
  CAST(NULL AS INT64) AS engaged,                     -- GA360 cannot say
  CAST(NULL AS FLOAT64) AS engagement_time_sec,       -- GA360 cannot say
  transactions,                                       -- distinct order ids
  CASE WHEN transactions > 0 THEN revenue_micros / 1e6 ELSE 0e0 END
    AS transaction_revenue,                           -- currency units
  refund_micros / 1e6 AS refund_revenue,              -- currency units, never netted
  product_views,
  add_to_carts,
  checkouts,
  device,
  channel,
  country,
  visitor_type,                                       -- new or returning
  landing_page,
  CASE WHEN date_id < @date_from OR date_id >= @date_to THEN 'out_of_range' END
    AS removed,                                       -- why it is not in the visit table
  n_rows,                                             -- export rows it was made from
  is_continuation,                                    -- its first half is not in the input
  ga_transactions,                                    -- purchases as GA counts them
  has_deprecated_revenue,                             -- revenue from totals.transactionRevenue
  CASE WHEN transactions = 0 THEN revenue_micros / 1e6 ELSE 0e0 END
    AS unattributed_revenue,                          -- revenue without any order id, kept apart
  ga_time_on_site_sec                                 -- as exported; NULL for merged visits
FROM counted
