-- Grain:  one row per purchase event.
-- Input:  visit_events.
SELECT visit_id, order_id, product_id, revenue_micros, event_us, nth
FROM visit_events
WHERE is_purchase
