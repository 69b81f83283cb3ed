-- Grain:  one row per event of the export, kept or removed (`removed` says why).
-- Input:  raw_export, the day tables events_YYYYMMDD.
-- Values: @read_from, @read_to: the days that are read (one more than asked on each side); or NULL.
--         @currency: USD takes the export's values in US dollars; otherwise the property's currency.
--         @streams: ids of streams and platforms (WEB, ANDROID, IOS) to read; empty: all of them.
--         @leave_out: internal, debug: whether such events are left out.
WITH picked AS (  -- the parameters that are used, by name
  SELECT
    e.*,
    CASE WHEN e.event_name = 'purchase' THEN
      CASE WHEN @currency = 'USD' THEN e.ecommerce.purchase_revenue_in_usd
        ELSE e.ecommerce.purchase_revenue END END AS revenue,
    CASE WHEN e.event_name = 'refund' THEN
      CASE WHEN @currency = 'USD' THEN e.ecommerce.refund_value_in_usd
        ELSE e.ecommerce.refund_value END END AS refund,
    (SELECT MAX(COALESCE(
       p.value.int_value,
       SAFE_CAST(p.value.string_value AS INT64),
       SAFE_CAST(REGEXP_EXTRACT(p.value.string_value, r'^s(\d+)') AS INT64)))
     FROM UNNEST(e.event_params) AS p WHERE p.key = 'ga_session_id') AS visit_number,
    (SELECT MAX(COALESCE(p.value.int_value, SAFE_CAST(p.value.string_value AS INT64)))
     FROM UNNEST(e.event_params) AS p WHERE p.key = 'ga_session_number') AS nth_visit,
    (SELECT MAX(COALESCE(p.value.int_value, SAFE_CAST(p.value.string_value AS INT64)))
     FROM UNNEST(e.event_params) AS p WHERE p.key = 'session_engaged') AS engaged,
    (SELECT MAX(COALESCE(p.value.int_value, SAFE_CAST(p.value.string_value AS INT64)))
     FROM UNNEST(e.event_params) AS p WHERE p.key = 'engagement_time_msec') AS engagement_ms,
    (SELECT MAX(COALESCE(p.value.int_value, SAFE_CAST(p.value.string_value AS INT64)))
     FROM UNNEST(e.event_params) AS p WHERE p.key = 'debug_mode') AS debug_mode,
    (SELECT MAX(p.value.string_value)
     FROM UNNEST(e.event_params) AS p WHERE p.key = 'traffic_type') AS traffic_type,
    (SELECT MAX(p.value.string_value)
     FROM UNNEST(e.event_params) AS p WHERE p.key = 'page_location') AS page_location,
    (SELECT MAX(p.value.string_value)
     FROM UNNEST(e.event_params) AS p WHERE p.key = 'firebase_screen') AS screen,
    (SELECT MAX(COALESCE(p.value.string_value, CAST(p.value.int_value AS STRING)))
     FROM UNNEST(e.event_params) AS p WHERE p.key = 'transaction_id') AS param_order_id,
    (SELECT MAX(p.value.string_value)
     FROM UNNEST(e.event_params) AS p WHERE p.key = 'currency') AS param_currency,
    (SELECT MAX(p.value.string_value)
     FROM UNNEST(e.event_params) AS p WHERE p.key = 'source') AS param_source,
    (SELECT MAX(p.value.string_value)
     FROM UNNEST(e.event_params) AS p WHERE p.key = 'medium') AS param_medium,
    (SELECT MAX(p.value.string_value)
     FROM UNNEST(e.event_params) AS p WHERE p.key = 'campaign') AS param_campaign,
    (SELECT MAX(p.value.string_value)
     FROM UNNEST(e.event_params) AS p WHERE p.key = 'gclid') AS param_click_id,
    --hits: (SELECT MAX(p.value.string_value)
    --hits:  FROM UNNEST(e.event_params) AS p WHERE p.key = 'page_title') AS title,
    --hits: (SELECT MAX(p.value.string_value)
    --hits:  FROM UNNEST(e.event_params) AS p WHERE p.key = 'event_category') AS category,
    --hits: (SELECT MAX(p.value.string_value)
    --hits:  FROM UNNEST(e.event_params) AS p WHERE p.key = 'event_action') AS action,
    --hits: (SELECT MAX(COALESCE(
    --hits:    p.value.double_value, p.value.float_value, CAST(p.value.int_value AS FLOAT64)))
    --hits:  FROM UNNEST(e.event_params) AS p WHERE p.key = 'value') AS amount,
    --hits: (SELECT MIN(NULLIF(i.item_id, '(not set)')) FROM UNNEST(e.items) AS i) AS product_id,
    (SELECT STRING_AGG(param, '\n' ORDER BY param)
     FROM (
       SELECT CONCAT(
         p.key, '=', COALESCE(p.value.string_value, ''), '|',
         COALESCE(CAST(p.value.int_value AS STRING), ''), '|',
         COALESCE(CAST(COALESCE(p.value.double_value, p.value.float_value) AS STRING), '')
       ) AS param
       FROM UNNEST(e.event_params) AS p
     )) AS params
  FROM raw_export AS e
)
SELECT
  CASE WHEN e.stream_id IS NULL
    THEN CONCAT(NULLIF(e.user_pseudo_id, ''), '|', CAST(e.visit_number AS STRING))
    ELSE CONCAT(NULLIF(e.user_pseudo_id, ''), '|', CAST(e.stream_id AS STRING), '|',
      CAST(e.visit_number AS STRING))
  END AS visit_id,                                    -- NULL: cannot be attributed to a visit
  SAFE.PARSE_DATE('%Y%m%d', e.event_date) AS day,     -- the export's day, in the property's zone
  CASE
    WHEN e.is_intraday THEN 'intraday'
    WHEN SAFE.PARSE_DATE('%Y%m%d', e.event_date) < @read_from
      OR SAFE.PARSE_DATE('%Y%m%d', e.event_date) >= @read_to THEN 'out_of_range'
    WHEN (NULLIF(e.user_pseudo_id, '') IS NULL OR e.visit_number IS NULL)
      AND LOWER(CAST(e.privacy_info.analytics_storage AS STRING)) IN ('no', '0') THEN 'no_consent'
    WHEN NULLIF(e.user_pseudo_id, '') IS NULL OR e.visit_number IS NULL THEN 'null_id'
    WHEN ARRAY_LENGTH(@streams) > 0
      AND NOT COALESCE(CAST(e.stream_id AS STRING) IN UNNEST(@streams), FALSE)
      AND NOT COALESCE(UPPER(e.platform) IN UNNEST(@streams), FALSE) THEN 'other_stream'
    WHEN e.traffic_type = 'internal' AND 'internal' IN UNNEST(@leave_out) THEN 'internal'
    WHEN e.debug_mode = 1 AND 'debug' IN UNNEST(@leave_out) THEN 'debug'
  END AS removed,                                     -- why the event cannot be used; NULL: it can
  1 AS hits,                                          -- an event is a hit
  e.event_timestamp AS hit_us,                        -- microseconds since 1970-01-01 UTC
  COALESCE(e.batch_page_id, 0) AS batch_page_id,      -- order of events of one microsecond …
  COALESCE(e.batch_ordering_id, 0) AS batch_ordering_id,
  COALESCE(e.batch_event_index, 0) AS batch_event_index,
  COALESCE(e.event_name, '') AS event_name,
  COALESCE(e.params, '') AS params,                   -- all parameters as one value, for copies
  CASE
    WHEN e.event_name = 'page_view' THEN
      COALESCE(NULLIF(REGEXP_REPLACE(
        REGEXP_EXTRACT(e.page_location, r'^[^?#]*'), r'^[A-Za-z][A-Za-z0-9+.-]*://[^/]*', ''), ''),
        CASE WHEN e.page_location IS NOT NULL THEN '/' END)
    WHEN e.event_name = 'screen_view' THEN COALESCE(e.screen, REGEXP_EXTRACT(e.page_location, r'^[^?#]*'))
  END AS page,                                        -- path without host and query, or screen
  --hits: COALESCE(
  --hits:   NULLIF(REGEXP_REPLACE(
  --hits:     REGEXP_EXTRACT(e.page_location, r'^[^?#]*'), r'^[A-Za-z][A-Za-z0-9+.-]*://[^/]*', ''), ''),
  --hits:   CASE WHEN e.page_location IS NOT NULL THEN '/' END,
  --hits:   e.screen) AS hit_path,                   -- where the event happened, whatever it is
  --hits: e.title, e.category, e.action, e.amount, e.product_id,
  CASE WHEN e.event_name = 'purchase'
    THEN COALESCE(
      NULLIF(NULLIF(e.param_order_id, '(not set)'), ''),
      NULLIF(NULLIF(e.ecommerce.transaction_id, '(not set)'), ''))
  END AS order_id,                                    -- purchases only
  COALESCE(SAFE_CAST(ROUND(e.revenue * 1e6) AS INT64), 0)
    AS revenue_micros,                                -- currency units x 1,000,000
  COALESCE(SAFE_CAST(ROUND(e.refund * 1e6) AS INT64), 0)
    AS refund_micros,                                 -- currency units x 1,000,000
  CASE WHEN (e.revenue IS NOT NULL AND SAFE_CAST(ROUND(e.revenue * 1e6) AS INT64) IS NULL)
    OR (e.refund IS NOT NULL AND SAFE_CAST(ROUND(e.refund * 1e6) AS INT64) IS NULL)
    THEN 1 ELSE 0 END AS is_odd_money,                -- 1: infinite or not a number; counted as 0
  CASE WHEN e.event_name IN ('purchase', 'refund') AND COALESCE(@currency, '') <> 'USD'
    THEN e.param_currency END AS currency,            -- of money that is counted
  CASE WHEN e.engaged IS NULL THEN NULL WHEN e.engaged = 1 THEN 1 ELSE 0 END AS engaged,
  COALESCE(e.engagement_ms, 0) AS engagement_ms,
  CASE WHEN e.nth_visit = 1 OR (e.nth_visit IS NULL AND e.event_name = 'first_visit') THEN 1 ELSE 0 END
    AS is_new,
  CASE WHEN COALESCE(e.debug_mode, 0) = 1 THEN 1 ELSE 0 END AS is_debug,
  CASE WHEN COALESCE(e.traffic_type, '') = 'internal' THEN 1 ELSE 0 END AS is_internal,
  UPPER(e.platform) AS platform,                      -- WEB, ANDROID, IOS
  e.device.category AS device,
  e.geo.country AS country,
  e.session_traffic_source_last_click.cross_channel_campaign.default_channel_group AS channel_group,
  COALESCE(e.collected_traffic_source.manual_source, e.param_source) AS source,
  COALESCE(e.collected_traffic_source.manual_medium, e.param_medium) AS medium,
  COALESCE(e.collected_traffic_source.manual_campaign_name, e.param_campaign) AS campaign,
  COALESCE(e.collected_traffic_source.gclid, e.param_click_id) AS click_id
FROM picked AS e
