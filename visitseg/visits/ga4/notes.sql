-- Grain:  one row per visit and thing that a reader of the ledger should know of it.
-- Input:  visit_keys.
SELECT 'merged_over_midnight' AS reason, visit_id FROM visit_keys WHERE n_days > 1
UNION ALL
SELECT 'repeated_purchase', visit_id FROM visit_keys WHERE repeated_purchases > 0
UNION ALL
SELECT 'order_without_id', visit_id FROM visit_keys WHERE purchases_without_id > 0
UNION ALL
SELECT 'debug', visit_id FROM visit_keys WHERE is_debug = 1
UNION ALL
SELECT 'internal', visit_id FROM visit_keys WHERE is_internal = 1
UNION ALL
SELECT 'money_not_a_number', visit_id FROM visit_keys WHERE is_odd_money = 1
