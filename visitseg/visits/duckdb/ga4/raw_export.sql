-- Grain:  one row per row of the export's day files.
SELECT *, filename LIKE '%intraday_%' AS is_intraday
FROM read_parquet('events_*.parquet', union_by_name = true, filename = true)
