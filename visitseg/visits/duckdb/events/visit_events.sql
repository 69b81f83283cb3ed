-- DuckDB text of events/visit_events.sql, tuned by hand: copies are looked for only where a hash is
-- there twice, and visits are found on distinct times, which are narrow. A test proves them equal.
WITH repeated AS (  -- a collision only sends a row the long way
  SELECT hash(visitor, event_us, row_hash) AS h
  FROM visit_rows
  WHERE removed IS NULL
  GROUP BY h
  HAVING count(*) > 1
), events AS (
  SELECT * FROM visit_rows
  WHERE removed IS NULL AND hash(visitor, event_us, row_hash) NOT IN (FROM repeated)
  UNION ALL
  SELECT * FROM (
    SELECT * FROM visit_rows
    WHERE removed IS NULL AND hash(visitor, event_us, row_hash) IN (FROM repeated)
    QUALIFY row_number() OVER (
      PARTITION BY visitor, visit, event_us, event, page, order_id, product_id, revenue_micros,
        row_hash
    ) = 1
  )
), paused AS (
  SELECT
    visitor, visit, event_us,
    event_us - lag(event_us) OVER (PARTITION BY visitor, visit ORDER BY event_us) AS pause_us
  FROM (SELECT DISTINCT visitor, visit, event_us FROM events)
), runs AS (
  SELECT
    *,
    max(CASE WHEN pause_us IS NULL OR (pause_us > $gap_us AND NOT $trust_visits) THEN event_us END)
      OVER (PARTITION BY visitor, visit ORDER BY event_us) AS run_us
  FROM paused
), pieces AS (
  SELECT *, CASE WHEN $trust_visits THEN 0 ELSE (event_us - run_us) // $max_us END::BIGINT AS piece
  FROM runs
), starts AS (
  SELECT
    visitor, visit, run_us, piece,
    min(event_us) AS start_us,
    replace(replace(visitor, '^', '^^'), '|', '^|') || '|' || CASE WHEN $trust_visits THEN visit
      ELSE (floor(min(event_us) / 1e6)::BIGINT)::VARCHAR END AS visit_name
  FROM pieces
  GROUP BY visitor, visit, run_us, piece
), named AS (
  SELECT
    *,
    dense_rank() OVER (
      PARTITION BY visit_name ORDER BY start_us, visitor, coalesce(visit, '')
    ) AS nth_of_name
  FROM starts
)
SELECT
  e.*,
  p.pause_us,
  p.run_us,
  p.piece,
  s.start_us,
  s.nth_of_name,
  s.visit_name || CASE WHEN s.nth_of_name > 1 THEN '|' || s.nth_of_name::VARCHAR ELSE '' END
    AS visit_id,
  row_number() OVER (
    PARTITION BY e.visitor, e.visit, s.start_us
    ORDER BY e.event_us, e.event, coalesce(path, ''), coalesce(product_id, ''),
      coalesce(order_id, ''), revenue_micros, coalesce(device, ''), coalesce(channel, ''),
      coalesce(country, ''), coalesce(visitor_type, ''), coalesce(landing_page, ''),
      coalesce(currency, ''), coalesce(page, ''), row_hash
  ) AS nth
FROM events AS e
INNER JOIN pieces AS p ON p.visitor = e.visitor AND p.event_us = e.event_us
  AND p.visit IS NOT DISTINCT FROM e.visit
INNER JOIN named AS s ON s.visitor = p.visitor AND s.run_us = p.run_us AND s.piece = p.piece
  AND s.visit IS NOT DISTINCT FROM p.visit
