-- Grain:  one row per event that is used, with the visit it belongs to; copies of a row count once.
-- Input:  visit_rows.
-- Values: @trust_visits: whether the log's own visits are taken as they are;
--         @gap_us: a longer pause ends a visit; @max_us: the longest a visit can be; microseconds.
-- Rules:  Events of a visitor (and of a given visit, where there are any) without a pause between
--         them are a run. A run is cut at every multiple of @max_us after its first event: where
--         it is cut depends on the run alone, needs no recursion, and is the same on every engine.
-- Spark:  generated from events/visit_events.sql by scripts/write_spark_sql.py.
WITH copies AS (
  SELECT
    *,
    CAST(ROW_NUMBER() OVER (
      PARTITION BY visitor, visit, event_us, event, page, order_id, product_id, revenue_micros, row_hash
      ORDER BY hits
    ) AS BIGINT) AS copy
  FROM visit_rows
  WHERE
    removed IS NULL
), paused AS (
  SELECT
    *,
    event_us - MAX(event_us) OVER (
      PARTITION BY visitor, visit
      ORDER BY event_us
      RANGE BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
    ) AS pause_us
  FROM copies
  WHERE
    copy = 1
), runs AS (
  SELECT
    *,
    MAX(
      CASE
        WHEN pause_us IS NULL OR (
          pause_us > :gap_us AND NOT :trust_visits
        )
        THEN event_us
      END
    ) OVER (PARTITION BY visitor, visit ORDER BY event_us) AS run_us
  FROM paused
), pieces AS (
  SELECT
    *,
    CASE
      WHEN :trust_visits
      THEN 0L
      ELSE CAST(FLOOR((
        event_us - run_us
      ) / :max_us) AS BIGINT)
    END AS piece
  FROM runs
), begun AS (
  SELECT
    *,
    MIN(event_us) OVER (PARTITION BY visitor, visit, run_us, piece) AS start_us
  FROM pieces
), named AS (
  SELECT
    *,
    REPLACE(REPLACE(visitor, '^', '^^'), '|', '^|') || '|' || CASE
      WHEN :trust_visits
      THEN visit
      ELSE CAST(CAST(FLOOR(start_us / 1e6) AS BIGINT) AS STRING)
    END AS visit_name
  FROM begun
), numbered AS (
  SELECT
    *,
    CAST(DENSE_RANK() OVER (PARTITION BY visit_name ORDER BY start_us, visitor, COALESCE(visit, '')) AS BIGINT) AS nth_of_name
  FROM named
)
SELECT
  *
  EXCEPT (copy, visit_name),
  visit_name || CASE WHEN nth_of_name > 1 THEN '|' || CAST(nth_of_name AS STRING) ELSE '' END AS visit_id,
  CAST(ROW_NUMBER() OVER (
    PARTITION BY visitor, visit, start_us
    ORDER BY event_us, event, COALESCE(path, ''), COALESCE(product_id, ''), COALESCE(order_id, ''), revenue_micros, COALESCE(device, ''), COALESCE(channel, ''), COALESCE(country, ''), COALESCE(visitor_type, ''), COALESCE(landing_page, ''), COALESCE(currency, ''), COALESCE(page, ''), row_hash
  ) AS BIGINT) AS nth
FROM numbered
