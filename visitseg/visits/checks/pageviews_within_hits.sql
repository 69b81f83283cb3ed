-- Severity: warning
-- Finds:    Visits with more page views than hits.
-- Do:       hits counts hits of every type; check its expression.
SELECT visit_id FROM visits WHERE pageviews > hits
