-- DuckDB text of ga360/visit_keys.sql, tuned by hand: nearly every visit is one export row, so only
-- the visits with several rows are grouped. Columns are described there; a test proves them equal.
WITH bare AS (  -- rows that GA does not count as a visit; few
  SELECT visit_id FROM visit_rows WHERE removed IS NULL AND NOT has_interaction
), silent AS (  -- visits of such rows only
  SELECT DISTINCT visit_id
  FROM bare
  ANTI JOIN (SELECT visit_id FROM visit_rows SEMI JOIN bare USING (visit_id) WHERE removed IS NULL AND has_interaction)
    USING (visit_id)
), usable AS (
  SELECT * FROM visit_rows ANTI JOIN silent USING (visit_id) WHERE removed IS NULL
), repeated AS (  -- hash first: narrow keys; a collision only sends a visit the long way
  SELECT hash(visit_id) AS h FROM usable GROUP BY h HAVING count(*) > 1
), parts AS (
  SELECT
    *,
    row_number() OVER (
      PARTITION BY visit_id ORDER BY first_hit_us NULLS FIRST, first_hit_number, day NULLS FIRST
    ) AS part
  FROM (
    SELECT
      *,
      row_number() OVER (
        PARTITION BY visit_id, day, first_hit_number
        ORDER BY hits DESC, last_hit_us DESC, ga_transactions DESC, revenue_micros DESC,
          has_deprecated_revenue DESC, refund_micros DESC, pageviews DESC, product_views DESC,
          add_to_carts DESC, checkouts DESC, first_hit_us DESC, ga_time_on_site_sec DESC,
          is_continuation DESC, visitor_type DESC, device DESC, channel DESC, country DESC,
          landing_page DESC, len(pages) DESC, len(order_ids) DESC
      ) AS copy
    FROM usable
    WHERE hash(visit_id) IN (FROM repeated)
  )
  WHERE copy = 1
), merged AS (
  SELECT
    visit_id,
    min(day) AS date_id,
    min(first_hit_us) AS first_hit_us,
    max(last_hit_us) AS last_hit_us,
    sum(pageviews)::BIGINT AS pageviews,
    sum(hits)::BIGINT AS hits,
    len(list_distinct(flatten(list(pages))))::BIGINT AS unique_pages,
    len(list_distinct(flatten(list(order_ids))))::BIGINT AS transactions,
    sum(revenue_micros)::BIGINT AS revenue_micros,
    sum(refund_micros)::BIGINT AS refund_micros,
    sum(product_views)::BIGINT AS product_views,
    sum(add_to_carts)::BIGINT AS add_to_carts,
    sum(checkouts)::BIGINT AS checkouts,
    max(device) FILTER (part = 1) AS device,
    max(channel) FILTER (part = 1) AS channel,
    max(country) FILTER (part = 1) AS country,
    max(visitor_type) FILTER (part = 1) AS visitor_type,
    arg_min(landing_page, part) AS landing_page,
    count(*) AS n_rows,
    coalesce(bool_or(is_continuation) FILTER (part = 1), false) AS is_continuation,
    sum(ga_transactions)::BIGINT AS ga_transactions,
    bool_or(has_deprecated_revenue) AS has_deprecated_revenue,
    CASE WHEN count(*) = 1 THEN max(ga_time_on_site_sec) END AS ga_time_on_site_sec
  FROM parts
  GROUP BY visit_id
), single AS (
  SELECT
    visit_id, day AS date_id, first_hit_us, last_hit_us, pageviews, hits,
    len(pages) AS unique_pages, len(order_ids) AS transactions, revenue_micros, refund_micros,
    product_views, add_to_carts, checkouts, device, channel, country, visitor_type, landing_page,
    1 AS n_rows, is_continuation, ga_transactions, has_deprecated_revenue, ga_time_on_site_sec
  FROM usable
  WHERE hash(visit_id) NOT IN (FROM repeated)
)
SELECT
  visit_id,
  date_id,
  make_timestamptz(first_hit_us) AS visit_start,
  pageviews,
  hits,
  unique_pages,
  CASE WHEN last_hit_us > first_hit_us THEN (last_hit_us - first_hit_us) / 1e6 END
    AS time_on_site_sec,
  NULL::BIGINT AS engaged,
  NULL::DOUBLE AS engagement_time_sec,
  transactions,
  CASE WHEN transactions > 0 THEN revenue_micros / 1e6 ELSE 0 END AS transaction_revenue,
  refund_micros / 1e6 AS refund_revenue,
  product_views,
  add_to_carts,
  checkouts,
  device,
  channel,
  country,
  visitor_type,
  landing_page,
  CASE WHEN date_id < $date_from OR date_id >= $date_to THEN 'out_of_range' END AS removed,
  n_rows,
  is_continuation,
  ga_transactions,
  has_deprecated_revenue,
  CASE WHEN transactions = 0 THEN revenue_micros / 1e6 ELSE 0 END AS unattributed_revenue,
  ga_time_on_site_sec
FROM (FROM single UNION ALL BY NAME FROM merged)
