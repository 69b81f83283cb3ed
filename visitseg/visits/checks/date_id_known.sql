-- Severity: error
-- Finds:    Visits without a day, in a table whose other visits have one.
-- Do:       Check that the export's date reads YYYYMMDD in every row.
-- Do_visits: Map date_id or visit_start in [columns] to an expression that is a day in every row.
SELECT v.visit_id
FROM visits AS v
WHERE v.date_id IS NULL AND (SELECT COUNT(date_id) FROM visits) > 0
