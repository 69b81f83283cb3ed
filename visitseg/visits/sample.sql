-- Grain:  one row per sampled visit; the same visits on every engine and every run.
-- Input:  visits.
-- Values: @size: how many.
SELECT place
FROM (
  SELECT
    ROW_NUMBER() OVER (ORDER BY LENGTH(visit_id), visit_id) - 1 AS place,  -- row of visits.parquet
    TO_HEX(MD5(visit_id)) AS mixed                                         -- a hash, never RANDOM()
  FROM visits
) AS numbered
ORDER BY mixed, place
LIMIT @size
