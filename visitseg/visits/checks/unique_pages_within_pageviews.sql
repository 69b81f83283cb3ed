-- Severity: error
-- Finds:    Visits with more distinct pages than page views.
-- Do:       Count pages of page hits only, not of events.
SELECT visit_id FROM visits WHERE unique_pages > pageviews
