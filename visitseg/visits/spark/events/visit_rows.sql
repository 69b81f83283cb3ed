-- Grain:  one row per row of the log, kept or removed (`removed` says why).
-- Input:  mapped_events: the log's columns by our names; other dimensions pass through.
-- Values: @page_view, @product_view, @add_to_cart, @checkout, @purchase, @refund: the log's values
--         of `event` that are one; @given_visits: whether the log has ids of visits;
--         @timezone: an IANA name, whose days count;
--         @read_from, @read_to: the days that are read (one more than asked on each side); or NULL.
-- Spark:  generated from events/visit_rows.sql by scripts/write_spark_sql.py.
WITH trimmed AS (
  SELECT
    m.*,
    REPLACE(TRIM(' ' FROM m.time_text), '/', '-') AS t
  FROM mapped_events AS m
), taken_apart AS (
  SELECT
    r.*,
    CASE
      WHEN r.t RLIKE r'^-?[0-9]{1,19}([.][0-9]{1,12})?\z'
      THEN TRY_CAST(r.t AS DOUBLE)
      ELSE r.time_number
    END AS epoch,
    CASE
      WHEN r.t RLIKE r'^[12][0-9]{3}-[0-9]{2}-[0-9]{2}([T ]([01][0-9]|2[0-3]):[0-5][0-9](:([0-5][0-9]|60)([.,][0-9]{1,9})?)?( ?(Z|UTC|GMT|[+-](0[0-9]|1[0-5])(:?[0-5][0-9])?))?)?\z'
      THEN TRY_CAST(SUBSTRING(r.t, 1, 10) AS DATE)
    END AS text_day,
    CASE
      WHEN SUBSTRING(r.t, 17) RLIKE r'[.,]([0-9]{1,6})'
      THEN REGEXP_EXTRACT(SUBSTRING(r.t, 17), r'[.,]([0-9]{1,6})', 1)
    END AS fraction,
    REPLACE(
      CASE
        WHEN SUBSTRING(r.t, 17) RLIKE r'[+-][0-9]{2}:?[0-9]{0,2}\z'
        THEN REGEXP_EXTRACT(SUBSTRING(r.t, 17), r'[+-][0-9]{2}:?[0-9]{0,2}\z', 0)
      END,
      ':',
      ''
    ) AS zone
  FROM trimmed AS r
), timed AS (
  SELECT
    p.*,
    CASE
      WHEN NOT p.time_at IS NULL
      THEN UNIX_MICROS(p.time_at)
      WHEN NOT p.text_day IS NULL
      THEN UNIX_DATE(p.text_day) * 86400000000 + COALESCE(TRY_CAST(SUBSTRING(p.t, 12, 2) AS BIGINT), 0L) * 3600000000 + COALESCE(TRY_CAST(SUBSTRING(p.t, 15, 2) AS BIGINT), 0L) * 60000000 + CASE WHEN SUBSTRING(p.t, 17, 1) = ':' THEN CAST(SUBSTRING(p.t, 18, 2) AS BIGINT) ELSE 0L END * 1000000 + COALESCE(CAST(RPAD(p.fraction, 6, '0') AS BIGINT), 0L) - CASE WHEN SUBSTRING(p.zone, 1, 1) = '-' THEN -1 ELSE 1L END * (
        COALESCE(CAST(SUBSTRING(p.zone, 2, 2) AS BIGINT), 0L) * 3600000000 + COALESCE(TRY_CAST(SUBSTRING(p.zone, 4, 2) AS BIGINT), 0L) * 60000000
      )
      WHEN ABS(p.epoch) < 1e11
      THEN CAST(ROUND(p.epoch * 1e6) AS BIGINT)
      WHEN ABS(p.epoch) < 1e14
      THEN CAST(ROUND(p.epoch * 1e3) AS BIGINT)
      WHEN ABS(p.epoch) < 1e17
      THEN CAST(ROUND(p.epoch) AS BIGINT)
      WHEN ABS(p.epoch) < 1e19
      THEN CAST(ROUND(p.epoch / 1e3) AS BIGINT)
    END AS any_us
  FROM taken_apart AS p
), placed AS (
  SELECT
    d.*,
    CASE WHEN d.any_us BETWEEN -2208988800000000 AND 7258118399999999 THEN d.any_us END AS event_us,
    CASE
      WHEN d.any_us BETWEEN -2208988800000000 AND 7258118399999999
      THEN TIMESTAMP_MICROS(d.any_us)
    END AS event_at
  FROM timed AS d
), dated AS (
  SELECT
    e.*,
    CAST(FROM_UTC_TIMESTAMP(e.event_at, :timezone) AS DATE) AS day
  FROM placed AS e
)
SELECT
  e.*
  EXCEPT (time_at, time_number, time_text, t, epoch, text_day, fraction, zone, any_us),
  CASE
    WHEN e.event_us IS NULL
    THEN 'bad_line'
    WHEN e.day < :read_from OR e.day >= :read_to
    THEN 'out_of_range'
    WHEN e.visitor IS NULL OR (
      :given_visits AND e.visit IS NULL
    )
    THEN 'null_id'
    WHEN e.event IS NULL
    THEN 'bad_line'
  END AS removed,
  1L AS hits,
  CASE
    WHEN CAST(ARRAY_SIZE(:page_view) AS BIGINT) > 0
    THEN COALESCE(ARRAY_CONTAINS(CAST(:page_view AS ARRAY<STRING>), e.event), FALSE)
    ELSE COALESCE(ARRAY_CONTAINS(CAST(:product_view AS ARRAY<STRING>), e.event), FALSE)
  END AS is_page_view,
  CASE
    WHEN CAST(ARRAY_SIZE(:product_view) AS BIGINT) > 0
    THEN COALESCE(ARRAY_CONTAINS(CAST(:product_view AS ARRAY<STRING>), e.event), FALSE)
  END AS is_product_view,
  CASE
    WHEN CAST(ARRAY_SIZE(:add_to_cart) AS BIGINT) > 0
    THEN COALESCE(ARRAY_CONTAINS(CAST(:add_to_cart AS ARRAY<STRING>), e.event), FALSE)
  END AS is_add_to_cart,
  CASE
    WHEN CAST(ARRAY_SIZE(:checkout) AS BIGINT) > 0
    THEN COALESCE(ARRAY_CONTAINS(CAST(:checkout AS ARRAY<STRING>), e.event), FALSE)
  END AS is_checkout,
  CASE
    WHEN CAST(ARRAY_SIZE(:purchase) AS BIGINT) > 0
    THEN COALESCE(ARRAY_CONTAINS(CAST(:purchase AS ARRAY<STRING>), e.event), FALSE)
  END AS is_purchase,
  CASE
    WHEN CAST(ARRAY_SIZE(:refund) AS BIGINT) > 0
    THEN COALESCE(ARRAY_CONTAINS(CAST(:refund AS ARRAY<STRING>), e.event), FALSE)
  END AS is_refund,
  COALESCE(
    NULLIF(
      REGEXP_REPLACE(REGEXP_EXTRACT(e.page, r'^[^?#]*', 0), r'^[A-Za-z][A-Za-z0-9+.-]*://[^/]*', ''),
      ''
    ),
    CASE WHEN NOT e.page IS NULL THEN '/' END,
    CASE WHEN CAST(ARRAY_SIZE(:page_view) AS BIGINT) = 0 THEN e.product_id END
  ) AS path,
  COALESCE(TRY_CAST(ROUND(e.revenue * 1e6) AS BIGINT), 0L) AS revenue_micros
FROM dated AS e
