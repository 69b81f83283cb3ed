-- Grain:  one row per event that is used, by the names that a contract file knows; copies count once.
-- Input:  visit_events.
-- Spark:  generated from events/hits.sql by scripts/write_spark_sql.py.
WITH events AS (
  SELECT
    *,
    CASE WHEN ABS(value) < 1e300 THEN value END AS finite_value,
    CASE WHEN NOT revenue IS NULL THEN revenue_micros / 1e6 END AS money
  FROM visit_events
)
SELECT
  visit_id,
  CAST(ROW_NUMBER() OVER (
    PARTITION BY visit_id
    ORDER BY event_us, event, path, title, category, action, finite_value, product_id, order_id, money
  ) AS BIGINT) AS nth,
  CASE WHEN is_page_view THEN 'PAGE' ELSE 'EVENT' END AS type,
  path,
  title,
  event,
  category,
  action,
  finite_value AS value,
  product_id,
  order_id,
  money AS revenue,
  (
    event_us - MIN(event_us) OVER (PARTITION BY visit_id)
  ) / 1e6 AS time
FROM events
