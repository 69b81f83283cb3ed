-- Grain:  one row per row of the log. Write the path of your own files.
SELECT * FROM read_parquet('your_events*.parquet', union_by_name = true)
