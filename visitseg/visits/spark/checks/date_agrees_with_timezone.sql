-- Severity: warning
-- Finds:    Visits whose day in --timezone is not the day that the export says.
-- Values:   @timezone: an IANA name.
-- Do:       The export's day is used. Give the property's own time zone as --timezone.
-- Spark:  generated from checks/date_agrees_with_timezone.sql by scripts/write_spark_sql.py.
SELECT
  visit_id
FROM visits
WHERE
  CAST(FROM_UTC_TIMESTAMP(visit_start, :timezone) AS DATE) <> date_id
