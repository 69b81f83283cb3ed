-- DuckDB text of events/visit_rows.sql: the same steps with DuckDB's functions. Columns are
-- described there; a test proves them equal.
WITH trimmed AS (
  SELECT m.*, replace(trim(m.time_text, ' '), '/', '-') AS t
  FROM mapped_events AS m
), taken_apart AS (
  SELECT
    r.*,
    CASE WHEN regexp_matches(r.t, '^-?[0-9]{1,19}([.][0-9]{1,12})?$') THEN TRY_CAST(r.t AS DOUBLE)
      ELSE r.time_number END AS epoch,
    CASE WHEN regexp_matches(r.t,
      '^[12][0-9]{3}-[0-9]{2}-[0-9]{2}([T ]([01][0-9]|2[0-3]):[0-5][0-9](:([0-5][0-9]|60)([.,][0-9]{1,9})?)?( ?(Z|UTC|GMT|[+-](0[0-9]|1[0-5])(:?[0-5][0-9])?))?)?$')
      THEN TRY_CAST(r.t[1:10] AS DATE) END AS text_day,
    nullif(regexp_extract(r.t[17:], '[.,]([0-9]{1,6})', 1), '') AS fraction,
    replace(nullif(regexp_extract(r.t[17:], '[+-][0-9]{2}:?[0-9]{0,2}$'), ''), ':', '') AS zone
  FROM trimmed AS r
), timed AS (
  SELECT
    p.*,
    CASE
      WHEN p.time_at IS NOT NULL THEN CASE WHEN isfinite(p.time_at) THEN epoch_us(p.time_at) END
      WHEN p.text_day IS NOT NULL THEN
        (p.text_day - DATE '1970-01-01') * 86400000000
        + coalesce(TRY_CAST(p.t[12:13] AS BIGINT), 0) * 3600000000
        + coalesce(TRY_CAST(p.t[15:16] AS BIGINT), 0) * 60000000
        + CASE WHEN p.t[17] = ':' THEN CAST(p.t[18:19] AS BIGINT) ELSE 0 END * 1000000
        + coalesce(CAST(rpad(p.fraction, 6, '0') AS BIGINT), 0)
        - CASE WHEN p.zone[1] = '-' THEN -1 ELSE 1 END * (
          coalesce(CAST(p.zone[2:3] AS BIGINT), 0) * 3600000000
          + coalesce(TRY_CAST(p.zone[4:5] AS BIGINT), 0) * 60000000)
      WHEN abs(p.epoch) < 1e11 THEN CAST(round(p.epoch * 1e6) AS BIGINT)
      WHEN abs(p.epoch) < 1e14 THEN CAST(round(p.epoch * 1e3) AS BIGINT)
      WHEN abs(p.epoch) < 1e17 THEN CAST(round(p.epoch) AS BIGINT)
      WHEN abs(p.epoch) < 1e19 THEN CAST(round(p.epoch / 1e3) AS BIGINT)
    END AS any_us
  FROM taken_apart AS p
), placed AS (  -- 1900 to 2199: beyond lie placeholders and misread numbers
  SELECT
    d.*,
    CASE WHEN d.any_us BETWEEN -2208988800000000 AND 7258118399999999 THEN d.any_us END AS event_us,
    CASE WHEN d.any_us BETWEEN -2208988800000000 AND 7258118399999999
      THEN make_timestamptz(d.any_us) END AS event_at
  FROM timed AS d
), dated AS (
  SELECT e.*, CAST(e.event_at AT TIME ZONE $timezone AS DATE) AS day FROM placed AS e
)
SELECT
  e.* EXCLUDE (time_at, time_number, time_text, t, epoch, text_day, fraction, zone, any_us),
  CASE
    WHEN e.event_us IS NULL THEN 'bad_line'
    WHEN e.day < $read_from OR e.day >= $read_to THEN 'out_of_range'
    WHEN e.visitor IS NULL OR ($given_visits AND e.visit IS NULL) THEN 'null_id'
    WHEN e.event IS NULL THEN 'bad_line'
  END AS removed,
  1::BIGINT AS hits,
  coalesce(list_contains(CASE WHEN len($page_view) > 0 THEN $page_view::VARCHAR[]
    ELSE $product_view::VARCHAR[] END, e.event), false) AS is_page_view,
  CASE WHEN len($product_view) > 0
    THEN coalesce(list_contains($product_view::VARCHAR[], e.event), false) END AS is_product_view,
  CASE WHEN len($add_to_cart) > 0
    THEN coalesce(list_contains($add_to_cart::VARCHAR[], e.event), false) END AS is_add_to_cart,
  CASE WHEN len($checkout) > 0
    THEN coalesce(list_contains($checkout::VARCHAR[], e.event), false) END AS is_checkout,
  CASE WHEN len($purchase) > 0
    THEN coalesce(list_contains($purchase::VARCHAR[], e.event), false) END AS is_purchase,
  CASE WHEN len($refund) > 0
    THEN coalesce(list_contains($refund::VARCHAR[], e.event), false) END AS is_refund,
  coalesce(
    nullif(regexp_replace(
      regexp_extract(e.page, '^[^?#]*'), '^[A-Za-z][A-Za-z0-9+.-]*://[^/]*', ''), ''),
    CASE WHEN e.page IS NOT NULL THEN '/' END,
    CASE WHEN len($page_view) = 0 THEN e.product_id END
  ) AS path,
  coalesce(try_cast(round(e.revenue * 1e6) AS BIGINT), 0) AS revenue_micros
FROM dated AS e
