-- Severity: error
-- Finds:    Visits with a revenue and no transaction.
-- Do:       Map transactions, or check the join that brings the revenue.
SELECT visit_id FROM visits WHERE transaction_revenue > 0 AND transactions = 0
