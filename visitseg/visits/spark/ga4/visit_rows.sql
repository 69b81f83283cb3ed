-- Grain:  one row per event of the export, kept or removed (`removed` says why).
-- Input:  raw_export, the day tables events_YYYYMMDD.
-- Values: @read_from, @read_to: the days that are read (one more than asked on each side); or NULL.
--         @currency: USD takes the export's values in US dollars; otherwise the property's currency.
--         @streams: ids of streams and platforms (WEB, ANDROID, IOS) to read; empty: all of them.
--         @leave_out: internal, debug: whether such events are left out.
-- Spark:  generated from ga4/visit_rows.sql by scripts/write_spark_sql.py.
WITH picked AS (
  SELECT
    e.*,
    CASE
      WHEN e.event_name = 'purchase'
      THEN CASE
        WHEN :currency = 'USD'
        THEN e.ecommerce.purchase_revenue_in_usd
        ELSE e.ecommerce.purchase_revenue
      END
    END AS revenue,
    CASE
      WHEN e.event_name = 'refund'
      THEN CASE
        WHEN :currency = 'USD'
        THEN e.ecommerce.refund_value_in_usd
        ELSE e.ecommerce.refund_value
      END
    END AS refund,
    ARRAY_MAX(
      TRANSFORM(
        FILTER(e.event_params, p -> p.key = 'ga_session_id'),
        p -> COALESCE(
          p.value.int_value,
          COALESCE(
            TRY_CAST(p.value.string_value AS BIGINT),
            TRY_CAST(CONCAT(
              REGEXP_EXTRACT(p.value.string_value, r'^\s*([+-]?)0[xX]', 1),
              CONV(REGEXP_EXTRACT(p.value.string_value, r'^\s*[+-]?0[xX]([0-9a-fA-F]{1,15})\s*\z', 1), 16, 10)
            ) AS BIGINT)
          ),
          TRY_CAST(CASE
            WHEN p.value.string_value RLIKE r'^s(\d+)'
            THEN REGEXP_EXTRACT(p.value.string_value, r'^s(\d+)', 1)
          END AS BIGINT)
        )
      )
    ) AS visit_number,
    ARRAY_MAX(
      TRANSFORM(
        FILTER(e.event_params, p -> p.key = 'ga_session_number'),
        p -> COALESCE(
          p.value.int_value,
          COALESCE(
            TRY_CAST(p.value.string_value AS BIGINT),
            TRY_CAST(CONCAT(
              REGEXP_EXTRACT(p.value.string_value, r'^\s*([+-]?)0[xX]', 1),
              CONV(REGEXP_EXTRACT(p.value.string_value, r'^\s*[+-]?0[xX]([0-9a-fA-F]{1,15})\s*\z', 1), 16, 10)
            ) AS BIGINT)
          )
        )
      )
    ) AS nth_visit,
    ARRAY_MAX(
      TRANSFORM(
        FILTER(e.event_params, p -> p.key = 'session_engaged'),
        p -> COALESCE(
          p.value.int_value,
          COALESCE(
            TRY_CAST(p.value.string_value AS BIGINT),
            TRY_CAST(CONCAT(
              REGEXP_EXTRACT(p.value.string_value, r'^\s*([+-]?)0[xX]', 1),
              CONV(REGEXP_EXTRACT(p.value.string_value, r'^\s*[+-]?0[xX]([0-9a-fA-F]{1,15})\s*\z', 1), 16, 10)
            ) AS BIGINT)
          )
        )
      )
    ) AS engaged,
    ARRAY_MAX(
      TRANSFORM(
        FILTER(e.event_params, p -> p.key = 'engagement_time_msec'),
        p -> COALESCE(
          p.value.int_value,
          COALESCE(
            TRY_CAST(p.value.string_value AS BIGINT),
            TRY_CAST(CONCAT(
              REGEXP_EXTRACT(p.value.string_value, r'^\s*([+-]?)0[xX]', 1),
              CONV(REGEXP_EXTRACT(p.value.string_value, r'^\s*[+-]?0[xX]([0-9a-fA-F]{1,15})\s*\z', 1), 16, 10)
            ) AS BIGINT)
          )
        )
      )
    ) AS engagement_ms,
    ARRAY_MAX(
      TRANSFORM(
        FILTER(e.event_params, p -> p.key = 'debug_mode'),
        p -> COALESCE(
          p.value.int_value,
          COALESCE(
            TRY_CAST(p.value.string_value AS BIGINT),
            TRY_CAST(CONCAT(
              REGEXP_EXTRACT(p.value.string_value, r'^\s*([+-]?)0[xX]', 1),
              CONV(REGEXP_EXTRACT(p.value.string_value, r'^\s*[+-]?0[xX]([0-9a-fA-F]{1,15})\s*\z', 1), 16, 10)
            ) AS BIGINT)
          )
        )
      )
    ) AS debug_mode,
    ARRAY_MAX(
      TRANSFORM(FILTER(e.event_params, p -> p.key = 'traffic_type'), p -> p.value.string_value)
    ) AS traffic_type,
    ARRAY_MAX(
      TRANSFORM(FILTER(e.event_params, p -> p.key = 'page_location'), p -> p.value.string_value)
    ) AS page_location,
    ARRAY_MAX(
      TRANSFORM(FILTER(e.event_params, p -> p.key = 'firebase_screen'), p -> p.value.string_value)
    ) AS screen,
    ARRAY_MAX(
      TRANSFORM(
        FILTER(e.event_params, p -> p.key = 'transaction_id'),
        p -> COALESCE(p.value.string_value, CAST(p.value.int_value AS STRING))
      )
    ) AS param_order_id,
    ARRAY_MAX(TRANSFORM(FILTER(e.event_params, p -> p.key = 'currency'), p -> p.value.string_value)) AS param_currency,
    ARRAY_MAX(TRANSFORM(FILTER(e.event_params, p -> p.key = 'source'), p -> p.value.string_value)) AS param_source,
    ARRAY_MAX(TRANSFORM(FILTER(e.event_params, p -> p.key = 'medium'), p -> p.value.string_value)) AS param_medium,
    ARRAY_MAX(TRANSFORM(FILTER(e.event_params, p -> p.key = 'campaign'), p -> p.value.string_value)) AS param_campaign,
    ARRAY_MAX(TRANSFORM(FILTER(e.event_params, p -> p.key = 'gclid'), p -> p.value.string_value)) AS param_click_id,
--hits:     ARRAY_MAX(TRANSFORM(FILTER(e.event_params, p -> p.key = 'page_title'), p -> p.value.string_value)) AS title,
--hits:     ARRAY_MAX(
--hits:       TRANSFORM(FILTER(e.event_params, p -> p.key = 'event_category'), p -> p.value.string_value)
--hits:     ) AS category,
--hits:     ARRAY_MAX(
--hits:       TRANSFORM(FILTER(e.event_params, p -> p.key = 'event_action'), p -> p.value.string_value)
--hits:     ) AS action,
--hits:     ARRAY_MAX(
--hits:       TRANSFORM(
--hits:         FILTER(e.event_params, p -> p.key = 'value'),
--hits:         p -> COALESCE(p.value.double_value, p.value.float_value, CAST(p.value.int_value AS DOUBLE))
--hits:       )
--hits:     ) AS amount,
--hits:     ARRAY_MIN(TRANSFORM(e.items, i -> NULLIF(i.item_id, '(not set)'))) AS product_id,
    NULLIF(
      ARRAY_JOIN(
        ARRAY_SORT(
          TRANSFORM(
            e.event_params,
            p -> CONCAT(
              p.key,
              '=',
              COALESCE(p.value.string_value, ''),
              '|',
              COALESCE(CAST(p.value.int_value AS STRING), ''),
              '|',
              COALESCE(CAST(COALESCE(p.value.double_value, p.value.float_value) AS STRING), '')
            )
          )
        ),
        '\n'
      ),
      ''
    ) AS params
  FROM raw_export AS e
)
SELECT
  CASE
    WHEN e.stream_id IS NULL
    THEN CONCAT(NULLIF(e.user_pseudo_id, ''), '|', CAST(e.visit_number AS STRING))
    ELSE CONCAT(
      NULLIF(e.user_pseudo_id, ''),
      '|',
      CAST(e.stream_id AS STRING),
      '|',
      CAST(e.visit_number AS STRING)
    )
  END AS visit_id,
  TRY_CAST(CASE
    WHEN e.event_date RLIKE r'^ *\d{7,8}\z'
    THEN CONCAT(
      SUBSTRING(LTRIM(e.event_date), 1, 4),
      '-',
      SUBSTRING(LTRIM(e.event_date), 5, 2),
      '-',
      SUBSTRING(LTRIM(e.event_date), 7)
    )
  END AS DATE) AS day,
  CASE
    WHEN e.is_intraday
    THEN 'intraday'
    WHEN TRY_CAST(CASE
      WHEN e.event_date RLIKE r'^ *\d{7,8}\z'
      THEN CONCAT(
        SUBSTRING(LTRIM(e.event_date), 1, 4),
        '-',
        SUBSTRING(LTRIM(e.event_date), 5, 2),
        '-',
        SUBSTRING(LTRIM(e.event_date), 7)
      )
    END AS DATE) < :read_from
    OR TRY_CAST(CASE
      WHEN e.event_date RLIKE r'^ *\d{7,8}\z'
      THEN CONCAT(
        SUBSTRING(LTRIM(e.event_date), 1, 4),
        '-',
        SUBSTRING(LTRIM(e.event_date), 5, 2),
        '-',
        SUBSTRING(LTRIM(e.event_date), 7)
      )
    END AS DATE) >= :read_to
    THEN 'out_of_range'
    WHEN (
      NULLIF(e.user_pseudo_id, '') IS NULL OR e.visit_number IS NULL
    )
    AND LOWER(CAST(e.privacy_info.analytics_storage AS STRING)) IN ('no', '0')
    THEN 'no_consent'
    WHEN NULLIF(e.user_pseudo_id, '') IS NULL OR e.visit_number IS NULL
    THEN 'null_id'
    WHEN CAST(ARRAY_SIZE(:streams) AS BIGINT) > 0
    AND NOT COALESCE(ARRAY_CONTAINS(CAST(:streams AS ARRAY<STRING>), CAST(e.stream_id AS STRING)), FALSE)
    AND NOT COALESCE(ARRAY_CONTAINS(CAST(:streams AS ARRAY<STRING>), UPPER(e.platform)), FALSE)
    THEN 'other_stream'
    WHEN e.traffic_type = 'internal'
    AND ARRAY_CONTAINS(CAST(:leave_out AS ARRAY<STRING>), 'internal')
    THEN 'internal'
    WHEN e.debug_mode = 1 AND ARRAY_CONTAINS(CAST(:leave_out AS ARRAY<STRING>), 'debug')
    THEN 'debug'
  END AS removed,
  1L AS hits,
  e.event_timestamp AS hit_us,
  COALESCE(e.batch_page_id, 0L) AS batch_page_id,
  COALESCE(e.batch_ordering_id, 0L) AS batch_ordering_id,
  COALESCE(e.batch_event_index, 0L) AS batch_event_index,
  COALESCE(e.event_name, '') AS event_name,
  COALESCE(e.params, '') AS params,
  CASE
    WHEN e.event_name = 'page_view'
    THEN COALESCE(
      NULLIF(
        REGEXP_REPLACE(REGEXP_EXTRACT(e.page_location, r'^[^?#]*', 0), r'^[A-Za-z][A-Za-z0-9+.-]*://[^/]*', ''),
        ''
      ),
      CASE WHEN NOT e.page_location IS NULL THEN '/' END
    )
    WHEN e.event_name = 'screen_view'
    THEN COALESCE(e.screen, REGEXP_EXTRACT(e.page_location, r'^[^?#]*', 0))
  END AS page,
