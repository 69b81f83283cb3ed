-- Severity: error
-- Finds:    Visits with a number that is not finite.
-- Do:       A division by 0 in [columns]? Use NULLIF(denominator, 0).
SELECT visit_id
FROM visits
WHERE IS_NAN(time_on_site_sec) OR IS_INF(time_on_site_sec)
  OR IS_NAN(engagement_time_sec) OR IS_INF(engagement_time_sec)
  OR IS_NAN(time_on_site_sec_per_pageview) OR IS_INF(time_on_site_sec_per_pageview)
  OR IS_NAN(hits_per_pageview) OR IS_INF(hits_per_pageview)
  OR IS_NAN(transaction_revenue) OR IS_INF(transaction_revenue)
  OR IS_NAN(refund_revenue) OR IS_INF(refund_revenue)
