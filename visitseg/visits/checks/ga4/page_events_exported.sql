-- Severity: error
-- Finds:    Visits of an export that holds no page_view and no screen_view event at all.
-- Do:       The property's export filters its events: let page_view or screen_view through.
SELECT k.visit_id
FROM visit_keys AS k
WHERE (SELECT SUM(a.pageviews) FROM visit_keys AS a) = 0
