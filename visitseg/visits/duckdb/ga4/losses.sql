-- DuckDB text of ga4/losses.sql: visit_sums holds the events that are not used. Columns are described
-- there; a test proves them equal.
SELECT day, removed AS reason, n_rows, hits FROM visit_sums WHERE removed IS NOT NULL
