-- Severity: error
-- Finds:    Visits with a number that is not finite.
-- Do:       A division by 0 in [columns]? Use NULLIF(denominator, 0).
SELECT visit_id
FROM visits
WHERE isnan(time_on_site_sec) OR isinf(time_on_site_sec)
  OR isnan(engagement_time_sec) OR isinf(engagement_time_sec)
  OR isnan(time_on_site_sec_per_pageview) OR isinf(time_on_site_sec_per_pageview)
  OR isnan(hits_per_pageview) OR isinf(hits_per_pageview)
  OR isnan(transaction_revenue) OR isinf(transaction_revenue)
  OR isnan(refund_revenue) OR isinf(refund_revenue)
