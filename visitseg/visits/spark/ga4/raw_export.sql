-- Grain:  one row per row of the export's day files. Write the path of your own files.
SELECT *, _metadata.file_name RLIKE '(intraday|fresh)_' AS is_intraday
FROM parquet.`events_*.parquet`
