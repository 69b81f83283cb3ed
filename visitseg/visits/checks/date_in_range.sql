-- Severity: error
-- Finds:    Visits outside the days that were asked for.
-- Values:   @date_from, @date_to: the days that are wanted (to is exclusive); or NULL.
-- Do:       This should not happen: please report it with sql/ of the run folder.
SELECT visit_id FROM visits WHERE date_id < @date_from OR date_id >= @date_to
