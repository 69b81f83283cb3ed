-- DuckDB text of ga360/visit_rows.sql, tuned by hand: list functions instead of correlated
-- subqueries. Grain, input, values and columns are described there; a test proves them equal.
WITH slim AS (  -- the hits' fields that are used, once
  SELECT
    r.* EXCLUDE (hits),
    try_strptime(r.date, '%Y%m%d')::DATE AS day,
    --hits: list_transform(r.hits, lambda h: {
    --hits:   'number': h.hitNumber,
    --hits:   'us': r.visitStartTime * 1000000 + h.time * 1000,
    --hits:   'type': upper(h.type),
    --hits:   'path': CASE WHEN h.type = 'APPVIEW'
    --hits:     THEN coalesce(h.appInfo.screenName, regexp_extract(h.page.pagePath, '^[^?#]*'))
    --hits:     ELSE regexp_extract(h.page.pagePath, '^[^?#]*') END,
    --hits:   'title': h.page.pageTitle,
    --hits:   'step': h.eCommerceAction.action_type,
    --hits:   'category': h.eventInfo.eventCategory,
    --hits:   'action': h.eventInfo.eventAction,
    --hits:   'value': h.eventInfo.eventValue,
    --hits:   'product_id': list_min(list_transform(h.product, lambda p:
    --hits:     CASE WHEN NOT coalesce(p.isImpression, false) THEN p.productSKU END)),
    --hits:   'order_id': CASE WHEN (h.eCommerceAction.action_type = '6' OR h.type = 'TRANSACTION')
    --hits:     AND h.transaction.transactionId NOT IN ('', '(not set)')
    --hits:     THEN h.transaction.transactionId END,
    --hits:   'revenue_micros': h.transaction.transactionRevenue
    --hits: }) AS hit_list,
    coalesce(list_transform(r.hits, lambda h: {
      'ms': h.time,
      'number': h.hitNumber,
      'page': CASE
        WHEN h.type = 'PAGE' THEN regexp_extract(h.page.pagePath, '^[^?#]*')
        WHEN h.type = 'APPVIEW' THEN coalesce(h.appInfo.screenName, regexp_extract(h.page.pagePath, '^[^?#]*'))
      END,
      'is_page': coalesce(h.type IN ('PAGE', 'APPVIEW'), false),
      'action': h.eCommerceAction.action_type,
      'order_id': CASE
        WHEN (h.eCommerceAction.action_type = '6' OR h.type = 'TRANSACTION')
          AND h.transaction.transactionId NOT IN ('', '(not set)')
        THEN h.transaction.transactionId
      END,
      'refund': h.refund.refundAmount,
      'clock_sec': h.hour * 3600 + h.minute * 60
    }), []) AS hits
  FROM raw_export AS r
), folded AS (
  SELECT
    *,
    list_transform(hits, lambda h: h.action) AS actions,
    list_filter(hits, lambda h: h.is_page) AS page_hits,
    list_min(list_transform(hits, lambda h: h.number)) AS first_number
  FROM slim
)
SELECT
  nullif(fullVisitorId, '') || '|' || visitId AS visit_id,
  day,
  CASE
    WHEN is_intraday THEN 'intraday'
    WHEN day < $read_from OR day >= $read_to THEN 'out_of_range'
    WHEN nullif(fullVisitorId, '') IS NULL OR visitId IS NULL THEN 'null_id'
  END AS removed,
  coalesce(totals.visits, 0) = 1 AS has_interaction,
  len(hits) AS hits,
  len(page_hits) AS pageviews,
  list_distinct(list_transform(page_hits, lambda h: h.page)) AS pages,
  list_distinct(list_transform(hits, lambda h: h.order_id)) AS order_ids,
  coalesce(totals.transactions, 0) AS ga_transactions,
  coalesce(totals.totalTransactionRevenue, totals.transactionRevenue, 0) AS revenue_micros,
  totals.totalTransactionRevenue IS NULL AND coalesce(totals.transactionRevenue, 0) > 0
    AS has_deprecated_revenue,
  coalesce(list_sum(list_transform(hits, lambda h: h.refund)), 0)::BIGINT AS refund_micros,
  len(list_filter(actions, lambda a: a = '2')) AS product_views,
  len(list_filter(actions, lambda a: a = '3')) AS add_to_carts,
  len(list_filter(actions, lambda a: a = '5')) AS checkouts,
  visitStartTime * 1000000 + coalesce(list_min(list_transform(hits, lambda h: h.ms)), 0) * 1000
    AS first_hit_us,
  visitStartTime * 1000000 + coalesce(list_max(list_transform(hits, lambda h: h.ms)), 0) * 1000
    AS last_hit_us,
  coalesce(first_number, 0) AS first_hit_number,
  CASE WHEN first_number > 1 THEN len(list_filter(hits, lambda h: h.number = first_number
    AND (visitStartTime * 1000 + h.ms) // 1000 - visitId
      > h.clock_sec + ((visitStartTime * 1000 + h.ms) // 1000) % 60
  )) > 0 ELSE false END AS is_continuation,
  totals.timeOnSite AS ga_time_on_site_sec,
  --hits: hit_list,
  device.deviceCategory AS device,
  channelGrouping AS channel,
  geoNetwork.country AS country,
  CASE WHEN totals.newVisits = 1 THEN 'new' ELSE 'returning' END AS visitor_type,
  list_min(list_transform(page_hits, lambda h:
    {'unknown': h.page IS NULL, 'ms': h.ms, 'number': h.number, 'page': h.page}  -- NULL is last
  )).page AS landing_page
FROM folded
