-- DuckDB text of ga4/visit_rows.sql, tuned by hand: the parameters are taken apart once, into a list of
-- keys and a list for each kind of value; what only some events have is looked up for these alone.
-- Columns are described there; a test proves them equal.
WITH listed AS (
  SELECT
    * EXCLUDE (event_params),
    try_strptime(event_date, '%Y%m%d')::DATE AS parsed_day,
    list_transform(event_params, lambda p: p.key) AS keys,
    list_transform(event_params, lambda p: p.value.string_value) AS texts,
    list_transform(event_params, lambda p: p.value.int_value) AS ints,
    --hits: list_transform(event_params, lambda p: coalesce(
    --hits:   p.value.double_value, p.value.float_value, p.value.int_value::DOUBLE)) AS numbers,
    -- A sum has no order; a copy must also agree in the columns beside it, so 64 bits are plenty.
    list_sum(list_transform(event_params, lambda p: hash(p.key, coalesce(p.value.string_value, ''),
      p.value.int_value, coalesce(p.value.double_value, p.value.float_value) + 0))) AS params
  FROM raw_export
), found AS (
  SELECT
    * EXCLUDE (keys, texts, ints),
    --hits: texts[list_position(keys, 'page_title')] AS title,
    --hits: texts[list_position(keys, 'event_category')] AS category,
    --hits: texts[list_position(keys, 'event_action')] AS action,
    --hits: numbers[list_position(keys, 'value')] AS amount,
    --hits: texts[list_position(keys, 'page_location')] AS place,
    --hits: texts[list_position(keys, 'firebase_screen')] AS any_screen,
    --hits: list_min(list_transform(items, lambda i: nullif(i.item_id, '(not set)'))) AS product_id,
    ints[list_position(keys, 'ga_session_id')] AS visit_int,
    texts[list_position(keys, 'ga_session_id')] AS visit_text,
    ints[list_position(keys, 'ga_session_number')] AS nth_int,
    texts[list_position(keys, 'ga_session_number')] AS nth_text,
    ints[list_position(keys, 'session_engaged')] AS engaged_int,
    texts[list_position(keys, 'session_engaged')] AS engaged_text,
    ints[list_position(keys, 'engagement_time_msec')] AS engagement_int,
    texts[list_position(keys, 'engagement_time_msec')] AS engagement_text,
    ints[list_position(keys, 'debug_mode')] AS debug_int,
    texts[list_position(keys, 'debug_mode')] AS debug_text,
    texts[list_position(keys, 'traffic_type')] AS traffic_type,
    CASE WHEN event_name IN ('page_view', 'screen_view')
      THEN texts[list_position(keys, 'page_location')] END AS url,
    CASE WHEN event_name = 'screen_view' THEN texts[list_position(keys, 'firebase_screen')] END
      AS screen,
    CASE WHEN event_name = 'purchase' THEN coalesce(texts[list_position(keys, 'transaction_id')],
      ints[list_position(keys, 'transaction_id')]::VARCHAR) END AS param_order_id,
    CASE WHEN event_name IN ('purchase', 'refund') AND coalesce($currency, '') <> 'USD'
      THEN texts[list_position(keys, 'currency')] END AS currency,
    texts[list_position(keys, 'source')] AS param_source,
    texts[list_position(keys, 'medium')] AS param_medium,
    texts[list_position(keys, 'campaign')] AS param_campaign,
    texts[list_position(keys, 'gclid')] AS param_click_id,
    CASE WHEN event_name = 'purchase' THEN
      CASE WHEN $currency = 'USD' THEN ecommerce.purchase_revenue_in_usd
        ELSE ecommerce.purchase_revenue END END AS revenue,
    CASE WHEN event_name = 'refund' THEN
      CASE WHEN $currency = 'USD' THEN ecommerce.refund_value_in_usd
        ELSE ecommerce.refund_value END END AS refund
  FROM listed
), picked AS (  -- '1' and '0' are most of the texts; no pattern is needed for them
  SELECT
    *,
    coalesce(
      visit_int,
      try_cast(CASE WHEN regexp_full_match(visit_text, '\s*[+-]?(\d+|0[xX][0-9a-fA-F]+)\s*')
        THEN visit_text END AS BIGINT),
      try_cast(regexp_extract(visit_text, '^s(\d+)', 1) AS BIGINT)
    ) AS visit_number,
    coalesce(nth_int, try_cast(
      CASE WHEN regexp_full_match(nth_text, '\s*[+-]?(\d+|0[xX][0-9a-fA-F]+)\s*')
        THEN nth_text END AS BIGINT)) AS nth_visit,
    CASE
      WHEN engaged_int IS NOT NULL THEN engaged_int
      WHEN engaged_text = '1' THEN 1
      WHEN engaged_text = '0' THEN 0
      WHEN regexp_full_match(engaged_text, '\s*[+-]?(\d+|0[xX][0-9a-fA-F]+)\s*')
        THEN try_cast(engaged_text AS BIGINT)
    END AS is_engaged,
    coalesce(engagement_int, try_cast(
      CASE WHEN regexp_full_match(engagement_text, '\s*[+-]?(\d+|0[xX][0-9a-fA-F]+)\s*')
        THEN engagement_text END AS BIGINT)) AS engagement,
    coalesce(debug_int, try_cast(
      CASE WHEN regexp_full_match(debug_text, '\s*[+-]?(\d+|0[xX][0-9a-fA-F]+)\s*')
        THEN debug_text END AS BIGINT)) AS debug_mode,
    split_part(split_part(url, '?', 1), '#', 1) AS address
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
    WHEN len($streams) > 0 AND NOT coalesce(list_contains($streams::VARCHAR[], stream_id), false)
      AND NOT coalesce(list_contains($streams::VARCHAR[], upper(platform)), false) THEN 'other_stream'
    WHEN traffic_type = 'internal' AND list_contains($leave_out::VARCHAR[], 'internal') THEN 'internal'
    WHEN debug_mode = 1 AND list_contains($leave_out::VARCHAR[], 'debug') THEN 'debug'
  END AS removed,
  1::BIGINT AS hits,
  event_timestamp AS hit_us,
  coalesce(batch_page_id, 0) AS batch_page_id,
  coalesce(batch_ordering_id, 0) AS batch_ordering_id,
  coalesce(batch_event_index, 0) AS batch_event_index,
  coalesce(event_name, '') AS event_name,
  CASE WHEN params IS NULL THEN 0 ELSE (hash(params) >> 1)::BIGINT END AS params,
  CASE
    WHEN event_name = 'page_view' THEN
      coalesce(nullif(regexp_replace(address, '^[A-Za-z][A-Za-z0-9+.-]*://[^/]*', ''), ''),
        CASE WHEN address IS NOT NULL THEN '/' END)
    WHEN event_name = 'screen_view' THEN coalesce(screen, address)
  END AS page,
  --hits: coalesce(
  --hits:   nullif(regexp_replace(
  --hits:     regexp_extract(place, '^[^?#]*'), '^[A-Za-z][A-Za-z0-9+.-]*://[^/]*', ''), ''),
  --hits:   CASE WHEN place IS NOT NULL THEN '/' END,
  --hits:   any_screen) AS hit_path,
  --hits: title, category, action, amount, product_id,
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
  currency,
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
