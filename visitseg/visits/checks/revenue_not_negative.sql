-- Severity: error
-- Finds:    Visits with a revenue or refund below 0.
-- Do:       Refunds belong into refund_revenue, as a positive number.
SELECT visit_id FROM visits WHERE transaction_revenue < 0 OR refund_revenue < 0
