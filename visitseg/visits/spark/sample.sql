-- Grain:  one row per sampled visit; the same visits on every engine and every run.
-- Input:  visits.
-- Values: @size: how many.
-- Spark:  generated from sample.sql by scripts/write_spark_sql.py.
SELECT
  place
FROM (
  SELECT
    CAST(ROW_NUMBER() OVER (ORDER BY LENGTH(visit_id), visit_id) AS BIGINT) - 1 AS place,
    MD5(visit_id) AS mixed
  FROM visits
) AS numbered
ORDER BY
  mixed,
  place
LIMIT :size
