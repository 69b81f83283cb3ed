-- Severity: warning
-- Finds:    Visits before 1995 or after 2100: a number that is no epoch, a placeholder for no time.
-- Do:       Check timestamp in [columns]; days like 20260105 need strptime(CAST(d AS VARCHAR), '%Y%m%d').
SELECT visit_id
FROM visits
WHERE visit_start < TIMESTAMP '1995-01-01 00:00:00+00' OR visit_start >= TIMESTAMP '2100-01-01 00:00:00+00'