--hits:   COALESCE(
--hits:     NULLIF(
--hits:       REGEXP_REPLACE(REGEXP_EXTRACT(e.page_location, r'^[^?#]*', 0), r'^[A-Za-z][A-Za-z0-9+.-]*://[^/]*', ''),
--hits:       ''
--hits:     ),
--hits:     CASE WHEN NOT e.page_location IS NULL THEN '/' END,
--hits:     e.screen
--hits:   ) AS hit_path,
--hits:   e.title,
--hits:   e.category,
--hits:   e.action,
--hits:   e.amount,
--hits:   e.product_id,
  CASE
    WHEN e.event_name = 'purchase'
    THEN COALESCE(
      NULLIF(NULLIF(e.param_order_id, '(not set)'), ''),
      NULLIF(NULLIF(e.ecommerce.transaction_id, '(not set)'), '')
    )
  END AS order_id,
  COALESCE(TRY_CAST(ROUND(e.revenue * 1e6) AS BIGINT), 0L) AS revenue_micros,
  COALESCE(TRY_CAST(ROUND(e.refund * 1e6) AS BIGINT), 0L) AS refund_micros,
  CASE
    WHEN (
      NOT e.revenue IS NULL AND TRY_CAST(ROUND(e.revenue * 1e6) AS BIGINT) IS NULL
    )
    OR (
      NOT e.refund IS NULL AND TRY_CAST(ROUND(e.refund * 1e6) AS BIGINT) IS NULL
    )
    THEN 1L
    ELSE 0L
  END AS is_odd_money,
  CASE
    WHEN e.event_name IN ('purchase', 'refund') AND COALESCE(:currency, '') <> 'USD'
    THEN e.param_currency
  END AS currency,
  CASE WHEN e.engaged IS NULL THEN NULL WHEN e.engaged = 1 THEN 1L ELSE 0L END AS engaged,
  COALESCE(e.engagement_ms, 0L) AS engagement_ms,
  CASE
    WHEN e.nth_visit = 1 OR (
      e.nth_visit IS NULL AND e.event_name = 'first_visit'
    )
    THEN 1L
    ELSE 0L
  END AS is_new,
  CASE WHEN COALESCE(e.debug_mode, 0L) = 1 THEN 1L ELSE 0L END AS is_debug,
  CASE WHEN COALESCE(e.traffic_type, '') = 'internal' THEN 1L ELSE 0L END AS is_internal,
  UPPER(e.platform) AS platform,
  e.device.category AS device,
  e.geo.country AS country,
  e.session_traffic_source_last_click.cross_channel_campaign.default_channel_group AS channel_group,
  COALESCE(e.collected_traffic_source.manual_source, e.param_source) AS source,
  COALESCE(e.collected_traffic_source.manual_medium, e.param_medium) AS medium,
  COALESCE(e.collected_traffic_source.manual_campaign_name, e.param_campaign) AS campaign,
  COALESCE(e.collected_traffic_source.gclid, e.param_click_id) AS click_id
FROM picked AS e
