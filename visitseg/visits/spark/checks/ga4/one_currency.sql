-- Severity: error
-- Finds:    Visits whose money is in another currency than most of the property's.
-- Do:       Add up one currency: --currency USD takes the export's values in US dollars.
-- Spark:  generated from checks/ga4/one_currency.sql by scripts/write_spark_sql.py.
SELECT
  k.visit_id
FROM visit_keys AS k
WHERE
  k.removed IS NULL
  AND (
    k.currency <> k.last_currency
    OR k.currency <> (
      SELECT
        MIN(c.currency)
      FROM (
        SELECT
          currency,
          CAST(ROW_NUMBER() OVER (ORDER BY COUNT(*) DESC, currency) AS BIGINT) AS place
        FROM visit_keys
        WHERE
          NOT currency IS NULL
        GROUP BY
          currency
      ) AS c
      WHERE
        c.place = 1
    )
  )
