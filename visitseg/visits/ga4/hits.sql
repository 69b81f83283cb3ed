-- Grain:  one row per event that is used, by the names that a contract file knows; copies count once.
-- Input:  visit_rows, with the columns of a hit.
WITH events AS (  -- copies of an event agree in all its parameters
  SELECT
    visit_id,
    hit_us,
    batch_page_id,
    batch_ordering_id,
    batch_event_index,
    event_name AS event,
    order_id,
    CASE WHEN event_name = 'purchase' THEN revenue_micros / 1e6 END AS revenue,
    COALESCE(MIN(page), MIN(hit_path)) AS path,
    MIN(title) AS title,
    MIN(category) AS category,
    MIN(action) AS action,
    MIN(CASE WHEN ABS(amount) < 1e300 THEN amount END) AS value,  -- no NaN, nothing infinite
    MIN(product_id) AS product_id
  FROM visit_rows
  WHERE removed IS NULL
  GROUP BY visit_id, day, hit_us, batch_page_id, batch_ordering_id, batch_event_index, event_name,
    params, revenue_micros, refund_micros, order_id
)
SELECT
  visit_id,
  ROW_NUMBER() OVER (
    PARTITION BY visit_id
    ORDER BY hit_us NULLS FIRST, batch_page_id, batch_ordering_id, batch_event_index, event,
      path NULLS FIRST, title NULLS FIRST, category NULLS FIRST, action NULLS FIRST,
      value NULLS FIRST, product_id NULLS FIRST, order_id NULLS FIRST, revenue NULLS FIRST
  ) AS nth,                                           -- place in the visit
  CASE event WHEN 'page_view' THEN 'PAGE' WHEN 'screen_view' THEN 'APPVIEW' ELSE 'EVENT' END AS type,
  path,                                               -- of the page or screen it happened on
  title,                                              -- page_title
  event,                                              -- event_name
  category,                                           -- event_category
  action,                                             -- event_action
  value,
  product_id,                                         -- the smallest id of its items
  order_id,                                           -- purchases only
  revenue,                                            -- currency units, purchases only
  (hit_us - MIN(hit_us) OVER (PARTITION BY visit_id)) / 1e6 AS time  -- seconds since the first
FROM events
