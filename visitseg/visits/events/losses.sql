-- Grain:  one row per local day and reason, of events that were read and not used.
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
  GROUP BY visitor, visit, day, event_us, event, page, order_id, product_id, revenue_micros,
    row_hash
  HAVING COUNT(*) > 1
) AS c
GROUP BY c.day
