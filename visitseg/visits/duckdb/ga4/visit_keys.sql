-- DuckDB text of ga4/visit_keys.sql, tuned by hand: windows only over the events that may be copies
-- and over purchases; first values by arg_min. Columns are described there; a test proves them equal.
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
), purchases AS (
  SELECT
    visit_id,
    count(*) FILTER (nth = 1) AS transactions,
    sum(revenue_micros) FILTER (nth = 1) AS revenue_micros,
    count(*) FILTER (nth > 1) AS repeated_purchases,
    count(*) FILTER (order_id IS NULL) AS purchases_without_id,
    sum(revenue_micros) FILTER (order_id IS NULL) AS unattributed_micros
  FROM (
    SELECT
      visit_id, order_id, revenue_micros,
      CASE WHEN order_id IS NOT NULL THEN row_number() OVER (
        PARTITION BY order_id
        ORDER BY hit_us NULLS FIRST, batch_page_id, batch_ordering_id, batch_event_index, visit_id,
          revenue_micros NULLS FIRST
      ) END AS nth
    FROM events
    WHERE event_name = 'purchase'
  )
  GROUP BY visit_id
), placed AS (
  SELECT
    *,
    {'hit_us': coalesce(hit_us, -9223372036854775808), 'page_id': batch_page_id,
     'ordering_id': batch_ordering_id, 'event_index': batch_event_index}
      AS place,  -- a NULL is before all else, as in GoogleSQL; in a struct it would be behind
    {'channel_group': channel_group, 'source': source, 'medium': medium, 'campaign': campaign,
     'click_id': click_id} AS came_by
  FROM events
), merged AS (
  SELECT
    visit_id,
    min(day) AS date_id,
    min(hit_us) AS first_hit_us,
    max(hit_us) AS last_hit_us,
    count(*) FILTER (event_name IN ('page_view', 'screen_view')) AS pageviews,
    count(*) AS hits,
    len(list_distinct(list(page)))::BIGINT AS unique_pages,
    max(engaged) AS engaged,
    sum(engagement_ms)::BIGINT AS engagement_ms,
    sum(refund_micros)::BIGINT AS refund_micros,
    count(*) FILTER (event_name = 'view_item') AS product_views,
    count(*) FILTER (event_name = 'add_to_cart') AS add_to_carts,
    count(*) FILTER (event_name = 'begin_checkout') AS checkouts,
    min({'place': place, 'device': device, 'country': country}) AS first_event,
    max(is_new) AS is_new,
    min({'place': place, 'page': page}) FILTER (page IS NOT NULL) AS first_page,
    min({'place': place, 'came_by': came_by}) FILTER (
      coalesce(channel_group, source, medium, click_id) IS NOT NULL).came_by AS came_by,
    len(list_distinct(list(day)))::BIGINT AS n_days,
    max(is_odd_money) AS is_odd_money,
    max(is_debug) AS is_debug,
    max(is_internal) AS is_internal,
    min(platform) AS platform,
    min(currency) AS currency,
    max(currency) AS last_currency
  FROM placed
  GROUP BY visit_id
)
SELECT
  m.visit_id,
  m.date_id,
  make_timestamptz(m.first_hit_us) AS visit_start,
  m.pageviews,
  m.hits,
  m.unique_pages,
  CASE WHEN m.last_hit_us > m.first_hit_us THEN (m.last_hit_us - m.first_hit_us) / 1e6 END
    AS time_on_site_sec,
  m.engaged,
  m.engagement_ms / 1e3 AS engagement_time_sec,
  coalesce(p.transactions, 0) AS transactions,
  coalesce(p.revenue_micros, 0)::BIGINT / 1e6 AS transaction_revenue,
  m.refund_micros / 1e6 AS refund_revenue,
  m.product_views,
  m.add_to_carts,
  m.checkouts,
  m.first_event.device AS device,
  coalesce(
    m.came_by.channel_group,
    CASE WHEN coalesce(m.came_by.source, m.came_by.medium, m.came_by.click_id) IS NULL
      THEN 'Unassigned' END,
    c.channel,
    'Unassigned'
  ) AS channel,
  m.first_event.country AS country,
  CASE WHEN m.is_new = 1 THEN 'new' ELSE 'returning' END AS visitor_type,
  m.first_page.page AS landing_page,
  CASE WHEN m.date_id < $date_from OR m.date_id >= $date_to THEN 'out_of_range' END AS removed,
  m.hits AS n_rows,
  m.n_days,
  coalesce(p.repeated_purchases, 0) AS repeated_purchases,
  coalesce(p.purchases_without_id, 0) AS purchases_without_id,
  coalesce(p.unattributed_micros, 0)::BIGINT / 1e6 AS unattributed_revenue,
  m.is_odd_money,
  m.is_debug,
  m.is_internal,
  m.platform,
  m.currency,
  m.last_currency
FROM merged AS m
LEFT JOIN purchases AS p USING (visit_id)
LEFT JOIN channels AS c
  ON c.source = coalesce(m.came_by.source, '')
  AND c.medium = coalesce(m.came_by.medium, '')
  AND c.campaign = coalesce(m.came_by.campaign, '')
  AND c.has_click_id = CASE WHEN m.came_by.click_id IS NULL THEN 0 ELSE 1 END
