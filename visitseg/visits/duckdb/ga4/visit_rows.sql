-- DuckDB text of ga4/visit_rows.sql, tuned by hand: the parameters' keys are listed once, and each
-- value is found by its place. Columns are described there; a test proves them equal.
WITH keyed AS (
  SELECT *, list_transform(event_params, lambda p: p.key) AS keys FROM raw_export
), found AS (
  SELECT
    * EXCLUDE (event_params),
    event_params[list_position(keys, 'ga_session_id')].value AS p_visit,
    event_params[list_position(keys, 'ga_session_number')].value AS p_nth,
    event_params[list_position(keys, 'session_engaged')].value AS p_engaged,
    event_params[list_position(keys, 'engagement_time_msec')].value AS p_engagement,
    event_params[list_position(keys, 'debug_mode')].value AS p_debug,
    event_params[list_position(keys, 'transaction_id')].value AS p_order,
    event_params[list_position(keys, 'traffic_type')].value.string_value AS traffic_type,
    event_params[list_position(keys, 'page_location')].value.string_value AS page_location,
    event_params[list_position(keys, 'firebase_screen')].value.string_value AS screen,
    event_params[list_position(keys, 'currency')].value.string_value AS param_currency,
    event_params[list_position(keys, 'source')].value.string_value AS param_source,
    event_params[list_position(keys, 'medium')].value.string_value AS param_medium,
    event_params[list_position(keys, 'campaign')].value.string_value AS param_campaign,
    event_params[list_position(keys, 'gclid')].value.string_value AS param_click_id,
    -- A sum has no order; a copy must also agree in the columns beside it, so 64 bits are plenty.
    list_sum(list_transform(event_params, lambda p: hash(p.key, coalesce(p.value.string_value, ''),
      p.value.int_value, coalesce(p.value.double_value, p.value.float_value) + 0))) AS params,
    CASE WHEN event_name = 'purchase' THEN
      CASE WHEN $currency = 'USD' THEN ecommerce.purchase_revenue_in_usd
        ELSE ecommerce.purchase_revenue END END AS revenue,
    CASE WHEN event_name = 'refund' THEN
      CASE WHEN $currency = 'USD' THEN ecommerce.refund_value_in_usd
        ELSE ecommerce.refund_value END END AS refund
  FROM keyed
), picked AS (
  SELECT
    *,
    try_strptime(event_date, '%Y%m%d')::DATE AS parsed_day,
    coalesce(
      p_visit.int_value,
      try_cast(CASE WHEN regexp_full_match(p_visit.string_value, '\s*[+-]?(\d+|0[xX][0-9a-fA-F]+)\s*')
      THEN p_visit.string_value END AS BIGINT),
      try_cast(regexp_extract(p_visit.string_value, '^s(\d+)', 1) AS BIGINT)
    ) AS visit_number,
    coalesce(p_nth.int_value, try_cast(CASE WHEN regexp_full_match(p_nth.string_value, '\s*[+-]?(\d+|0[xX][0-9a-fA-F]+)\s*')
      THEN p_nth.string_value END AS BIGINT)) AS nth_visit,
    coalesce(p_engaged.int_value, try_cast(CASE WHEN regexp_full_match(p_engaged.string_value, '\s*[+-]?(\d+|0[xX][0-9a-fA-F]+)\s*')
      THEN p_engaged.string_value END AS BIGINT)) AS is_engaged,
    coalesce(p_engagement.int_value, try_cast(CASE WHEN regexp_full_match(p_engagement.string_value, '\s*[+-]?(\d+|0[xX][0-9a-fA-F]+)\s*')
      THEN p_engagement.string_value END AS BIGINT)) AS engagement,
    coalesce(p_debug.int_value, try_cast(CASE WHEN regexp_full_match(p_debug.string_value, '\s*[+-]?(\d+|0[xX][0-9a-fA-F]+)\s*')
      THEN p_debug.string_value END AS BIGINT)) AS debug_mode,
    coalesce(p_order.string_value, p_order.int_value::VARCHAR) AS param_order_id
  FROM found
)
SELECT
  CASE WHEN stream_id IS NULL
    THEN nullif(user_pseudo_id, '') || '|' || visit_number
    ELSE nullif(user_pseudo_id, '') || '|' || stream_id || '|' || visit_number
  END AS visit_id,
  parsed_day AS day,
  CASE
    WHEN is_intraday THEN 'intraday'
    WHEN parsed_day < $read_from OR parsed_day >= $read_to THEN 'out_of_range'
    WHEN (nullif(user_pseudo_id, '') IS NULL OR visit_number IS NULL)
      AND lower(privacy_info.analytics_storage) IN ('no', '0') THEN 'no_consent'
    WHEN nullif(user_pseudo_id, '') IS NULL OR visit_number IS NULL THEN 'null_id'
  END AS removed,
  1::BIGINT AS hits,
  event_timestamp AS hit_us,
  coalesce(batch_page_id, 0) AS batch_page_id,
  coalesce(batch_ordering_id, 0) AS batch_ordering_id,
  coalesce(batch_event_index, 0) AS batch_event_index,
  coalesce(event_name, '') AS event_name,
  coalesce(params % 9223372036854775807, 0)::BIGINT AS params,
  CASE
    WHEN event_name = 'page_view' THEN
      coalesce(nullif(regexp_replace(
        regexp_extract(page_location, '^[^?#]*'), '^[A-Za-z][A-Za-z0-9+.-]*://[^/]*', ''), ''),
        CASE WHEN page_location IS NOT NULL THEN '/' END)
    WHEN event_name = 'screen_view' THEN coalesce(screen, regexp_extract(page_location, '^[^?#]*'))
  END AS page,
  CASE WHEN event_name = 'purchase'
    THEN coalesce(
      nullif(nullif(param_order_id, '(not set)'), ''),
      nullif(nullif(ecommerce.transaction_id, '(not set)'), ''))
  END AS order_id,
  coalesce(try_cast(round(revenue * 1e6) AS BIGINT), 0) AS revenue_micros,
  coalesce(try_cast(round(refund * 1e6) AS BIGINT), 0) AS refund_micros,
  CASE WHEN (revenue IS NOT NULL AND try_cast(round(revenue * 1e6) AS BIGINT) IS NULL)
    OR (refund IS NOT NULL AND try_cast(round(refund * 1e6) AS BIGINT) IS NULL)
    THEN 1 ELSE 0 END::BIGINT AS is_odd_money,
  CASE WHEN event_name IN ('purchase', 'refund') AND coalesce($currency, '') <> 'USD'
    THEN param_currency END AS currency,
  CASE WHEN is_engaged IS NULL THEN NULL WHEN is_engaged = 1 THEN 1 ELSE 0 END::BIGINT AS engaged,
  coalesce(engagement, 0) AS engagement_ms,
  CASE WHEN nth_visit = 1 OR (nth_visit IS NULL AND event_name = 'first_visit') THEN 1 ELSE 0 END::BIGINT
    AS is_new,
  CASE WHEN coalesce(debug_mode, 0) = 1 THEN 1 ELSE 0 END::BIGINT AS is_debug,
  CASE WHEN coalesce(traffic_type, '') = 'internal' THEN 1 ELSE 0 END::BIGINT AS is_internal,
  upper(platform) AS platform,
  device.category AS device,
  geo.country AS country,
  session_traffic_source_last_click.cross_channel_campaign.default_channel_group AS channel_group,
  coalesce(collected_traffic_source.manual_source, param_source) AS source,
  coalesce(collected_traffic_source.manual_medium, param_medium) AS medium,
  coalesce(collected_traffic_source.manual_campaign_name, param_campaign) AS campaign,
  coalesce(collected_traffic_source.gclid, param_click_id) AS click_id
FROM picked
