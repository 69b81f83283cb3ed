-- Grain:  one row per event that is used, by the names that a contract file knows; copies count once.
-- Input:  visit_rows, with the columns of a hit.
-- Spark:  generated from ga4/hits.sql by scripts/write_spark_sql.py.
WITH events AS (
  SELECT
    visit_id,
    hit_us,
    batch_page_id,
    batch_ordering_id,
    batch_event_index,
    event_name AS event,
    order_id,
    CASE WHEN event_name = 'purchase' THEN revenue_micros / 1e6 END AS revenue,
    COALESCE(MIN(page), MIN(hit_path)) AS path,
    MIN(title) AS title,
    MIN(category) AS category,
    MIN(action) AS action,
    MIN(CASE WHEN ABS(amount) < 1e300 THEN amount END) AS value,
    MIN(product_id) AS product_id
  FROM visit_rows
  WHERE
    removed IS NULL
  GROUP BY
    visit_id,
    day,
    hit_us,
    batch_page_id,
    batch_ordering_id,
    batch_event_index,
    event_name,
    params,
    revenue_micros,
    refund_micros,
    order_id
)
SELECT
  visit_id,
  CAST(ROW_NUMBER() OVER (
    PARTITION BY visit_id
    ORDER BY hit_us, batch_page_id, batch_ordering_id, batch_event_index, event, path, title, category, action, value, product_id, order_id, revenue
  ) AS BIGINT) AS nth,
  CASE event WHEN 'page_view' THEN 'PAGE' WHEN 'screen_view' THEN 'APPVIEW' ELSE 'EVENT' END AS type,
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
    hit_us - MIN(hit_us) OVER (PARTITION BY visit_id)
  ) / 1e6 AS time
FROM events
