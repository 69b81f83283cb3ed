-- Grain:  one row per export day and reason, of events that were read and not used.
-- Input:  visit_rows.
SELECT day, removed AS reason, COUNT(*) AS n_rows, SUM(hits) AS hits
FROM visit_rows
WHERE removed IS NOT NULL
GROUP BY day, removed
UNION ALL
SELECT c.day, 'duplicate' AS reason, SUM(c.copies - 1) AS n_rows, SUM(c.copies - 1) AS hits
FROM (
  SELECT day, COUNT(*) AS copies
  FROM visit_rows
  WHERE removed IS NULL
  GROUP BY visit_id, day, hit_us, batch_page_id, batch_ordering_id, batch_event_index, event_name,
    params, revenue_micros, refund_micros, order_id
  HAVING COUNT(*) > 1
) AS c
GROUP BY c.day
