-- Grain:  one row per row of the log. Write the path of your own files.
SELECT * FROM parquet.`your_events*.parquet`
