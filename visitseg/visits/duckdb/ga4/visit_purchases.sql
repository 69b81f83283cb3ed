-- DuckDB text of ga4/visit_purchases.sql: visit_sums lists the purchases. Columns are described there;
-- a test proves them equal.
SELECT
  visit_id,
  p.order_id,
  p.revenue_micros,
  p.hit_us,
  p.page_id AS batch_page_id,
  p.ordering_id AS batch_ordering_id,
  p.event_index AS batch_event_index
FROM (SELECT visit_id, unnest(purchases) AS p FROM visit_sums WHERE removed IS NULL)
