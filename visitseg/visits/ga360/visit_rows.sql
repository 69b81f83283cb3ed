-- Grain:  one row per row of the export. A row is a visit, or one day's half of a visit that
--         crossed midnight; hits are folded into numbers and two short arrays.
-- Input:  raw_export, the day tables ga_sessions_YYYYMMDD.
-- Values: @read_from, @read_to: the days that are read (one more than asked on each side); or NULL.
SELECT
  CONCAT(NULLIF(r.fullVisitorId, ''), '|', CAST(r.visitId AS STRING)) AS visit_id,  -- NULL: no id
  SAFE.PARSE_DATE('%Y%m%d', r.date) AS day,           -- the export's day, in the property's zone
  CASE
    WHEN r.is_intraday THEN 'intraday'
    WHEN SAFE.PARSE_DATE('%Y%m%d', r.date) < @read_from
      OR SAFE.PARSE_DATE('%Y%m%d', r.date) >= @read_to THEN 'out_of_range'
    WHEN NULLIF(r.fullVisitorId, '') IS NULL OR r.visitId IS NULL THEN 'null_id'
  END AS removed,                                     -- why the row cannot be used; NULL: it can
  COALESCE(r.totals.visits, 0) = 1 AS has_interaction,  -- GA counts it as a visit
  COALESCE(ARRAY_LENGTH(r.hits), 0) AS hits,          -- hits of any type
  (SELECT COUNT(CASE WHEN h.type IN ('PAGE', 'APPVIEW') THEN 1 END)
     FROM UNNEST(r.hits) AS h) AS pageviews,
  ARRAY(
    SELECT DISTINCT CASE
        WHEN h.type = 'PAGE' THEN REGEXP_EXTRACT(h.page.pagePath, r'^[^?#]*')
        ELSE COALESCE(h.appInfo.screenName, REGEXP_EXTRACT(h.page.pagePath, r'^[^?#]*'))
      END
    FROM UNNEST(r.hits) AS h
    WHERE (h.type = 'PAGE' AND h.page.pagePath IS NOT NULL)
      OR (h.type = 'APPVIEW' AND COALESCE(h.appInfo.screenName, h.page.pagePath) IS NOT NULL)
  ) AS pages,                                         -- distinct paths or screens, no order
  ARRAY(
    SELECT DISTINCT h.transaction.transactionId
    FROM UNNEST(r.hits) AS h
    WHERE (h.eCommerceAction.action_type = '6' OR h.type = 'TRANSACTION')
      AND h.transaction.transactionId NOT IN ('', '(not set)')
  ) AS order_ids,                                     -- distinct orders, no order
  COALESCE(r.totals.transactions, 0) AS ga_transactions,  -- purchases as GA counts them
  COALESCE(r.totals.totalTransactionRevenue, r.totals.transactionRevenue, 0)
    AS revenue_micros,                                -- currency units x 1,000,000
  r.totals.totalTransactionRevenue IS NULL AND COALESCE(r.totals.transactionRevenue, 0) > 0
    AS has_deprecated_revenue,                        -- only the deprecated field holds the revenue
  (SELECT COALESCE(SUM(h.refund.refundAmount), 0) FROM UNNEST(r.hits) AS h)
    AS refund_micros,                                 -- currency units x 1,000,000
  (SELECT COUNT(CASE WHEN h.eCommerceAction.action_type = '2' THEN 1 END)
     FROM UNNEST(r.hits) AS h) AS product_views,
  (SELECT COUNT(CASE WHEN h.eCommerceAction.action_type = '3' THEN 1 END)
     FROM UNNEST(r.hits) AS h) AS add_to_carts,
  (SELECT COUNT(CASE WHEN h.eCommerceAction.action_type = '5' THEN 1 END)
     FROM UNNEST(r.hits) AS h) AS checkouts,
  r.visitStartTime * 1000000
    + COALESCE((SELECT MIN(h.time) FROM UNNEST(r.hits) AS h), 0) * 1000
    AS first_hit_us,                                  -- microseconds since 1970-01-01 UTC
  r.visitStartTime * 1000000
    + COALESCE((SELECT MAX(h.time) FROM UNNEST(r.hits) AS h), 0) * 1000
    AS last_hit_us,
  COALESCE((SELECT MIN(h.hitNumber) FROM UNNEST(r.hits) AS h), 0) AS first_hit_number,
  COALESCE((
    SELECT MAX(
      CASE WHEN h.hitNumber > 1
        AND DIV(r.visitStartTime * 1000 + h.time, 1000) - r.visitId
          > h.hour * 3600 + h.minute * 60 + MOD(DIV(r.visitStartTime * 1000 + h.time, 1000), 60)
      THEN 1 ELSE 0 END)
    FROM UNNEST(r.hits) AS h
    WHERE h.hitNumber = (SELECT MIN(g.hitNumber) FROM UNNEST(r.hits) AS g)
  ), 0) = 1 AS is_continuation,                       -- began on an earlier day, by the hits' own clock
  r.totals.timeOnSite AS ga_time_on_site_sec,         -- as exported, whole seconds
  --hits: ARRAY(
  --hits:   SELECT AS STRUCT
  --hits:     h.hitNumber AS number,
  --hits:     r.visitStartTime * 1000000 + h.time * 1000 AS us,
  --hits:     UPPER(h.type) AS type,
  --hits:     CASE WHEN h.type = 'APPVIEW'
  --hits:       THEN COALESCE(h.appInfo.screenName, REGEXP_EXTRACT(h.page.pagePath, r'^[^?#]*'))
  --hits:       ELSE REGEXP_EXTRACT(h.page.pagePath, r'^[^?#]*') END AS path,
  --hits:     h.page.pageTitle AS title,
  --hits:     h.eCommerceAction.action_type AS step,
  --hits:     h.eventInfo.eventCategory AS category,
  --hits:     h.eventInfo.eventAction AS action,
  --hits:     h.eventInfo.eventValue AS value,
  --hits:     (SELECT MIN(CASE WHEN NOT COALESCE(p.isImpression, FALSE) THEN p.productSKU END)
  --hits:      FROM UNNEST(h.product) AS p) AS product_id,
  --hits:     CASE WHEN (h.eCommerceAction.action_type = '6' OR h.type = 'TRANSACTION')
  --hits:       AND h.transaction.transactionId NOT IN ('', '(not set)')
  --hits:       THEN h.transaction.transactionId END AS order_id,
  --hits:     h.transaction.transactionRevenue AS revenue_micros
  --hits:   FROM UNNEST(r.hits) AS h
  --hits: ) AS hit_list,                                -- the hits, of which a contract file reads
  r.device.deviceCategory AS device,
  r.channelGrouping AS channel,
  r.geoNetwork.country AS country,
  CASE WHEN r.totals.newVisits = 1 THEN 'new' ELSE 'returning' END AS visitor_type,
  (
    SELECT MAX(CASE WHEN h.place = 1 THEN h.page END)
    FROM (
      SELECT
        k.page,
        ROW_NUMBER() OVER (
          ORDER BY CASE WHEN k.time IS NULL THEN 1 ELSE 0 END, k.time,
            CASE WHEN k.hitNumber IS NULL THEN 1 ELSE 0 END, k.hitNumber, k.page
        ) AS place
      FROM (
        SELECT
          CASE
            WHEN g.type = 'PAGE' THEN REGEXP_EXTRACT(g.page.pagePath, r'^[^?#]*')
            ELSE COALESCE(g.appInfo.screenName, REGEXP_EXTRACT(g.page.pagePath, r'^[^?#]*'))
          END AS page,
          g.time,
          g.hitNumber
        FROM UNNEST(r.hits) AS g
        WHERE g.type IN ('PAGE', 'APPVIEW')
      ) AS k
      WHERE k.page IS NOT NULL
    ) AS h
  ) AS landing_page                                   -- first known path or screen
FROM raw_export AS r
