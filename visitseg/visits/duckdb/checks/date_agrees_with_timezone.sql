-- Severity: warning
-- Finds:    Visits whose day in --timezone is not the day that the export says.
-- Values:   @timezone: an IANA name.
-- Do:       The export's day is used. Give the property's own time zone as --timezone.
SELECT visit_id FROM visits WHERE (visit_start AT TIME ZONE $timezone)::DATE <> date_id
