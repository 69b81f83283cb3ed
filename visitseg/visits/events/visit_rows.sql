-- Grain:  one row per row of the log, kept or removed (`removed` says why).
-- Input:  mapped_events: the log's columns by our names; other dimensions pass through.
-- Values: @page_view, @product_view, @add_to_cart, @checkout, @purchase, @refund: the log's values
--         of `event` that are one; @given_visits: whether the log has ids of visits;
--         @timezone: an IANA name, whose days count;
--         @read_from, @read_to: the days that are read (one more than asked on each side); or NULL.
WITH trimmed AS (
  SELECT m.*, REPLACE(TRIM(m.time_text, ' '), '/', '-') AS t
  FROM mapped_events AS m
), taken_apart AS (  -- texts: 2026-03-01, 2026-03-01 10:30, 2026-03-01T10:30:00.5+01:00, … UTC, epochs
  SELECT
    r.*,
    CASE WHEN REGEXP_CONTAINS(r.t, r'^-?[0-9]{1,19}([.][0-9]{1,12})?$') THEN SAFE_CAST(r.t AS FLOAT64)
      ELSE r.time_number END AS epoch,
    CASE WHEN REGEXP_CONTAINS(r.t,
      r'^[12][0-9]{3}-[0-9]{2}-[0-9]{2}([T ]([01][0-9]|2[0-3]):[0-5][0-9](:([0-5][0-9]|60)([.,][0-9]{1,9})?)?( ?(Z|UTC|GMT|[+-](0[0-9]|1[0-5])(:?[0-5][0-9])?))?)?$')
      THEN SAFE.PARSE_DATE('%Y-%m-%d', SUBSTR(r.t, 1, 10)) END AS text_day,
    REGEXP_EXTRACT(SUBSTR(r.t, 17), r'[.,]([0-9]{1,6})') AS fraction,
    REPLACE(REGEXP_EXTRACT(SUBSTR(r.t, 17), r'[+-][0-9]{2}:?[0-9]{0,2}$'), ':', '') AS zone
  FROM trimmed AS r
), timed AS (
  SELECT
    p.*,
    CASE
      WHEN p.time_at IS NOT NULL THEN UNIX_MICROS(p.time_at)
      WHEN p.text_day IS NOT NULL THEN
        UNIX_DATE(p.text_day) * 86400000000
        + COALESCE(SAFE_CAST(SUBSTR(p.t, 12, 2) AS INT64), 0) * 3600000000
        + COALESCE(SAFE_CAST(SUBSTR(p.t, 15, 2) AS INT64), 0) * 60000000
        + CASE WHEN SUBSTR(p.t, 17, 1) = ':' THEN CAST(SUBSTR(p.t, 18, 2) AS INT64) ELSE 0 END * 1000000
        + COALESCE(CAST(RPAD(p.fraction, 6, '0') AS INT64), 0)
        - CASE WHEN SUBSTR(p.zone, 1, 1) = '-' THEN -1 ELSE 1 END * (
          COALESCE(CAST(SUBSTR(p.zone, 2, 2) AS INT64), 0) * 3600000000
          + COALESCE(SAFE_CAST(SUBSTR(p.zone, 4, 2) AS INT64), 0) * 60000000)
      WHEN ABS(p.epoch) < 1e11 THEN CAST(ROUND(p.epoch * 1e6) AS INT64)  -- seconds, to the year 5138
      WHEN ABS(p.epoch) < 1e14 THEN CAST(ROUND(p.epoch * 1e3) AS INT64)  -- milliseconds
      WHEN ABS(p.epoch) < 1e17 THEN CAST(ROUND(p.epoch) AS INT64)        -- microseconds
      WHEN ABS(p.epoch) < 1e19 THEN CAST(ROUND(p.epoch / 1e3) AS INT64)  -- nanoseconds
    END AS any_us
  FROM taken_apart AS p
), placed AS (  -- 1900 to 2199: beyond lie placeholders and misread numbers
  SELECT
    d.*,
    CASE WHEN d.any_us BETWEEN -2208988800000000 AND 7258118399999999 THEN d.any_us END AS event_us,
    CASE WHEN d.any_us BETWEEN -2208988800000000 AND 7258118399999999
      THEN TIMESTAMP_MICROS(d.any_us) END AS event_at
  FROM timed AS d
), dated AS (
  SELECT e.*, DATE(e.event_at, @timezone) AS day FROM placed AS e
)
SELECT
  e.* EXCEPT (time_at, time_number, time_text, t, epoch, text_day, fraction, zone, any_us),
                                                      -- event_us: microseconds since 1970 UTC;
                                                      -- event_at: the same; day: its local day
  CASE
    WHEN e.event_us IS NULL THEN 'bad_line'           -- no time that can be read
    WHEN e.day < @read_from OR e.day >= @read_to THEN 'out_of_range'
    WHEN e.visitor IS NULL OR (@given_visits AND e.visit IS NULL) THEN 'null_id'
    WHEN e.event IS NULL THEN 'bad_line'
  END AS removed,                                     -- why the event cannot be used; NULL: it can
  1 AS hits,                                          -- an event is a hit
  CASE WHEN ARRAY_LENGTH(@page_view) > 0 THEN COALESCE(e.event IN UNNEST(@page_view), FALSE)
    ELSE COALESCE(e.event IN UNNEST(@product_view), FALSE) END
    AS is_page_view,                                  -- product views, if nothing is a page view
  CASE WHEN ARRAY_LENGTH(@product_view) > 0
    THEN COALESCE(e.event IN UNNEST(@product_view), FALSE) END
    AS is_product_view,                               -- from here on, NULL: the log cannot say
  CASE WHEN ARRAY_LENGTH(@add_to_cart) > 0
    THEN COALESCE(e.event IN UNNEST(@add_to_cart), FALSE) END AS is_add_to_cart,
  CASE WHEN ARRAY_LENGTH(@checkout) > 0
    THEN COALESCE(e.event IN UNNEST(@checkout), FALSE) END AS is_checkout,
  CASE WHEN ARRAY_LENGTH(@purchase) > 0
    THEN COALESCE(e.event IN UNNEST(@purchase), FALSE) END AS is_purchase,
  CASE WHEN ARRAY_LENGTH(@refund) > 0
    THEN COALESCE(e.event IN UNNEST(@refund), FALSE) END AS is_refund,
  COALESCE(
    NULLIF(REGEXP_REPLACE(
      REGEXP_EXTRACT(e.page, r'^[^?#]*'), r'^[A-Za-z][A-Za-z0-9+.-]*://[^/]*', ''), ''),
    CASE WHEN e.page IS NOT NULL THEN '/' END,
    CASE WHEN ARRAY_LENGTH(@page_view) = 0 THEN e.product_id END
  ) AS path,                                          -- without host and query; a product, where
                                                      -- product views are the page views
  COALESCE(SAFE_CAST(ROUND(e.revenue * 1e6) AS INT64), 0)
    AS revenue_micros                                 -- currency units x 1,000,000
FROM dated AS e
