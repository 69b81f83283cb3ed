-- DuckDB text of salted.
SELECT
  sha256($salt || '|' || visit_id) AS visit_id,
  * EXCLUDE (visit_id)
FROM visits_by_id
ORDER BY visit_id
