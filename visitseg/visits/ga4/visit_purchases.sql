-- Grain:  one row per purchase event; exact copies count once.
-- Input:  visit_rows.
SELECT
  p.visit_id,
  p.order_id,                                         -- NULL: without an order id
  p.revenue_micros,                                   -- currency units x 1,000,000
  p.hit_us,                                           -- the order of events, as in visit_rows
  p.batch_page_id,
  p.batch_ordering_id,
  p.batch_event_index
FROM (
  SELECT DISTINCT
    visit_id, day, hit_us, batch_page_id, batch_ordering_id, batch_event_index, params,
    revenue_micros, refund_micros, order_id
  FROM visit_rows
  WHERE removed IS NULL AND event_name = 'purchase'
) AS p
