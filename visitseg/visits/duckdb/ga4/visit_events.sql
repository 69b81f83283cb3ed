-- Grain:  one row per event, as in visit_rows; of exact copies all but one are removed, as 'duplicate'.
--         DuckDB's alone. Only the events that may be copies are compared.
-- Input:  visit_rows.
WITH repeated AS (  -- narrow keys first; a collision only sends an event the long way
  SELECT hash(visit_id, hit_us, event_name) AS h
  FROM visit_rows
  WHERE removed IS NULL
  GROUP BY h
  HAVING count(*) > 1
)
SELECT * FROM visit_rows
WHERE removed IS NOT NULL OR hash(visit_id, hit_us, event_name) NOT IN (FROM repeated)
UNION ALL
SELECT * EXCLUDE (copy) REPLACE (CASE WHEN copy > 1 THEN 'duplicate' END AS removed)
FROM (
  SELECT
    *,
    row_number() OVER (
      PARTITION BY visit_id, day, hit_us, batch_page_id, batch_ordering_id, batch_event_index,
        event_name, params, revenue_micros, refund_micros, order_id
      ORDER BY device NULLS FIRST, country NULLS FIRST, channel_group NULLS FIRST,
        source NULLS FIRST, medium NULLS FIRST, campaign NULLS FIRST, click_id NULLS FIRST,
        currency NULLS FIRST, platform NULLS FIRST
    ) AS copy
  FROM visit_rows
  WHERE removed IS NULL AND hash(visit_id, hit_us, event_name) IN (FROM repeated)
)
