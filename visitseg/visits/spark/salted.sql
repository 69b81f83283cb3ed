-- Grain:  one row per visit: the visit table, its ids replaced by the SHA-256 of salt|visit_id.
-- Input:  visits_by_id.
-- Values: @salt.
-- Spark:  generated from salted.sql by scripts/write_spark_sql.py.
SELECT
  SHA2(CONCAT(:salt, '|', visit_id), 256) AS visit_id,
  *
  EXCEPT (visit_id)
FROM visits_by_id
ORDER BY
  visit_id
