-- DuckDB text of ga4/visit_totals.sql, tuned by hand: windows only over the events that may be copies;
-- first values by the smallest struct. Columns are described there; a test proves them equal.
WITH repeated AS (  -- narrow keys first; a collision only sends an event the long way
  SELECT hash(visit_id, hit_us, event_name) AS h
  FROM visit_rows
  WHERE removed IS NULL
  GROUP BY h
  HAVING count(*) > 1
), events AS (
  SELECT * FROM visit_rows
  WHERE removed IS NULL AND hash(visit_id, hit_us, event_name) NOT IN (FROM repeated)
  UNION ALL
  SELECT * EXCLUDE (copy)
  FROM (
    SELECT
      *,
      row_number() OVER (
        PARTITION BY visit_id, day, hit_us, batch_page_id, batch_ordering_id, batch_event_index,
          event_name, params, revenue_micros, refund_micros, order_id
        ORDER BY device NULLS FIRST, country NULLS FIRST, channel_group NULLS FIRST,
          source NULLS FIRST, medium NULLS FIRST, campaign NULLS FIRST, click_id NULLS FIRST,
          currency NULLS FIRST, platform NULLS FIRST
      ) AS copy
    FROM visit_rows
    WHERE removed IS NULL AND hash(visit_id, hit_us, event_name) IN (FROM repeated)
  )
  WHERE copy = 1
), merged AS (
  SELECT
    visit_id,
    min(day) AS date_id,
    min(hit_us) AS first_hit_us,
    max(hit_us) AS last_hit_us,
    count(*) FILTER (event_name IN ('page_view', 'screen_view')) AS pageviews,
    count(*) AS hits,
    list_unique(list(hash(page)) FILTER (page IS NOT NULL)) AS unique_pages,
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
    list_unique(list(day) FILTER (day IS NOT NULL)) AS n_days,
    max(is_odd_money) AS is_odd_money,
    max(is_debug) AS is_debug,
    max(is_internal) AS is_internal,
    min(platform) AS platform,
    min(currency) AS currency,
    max(currency) AS last_currency
  FROM events
  GROUP BY visit_id
)
SELECT
  visit_id,
  date_id,
  first_hit_us,
  last_hit_us,
  pageviews,
  hits,
  coalesce(unique_pages, 0)::BIGINT AS unique_pages,
  engaged,
  engagement_ms,
  refund_micros,
  product_views,
  add_to_carts,
  checkouts,
  first_event.device AS device,
  first_event.country AS country,
  is_new,
  first_page.page AS landing_page,
  came_by.channel_group AS channel_group,
  came_by.source AS source,
  came_by.medium AS medium,
  came_by.campaign AS campaign,
  came_by.click_id AS click_id,
  coalesce(n_days, 0)::BIGINT AS n_days,
  is_odd_money,
  is_debug,
  is_internal,
  platform,
  currency,
  last_currency
FROM merged
