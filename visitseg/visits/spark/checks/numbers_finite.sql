-- Severity: error
-- Finds:    Visits with a number that is not finite.
-- Do:       A division by 0 in [columns]? Use NULLIF(denominator, 0).
-- Spark:  generated from checks/numbers_finite.sql by scripts/write_spark_sql.py.
SELECT
  visit_id
FROM visits
WHERE
  ISNAN(time_on_site_sec)
  OR ABS(time_on_site_sec) = CAST('Infinity' AS DOUBLE)
  OR ISNAN(engagement_time_sec)
  OR ABS(engagement_time_sec) = CAST('Infinity' AS DOUBLE)
  OR ISNAN(time_on_site_sec_per_pageview)
  OR ABS(time_on_site_sec_per_pageview) = CAST('Infinity' AS DOUBLE)
  OR ISNAN(hits_per_pageview)
  OR ABS(hits_per_pageview) = CAST('Infinity' AS DOUBLE)
  OR ISNAN(transaction_revenue)
  OR ABS(transaction_revenue) = CAST('Infinity' AS DOUBLE)
  OR ISNAN(refund_revenue)
  OR ABS(refund_revenue) = CAST('Infinity' AS DOUBLE)
