-- Grain:  one row per hit of a visit, by the names that a contract file knows. Rows are chosen as in
--         visit_keys: a row that was exported twice counts once, halves of a visit come together.
-- Input:  visit_rows, with the hits.
-- Spark:  generated from ga360/hits.sql by scripts/write_spark_sql.py.
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
    visit_id,
    hit_list,
    CAST(ROW_NUMBER() OVER (
      PARTITION BY visit_id, day, first_hit_number
      ORDER BY hits DESC, last_hit_us DESC, ga_transactions DESC, revenue_micros DESC, has_deprecated_revenue DESC, refund_micros DESC, pageviews DESC, product_views DESC, add_to_carts DESC, checkouts DESC, first_hit_us DESC, ga_time_on_site_sec DESC, is_continuation DESC, visitor_type DESC, device DESC, channel DESC, country DESC, landing_page DESC, CAST(ARRAY_SIZE(pages) AS BIGINT) DESC, CAST(ARRAY_SIZE(order_ids) AS BIGINT) DESC
    ) AS BIGINT) AS copy
  FROM usable
), hits_of_visits AS (
  SELECT
    v.visit_id,
    h.number,
    h.us,
    h.type,
    h.path,
    h.title,
    CASE
      WHEN h.step = '1'
      THEN 'select_item'
      WHEN h.step = '2'
      THEN 'view_item'
      WHEN h.step = '3'
      THEN 'add_to_cart'
      WHEN h.step = '4'
      THEN 'remove_from_cart'
      WHEN h.step = '5'
      THEN 'begin_checkout'
      WHEN h.step = '6'
      THEN 'purchase'
      WHEN h.step = '7'
      THEN 'refund'
      WHEN h.type = 'PAGE'
      THEN 'page_view'
      WHEN h.type = 'APPVIEW'
      THEN 'screen_view'
      ELSE COALESCE(LOWER(h.type), '')
    END AS event,
    h.category,
    h.action,
    1e0 * h.value AS value,
    h.product_id,
    h.order_id,
    CASE WHEN NOT h.order_id IS NULL THEN h.revenue_micros / 1e6 END AS revenue
  FROM copies AS v
  LATERAL VIEW
  EXPLODE(v.hit_list) h_rows AS h
  WHERE
    v.copy = 1
)
SELECT
  visit_id,
  CAST(ROW_NUMBER() OVER (
    PARTITION BY visit_id
    ORDER BY us, number, type, path, title, event, category, action, value, product_id, order_id, revenue
  ) AS BIGINT) AS nth,
  type,
  path,
  title,
  event,
  category,
  action,
  value,
  product_id,
  order_id,
  revenue,
  (
    us - MIN(us) OVER (PARTITION BY visit_id)
  ) / 1e6 AS time
FROM hits_of_visits
