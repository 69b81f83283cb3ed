-- Grain:  one row per hit of a visit, by the names that a contract file knows. Rows are chosen as in
--         visit_keys: a row that was exported twice counts once, halves of a visit come together.
-- Input:  visit_rows, with the hits.
WITH usable AS (
  SELECT v.*
  FROM visit_rows AS v
  INNER JOIN (
    SELECT visit_id FROM visit_rows WHERE removed IS NULL AND has_interaction GROUP BY visit_id
  ) AS i ON i.visit_id = v.visit_id
  WHERE v.removed IS NULL
), copies AS (
  SELECT
    visit_id,
    hit_list,
    ROW_NUMBER() OVER (  -- the longest copy; the rest of the order makes the choice the same always
      PARTITION BY visit_id, day, first_hit_number
      ORDER BY hits DESC, last_hit_us DESC, ga_transactions DESC, revenue_micros DESC,
        has_deprecated_revenue DESC, refund_micros DESC, pageviews DESC, product_views DESC,
        add_to_carts DESC, checkouts DESC, first_hit_us DESC, ga_time_on_site_sec DESC,
        is_continuation DESC, visitor_type DESC, device DESC, channel DESC, country DESC,
        landing_page DESC, ARRAY_LENGTH(pages) DESC, ARRAY_LENGTH(order_ids) DESC
    ) AS copy
  FROM usable
), hits_of_visits AS (
  SELECT
    v.visit_id,
    h.number,
    h.us,
    h.type,
    h.path,
    h.title,
    CASE
      WHEN h.step = '1' THEN 'select_item'
      WHEN h.step = '2' THEN 'view_item'
      WHEN h.step = '3' THEN 'add_to_cart'
      WHEN h.step = '4' THEN 'remove_from_cart'
      WHEN h.step = '5' THEN 'begin_checkout'
      WHEN h.step = '6' THEN 'purchase'
      WHEN h.step = '7' THEN 'refund'
      WHEN h.type = 'PAGE' THEN 'page_view'
      WHEN h.type = 'APPVIEW' THEN 'screen_view'
      ELSE COALESCE(LOWER(h.type), '')
    END AS event,
    h.category,
    h.action,
    1e0 * h.value AS value,
    h.product_id,
    h.order_id,
    CASE WHEN h.order_id IS NOT NULL THEN h.revenue_micros / 1e6 END AS revenue
  FROM copies AS v
  CROSS JOIN UNNEST(v.hit_list) AS h
  WHERE v.copy = 1
)
SELECT
  visit_id,
  ROW_NUMBER() OVER (
    PARTITION BY visit_id
    ORDER BY us NULLS FIRST, number NULLS FIRST, type NULLS FIRST, path NULLS FIRST,
      title NULLS FIRST, event, category NULLS FIRST, action NULLS FIRST, value NULLS FIRST,
      product_id NULLS FIRST, order_id NULLS FIRST, revenue NULLS FIRST
  ) AS nth,                                           -- place in the visit
  type,                                               -- PAGE, APPVIEW, EVENT, TRANSACTION …
  path,                                               -- of the page or screen it happened on
  title,                                              -- of the page
  event,                                              -- what it is in GA4's words
  category,                                           -- eventInfo.eventCategory
  action,                                             -- eventInfo.eventAction
  value,                                              -- eventInfo.eventValue
  product_id,                                         -- the smallest id of its products
  order_id,                                           -- purchases only
  revenue,                                            -- currency units, purchases only
  (us - MIN(us) OVER (PARTITION BY visit_id)) / 1e6 AS time  -- seconds since the first
FROM hits_of_visits
