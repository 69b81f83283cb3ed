-- Grain:  one row per row of the export's day tables; intraday tables do not match.
-- Values: @read_from, @read_to: the days that are read, as for visit_rows; or NULL.
-- Table:  Google's public sample. For a property of your own write its dataset, and the names of
--         the five columns for their NULLs: the sample is older than they are.
SELECT
  event_date,
  event_timestamp,
  event_name,
  event_params,
  user_pseudo_id,
  stream_id,
  platform,
  privacy_info,
  device,
  geo,
  ecommerce,
  items,
  CAST(NULL AS INT64) AS batch_page_id,
  CAST(NULL AS INT64) AS batch_ordering_id,
  CAST(NULL AS INT64) AS batch_event_index,
  CAST(NULL AS STRUCT<
    manual_source STRING, manual_medium STRING, manual_campaign_name STRING, gclid STRING
  >) AS collected_traffic_source,
  CAST(NULL AS STRUCT<
    cross_channel_campaign STRUCT<default_channel_group STRING>
  >) AS session_traffic_source_last_click,
  FALSE AS is_intraday
FROM `bigquery-public-data.ga4_obfuscated_sample_ecommerce.events_*`
WHERE REGEXP_CONTAINS(_TABLE_SUFFIX, r'^\d{8}$')
  AND _TABLE_SUFFIX >= COALESCE(FORMAT_DATE('%Y%m%d', @read_from), '00000000')
  AND _TABLE_SUFFIX < COALESCE(FORMAT_DATE('%Y%m%d', @read_to), '99999999')
