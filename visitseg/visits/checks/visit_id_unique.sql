-- Severity: error
-- Finds:    Visit ids that stand in more than one row.
-- Do:       A join in the source SQL probably repeats visits: docs/how-to/fix-grain.md.
SELECT v.visit_id
FROM visits AS v
INNER JOIN (
  SELECT visit_id FROM visits GROUP BY visit_id HAVING COUNT(*) > 1
) AS r ON r.visit_id = v.visit_id
