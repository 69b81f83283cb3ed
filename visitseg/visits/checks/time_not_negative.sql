-- Severity: error
-- Finds:    Visits with a time below 0.
-- Do:       Unknown time is NULL, not a negative number; check the order of the hits.
SELECT visit_id FROM visits WHERE time_on_site_sec < 0 OR engagement_time_sec < 0
