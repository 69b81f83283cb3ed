-- Severity: error
-- Finds:    Visits whose page views are NULL.
-- Do:       A count is 0 where nothing happened: COALESCE(pageviews, 0) in [columns].
SELECT visit_id FROM visits WHERE pageviews IS NULL
