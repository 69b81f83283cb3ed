-- DuckDB text of ga4/losses.sql, tuned by hand: only the events that may be copies are compared.
-- Columns are described there; a test proves them equal.
WITH repeated AS (  -- narrow keys first; a collision only sends an event the long way
  SELECT hash(visit_id, hit_us, event_name) AS h
  FROM visit_rows
  WHERE removed IS NULL
  GROUP BY h
  HAVING count(*) > 1
)
SELECT day, removed AS reason, count(*) AS n_rows, sum(hits)::BIGINT AS hits
FROM visit_rows
WHERE removed IS NOT NULL
GROUP BY day, removed
UNION ALL
SELECT day, 'duplicate' AS reason, sum(copies - 1)::BIGINT AS n_rows, sum(copies - 1)::BIGINT AS hits
FROM (
  SELECT day, count(*) AS copies
  FROM visit_rows
  WHERE removed IS NULL AND hash(visit_id, hit_us, event_name) IN (FROM repeated)
  GROUP BY visit_id, day, hit_us, batch_page_id, batch_ordering_id, batch_event_index, event_name,
    params, revenue_micros, refund_micros, order_id
  HAVING count(*) > 1
)
GROUP BY day
