-- Severity: warning
-- Finds:    Visits of an export whose events never carry engagement time.
-- Do:       Let user_engagement through the export's event filter, or do without that feature.
SELECT k.visit_id
FROM visit_keys AS k
WHERE (SELECT SUM(a.engagement_time_sec) FROM visit_keys AS a) = 0
