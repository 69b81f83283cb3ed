-- Grain:  one row per row of the export. A row is a visit, or one day's half of a visit that
--         crossed midnight; hits are folded into numbers and two short arrays.
-- Input:  raw_export, the day tables ga_sessions_YYYYMMDD.
-- Values: @read_from, @read_to: the days that are read (one more than asked on each side); or NULL.
-- Spark:  generated from ga360/visit_rows.sql by scripts/write_spark_sql.py.
SELECT
  CONCAT(NULLIF(r.fullVisitorId, ''), '|', CAST(r.visitId AS STRING)) AS visit_id,
  TRY_CAST(CASE
    WHEN r.date RLIKE r'^ *\d{7,8}\z'
    THEN CONCAT(
      SUBSTRING(LTRIM(r.date), 1, 4),
      '-',
      SUBSTRING(LTRIM(r.date), 5, 2),
      '-',
      SUBSTRING(LTRIM(r.date), 7)
    )
  END AS DATE) AS day,
  CASE
    WHEN r.is_intraday
    THEN 'intraday'
    WHEN TRY_CAST(CASE
      WHEN r.date RLIKE r'^ *\d{7,8}\z'
      THEN CONCAT(
        SUBSTRING(LTRIM(r.date), 1, 4),
        '-',
        SUBSTRING(LTRIM(r.date), 5, 2),
        '-',
        SUBSTRING(LTRIM(r.date), 7)
      )
    END AS DATE) < :read_from
    OR TRY_CAST(CASE
      WHEN r.date RLIKE r'^ *\d{7,8}\z'
      THEN CONCAT(
        SUBSTRING(LTRIM(r.date), 1, 4),
        '-',
        SUBSTRING(LTRIM(r.date), 5, 2),
        '-',
        SUBSTRING(LTRIM(r.date), 7)
      )
    END AS DATE) >= :read_to
    THEN 'out_of_range'
    WHEN NULLIF(r.fullVisitorId, '') IS NULL OR r.visitId IS NULL
    THEN 'null_id'
  END AS removed,
  COALESCE(r.totals.visits, 0L) = 1 AS has_interaction,
  COALESCE(CAST(ARRAY_SIZE(r.hits) AS BIGINT), 0L) AS hits,
  COALESCE(CAST(ARRAY_SIZE(FILTER(r.hits, h -> h.type IN ('PAGE', 'APPVIEW'))) AS BIGINT), 0L) AS pageviews,
  COALESCE(
    ARRAY_DISTINCT(
      TRANSFORM(
        FILTER(
          r.hits,
          h -> (
            h.type = 'PAGE' AND NOT h.page.pagePath IS NULL
          )
          OR (
            h.type = 'APPVIEW' AND NOT COALESCE(h.appInfo.screenName, h.page.pagePath) IS NULL
          )
        ),
        h -> CASE
          WHEN h.type = 'PAGE'
          THEN REGEXP_EXTRACT(h.page.pagePath, r'^[^?#]*', 0)
          ELSE COALESCE(h.appInfo.screenName, REGEXP_EXTRACT(h.page.pagePath, r'^[^?#]*', 0))
        END
      )
    ),
    ARRAY()
  ) AS pages,
  COALESCE(
    ARRAY_DISTINCT(
      TRANSFORM(
        FILTER(
          r.hits,
          h -> (
            h.eCommerceAction.action_type = '6' OR h.type = 'TRANSACTION'
          )
          AND NOT h.transaction.transactionId IN ('', '(not set)')
        ),
        h -> h.transaction.transactionId
      )
    ),
    ARRAY()
  ) AS order_ids,
  COALESCE(r.totals.transactions, 0L) AS ga_transactions,
  COALESCE(r.totals.totalTransactionRevenue, r.totals.transactionRevenue, 0L) AS revenue_micros,
  r.totals.totalTransactionRevenue IS NULL
  AND COALESCE(r.totals.transactionRevenue, 0L) > 0 AS has_deprecated_revenue,
  COALESCE(
    AGGREGATE(
      FILTER(TRANSFORM(r.hits, h -> h.refund.refundAmount), x -> NOT x IS NULL),
      CAST(NULL AS BIGINT),
      (s, x) -> COALESCE(s, 0) + x
    ),
    0L
  ) AS refund_micros,
  COALESCE(CAST(ARRAY_SIZE(FILTER(r.hits, h -> h.eCommerceAction.action_type = '2')) AS BIGINT), 0L) AS product_views,
  COALESCE(CAST(ARRAY_SIZE(FILTER(r.hits, h -> h.eCommerceAction.action_type = '3')) AS BIGINT), 0L) AS add_to_carts,
  COALESCE(CAST(ARRAY_SIZE(FILTER(r.hits, h -> h.eCommerceAction.action_type = '5')) AS BIGINT), 0L) AS checkouts,
  r.visitStartTime * 1000000 + COALESCE(ARRAY_MIN(TRANSFORM(r.hits, h -> h.time)), 0L) * 1000 AS first_hit_us,
  r.visitStartTime * 1000000 + COALESCE(ARRAY_MAX(TRANSFORM(r.hits, h -> h.time)), 0L) * 1000 AS last_hit_us,
  COALESCE(ARRAY_MIN(TRANSFORM(r.hits, h -> h.hitNumber)), 0L) AS first_hit_number,
  COALESCE(
    ARRAY_MAX(
      TRANSFORM(
        FILTER(r.hits, h -> h.hitNumber = ARRAY_MIN(TRANSFORM(r.hits, g -> g.hitNumber))),
        h -> CASE
          WHEN h.hitNumber > 1
          AND (
            r.visitStartTime * 1000 + h.time
          ) DIV (
            1000
          ) - r.visitId > h.hour * 3600 + h.minute * 60 + (
            (
              r.visitStartTime * 1000 + h.time
            ) DIV (
              1000
            )
          ) % 60
          THEN 1L
          ELSE 0L
        END
      )
    ),
    0L
  ) = 1 AS is_continuation,
  r.totals.timeOnSite AS ga_time_on_site_sec,
