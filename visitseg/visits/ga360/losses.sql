-- Grain:  one row per export day and reason, of rows that were read and not used.
-- Input:  visit_rows.
SELECT day, removed AS reason, COUNT(*) AS n_rows, SUM(hits) AS hits
FROM visit_rows
WHERE removed IS NOT NULL
GROUP BY day, removed
UNION ALL
SELECT v.day, 'non_interaction' AS reason, COUNT(*) AS n_rows, SUM(v.hits) AS hits
FROM visit_rows AS v
LEFT JOIN (
  SELECT DISTINCT visit_id FROM visit_rows WHERE removed IS NULL AND has_interaction
) AS i ON i.visit_id = v.visit_id
WHERE v.removed IS NULL AND NOT v.has_interaction AND i.visit_id IS NULL
GROUP BY v.day
UNION ALL
SELECT c.day, 'duplicate' AS reason, SUM(c.copies - 1) AS n_rows, SUM(c.hits - c.kept) AS hits
FROM (
  SELECT v.day, COUNT(*) AS copies, SUM(v.hits) AS hits, MAX(v.hits) AS kept
  FROM visit_rows AS v
  INNER JOIN (
    SELECT DISTINCT visit_id FROM visit_rows WHERE removed IS NULL AND has_interaction
  ) AS i ON i.visit_id = v.visit_id
  WHERE v.removed IS NULL
  GROUP BY v.visit_id, v.day, v.first_hit_number
  HAVING COUNT(*) > 1
) AS c
GROUP BY c.day
