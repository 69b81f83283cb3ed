-- Grain:  one row per event that is used, by the names that a contract file knows; copies count once.
-- Input:  visit_events.
WITH events AS (
  SELECT
    *,
    CASE WHEN ABS(value) < 1e300 THEN value END AS finite_value,  -- no NaN, nothing infinite
    CASE WHEN revenue IS NOT NULL THEN revenue_micros / 1e6 END AS money
  FROM visit_events
)
SELECT
  visit_id,
  ROW_NUMBER() OVER (
    PARTITION BY visit_id
    ORDER BY event_us, event, path NULLS FIRST, title NULLS FIRST, category NULLS FIRST,
      action NULLS FIRST, finite_value NULLS FIRST, product_id NULLS FIRST, order_id NULLS FIRST,
      money NULLS FIRST
  ) AS nth,                                           -- place in the visit
  CASE WHEN is_page_view THEN 'PAGE' ELSE 'EVENT' END AS type,
  path,                                               -- without host and query
  title,                                              -- from here to value as [columns] maps them
  event,
  category,
  action,
  finite_value AS value,
  product_id,
  order_id,
  money AS revenue,                                   -- currency units
  (event_us - MIN(event_us) OVER (PARTITION BY visit_id)) / 1e6 AS time  -- seconds since the first
FROM events
