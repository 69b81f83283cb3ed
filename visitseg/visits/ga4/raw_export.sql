-- Grain:  one row per row of the export's day tables; intraday tables do not match.
-- Values: @read_from, @read_to: the days that are read, as for visit_rows; or NULL.
SELECT *, FALSE AS is_intraday
FROM `bigquery-public-data.ga4_obfuscated_sample_ecommerce.events_*`
WHERE REGEXP_CONTAINS(_TABLE_SUFFIX, r'^\d{8}$')
  AND _TABLE_SUFFIX >= COALESCE(FORMAT_DATE('%Y%m%d', @read_from), '00000000')
  AND _TABLE_SUFFIX < COALESCE(FORMAT_DATE('%Y%m%d', @read_to), '99999999')
