-- Severity: error
-- Finds:    App visits in a table whose other visits are of the web.
-- Do:       Apps have screens for pages and another rhythm. Choose: --platform web, --platform
--           app, a stream's id, or --platform all to segment both together.
SELECT k.visit_id
FROM visit_keys AS k
WHERE k.removed IS NULL
  AND k.platform <> 'WEB'
  AND (SELECT COUNT(*) FROM visit_keys AS w WHERE w.removed IS NULL AND w.platform = 'WEB') > 0
