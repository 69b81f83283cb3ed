-- Severity: error
-- Finds:    Visits with a count below 0.
-- Do:       Check the expressions of [columns], and refunds that were netted into counts.
SELECT visit_id
FROM visits
WHERE pageviews < 0 OR hits < 0 OR unique_pages < 0 OR transactions < 0
  OR product_views < 0 OR add_to_carts < 0 OR checkouts < 0
