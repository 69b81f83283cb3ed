-- Grain:  one row per visit and thing that a reader of the ledger should know of it.
-- Input:  visit_keys.
SELECT 'continuation' AS reason, visit_id FROM visit_keys WHERE is_continuation
UNION ALL
SELECT 'merged_over_midnight', visit_id FROM visit_keys WHERE n_rows > 1
UNION ALL
SELECT 'shared_order_id', visit_id FROM visit_keys
WHERE transactions > 0 AND ga_transactions > transactions
UNION ALL
SELECT 'order_without_id', visit_id FROM visit_keys
WHERE transactions = 0 AND (ga_transactions > 0 OR unattributed_revenue > 0)
UNION ALL
SELECT 'deprecated_revenue', visit_id FROM visit_keys WHERE has_deprecated_revenue
