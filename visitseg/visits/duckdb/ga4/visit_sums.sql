-- Grain:  one row per visit, of its events that are used; and one per reason and day, of the others.
--         DuckDB's alone: all that is asked of events is asked in one pass, which need not store them.
-- Input:  visit_events.
SELECT
  removed,                           -- why the events are not used; NULL: they are
  CASE WHEN removed IS NULL THEN visit_id END AS visit_id,
  CASE WHEN removed IS NOT NULL THEN day END AS day,
  count(*) AS n_rows,
  sum(hits)::BIGINT AS hits,
  min(day) AS first_day,
  list_unique(list(day) FILTER (removed IS NULL AND day IS NOT NULL)) AS n_days,
  min(hit_us) AS first_hit_us,
  max(hit_us) AS last_hit_us,
  count(*) FILTER (event_name IN ('page_view', 'screen_view')) AS pageviews,
  list_unique(list(hash(page)) FILTER (removed IS NULL AND page IS NOT NULL)) AS unique_pages,
  max(engaged) AS engaged,
  sum(engagement_ms)::BIGINT AS engagement_ms,
  sum(refund_micros)::BIGINT AS refund_micros,
  count(*) FILTER (event_name = 'view_item') AS product_views,
  count(*) FILTER (event_name = 'add_to_cart') AS add_to_carts,
  count(*) FILTER (event_name = 'begin_checkout') AS checkouts,
  -- a NULL time is before all else, as in GoogleSQL; in a struct it would be behind
  min({'us': coalesce(hit_us, -9223372036854775808), 'page_id': batch_page_id,
    'ordering_id': batch_ordering_id, 'event_index': batch_event_index,
    'device': device, 'country': country}) AS first_event,
  max(is_new) AS is_new,
  min({'us': coalesce(hit_us, -9223372036854775808), 'page_id': batch_page_id,
    'ordering_id': batch_ordering_id, 'event_index': batch_event_index,
    'page': page}) FILTER (page IS NOT NULL) AS first_page,
  min({'us': coalesce(hit_us, -9223372036854775808), 'page_id': batch_page_id,
    'ordering_id': batch_ordering_id, 'event_index': batch_event_index,
    'channel_group': channel_group, 'source': source, 'medium': medium, 'campaign': campaign,
    'click_id': click_id}) FILTER (
    coalesce(channel_group, source, medium, click_id) IS NOT NULL) AS came_by,
  max(is_odd_money) AS is_odd_money,
  max(is_debug) AS is_debug,
  max(is_internal) AS is_internal,
  min(platform) AS platform,
  min(currency) AS currency,
  max(currency) AS last_currency,
  list({'order_id': order_id, 'revenue_micros': revenue_micros, 'hit_us': hit_us,
    'page_id': batch_page_id, 'ordering_id': batch_ordering_id, 'event_index': batch_event_index})
    FILTER (removed IS NULL AND event_name = 'purchase') AS purchases
FROM visit_events
GROUP BY ALL