--hits:   COALESCE(
--hits:     TRANSFORM(
--hits:       r.hits,
--hits:       h -> NAMED_STRUCT(
--hits:         'number',
--hits:         h.hitNumber,
--hits:         'us',
--hits:         r.visitStartTime * 1000000 + h.time * 1000,
--hits:         'type',
--hits:         UPPER(h.type),
--hits:         'path',
--hits:         CASE
--hits:           WHEN h.type = 'APPVIEW'
--hits:           THEN COALESCE(h.appInfo.screenName, REGEXP_EXTRACT(h.page.pagePath, r'^[^?#]*', 0))
--hits:           ELSE REGEXP_EXTRACT(h.page.pagePath, r'^[^?#]*', 0)
--hits:         END,
--hits:         'title',
--hits:         h.page.pageTitle,
--hits:         'step',
--hits:         h.eCommerceAction.action_type,
--hits:         'category',
--hits:         h.eventInfo.eventCategory,
--hits:         'action',
--hits:         h.eventInfo.eventAction,
--hits:         'value',
--hits:         h.eventInfo.eventValue,
--hits:         'product_id',
--hits:         ARRAY_MIN(
--hits:           TRANSFORM(h.product, p -> CASE WHEN NOT COALESCE(p.isImpression, FALSE) THEN p.productSKU END)
--hits:         ),
--hits:         'order_id',
--hits:         CASE
--hits:           WHEN (
--hits:             h.eCommerceAction.action_type = '6' OR h.type = 'TRANSACTION'
--hits:           )
--hits:           AND NOT h.transaction.transactionId IN ('', '(not set)')
--hits:           THEN h.transaction.transactionId
--hits:         END,
--hits:         'revenue_micros',
--hits:         h.transaction.transactionRevenue
--hits:       )
--hits:     ),
--hits:     ARRAY()
--hits:   ) AS hit_list,
  r.device.deviceCategory AS device,
  r.channelGrouping AS channel,
  r.geoNetwork.country AS country,
  CASE WHEN r.totals.newVisits = 1 THEN 'new' ELSE 'returning' END AS visitor_type,
  ARRAY_MIN(
    TRANSFORM(
      FILTER(
        TRANSFORM(
          FILTER(r.hits, g -> g.type IN ('PAGE', 'APPVIEW')),
          g -> NAMED_STRUCT(
            'page',
            CASE
              WHEN g.type = 'PAGE'
              THEN REGEXP_EXTRACT(g.page.pagePath, r'^[^?#]*', 0)
              ELSE COALESCE(g.appInfo.screenName, REGEXP_EXTRACT(g.page.pagePath, r'^[^?#]*', 0))
            END,
            'time',
            g.time,
            'hitNumber',
            g.hitNumber
          )
        ),
        k -> NOT k.page IS NULL
      ),
      k -> NAMED_STRUCT(
        'key_0',
        CASE WHEN k.time IS NULL THEN 1L ELSE 0L END,
        'key_1',
        k.time,
        'key_2',
        CASE WHEN k.hitNumber IS NULL THEN 1L ELSE 0L END,
        'key_3',
        k.hitNumber,
        'key_4',
        k.page,
        'value',
        k.page
      )
    )
  ).value AS landing_page
FROM raw_export AS r
