-- Severity: error
-- Finds:    Visits without an id.
-- Do:       Map visit_id to a column that is never NULL, or leave it out to number the rows.
SELECT visit_id FROM visits WHERE visit_id IS NULL OR visit_id = ''
