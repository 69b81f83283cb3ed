-- Grain:  one row per visit and thing that a reader of the ledger should know of it.
-- Input:  visit_keys.
SELECT 'merged_over_midnight' AS reason, visit_id FROM visit_keys WHERE n_days > 1
UNION ALL
SELECT 'order_without_id', visit_id FROM visit_keys WHERE purchases_without_id > 0
UNION ALL
SELECT 'repeated_purchase', visit_id FROM visit_keys WHERE repeated_purchases > 0
UNION ALL
SELECT 'shared_visit_id', visit_id FROM visit_keys WHERE is_shared
UNION ALL
SELECT 'spans_pause', visit_id FROM visit_keys WHERE spans_pause
UNION ALL
SELECT 'broken_visit', visit_id FROM visit_keys WHERE is_broken
UNION ALL
SELECT 'cut_by_length', visit_id FROM visit_keys WHERE is_cut
UNION ALL
SELECT 'numbered_id', visit_id FROM visit_keys WHERE is_numbered
