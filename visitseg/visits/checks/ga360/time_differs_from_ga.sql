-- Severity: warning
-- Finds:    Visits whose time from first to last hit differs from GA's timeOnSite by over 1 s.
-- Do:       Our time is the hits' own; GA leaves some late hits out.
SELECT visit_id
FROM visit_keys
WHERE removed IS NULL AND ABS(time_on_site_sec - ga_time_on_site_sec) > 1
