-- Grain:  one row per visit: the visit table, its ids replaced by the SHA-256 of salt|visit_id.
-- Input:  visits_by_id.
-- Values: @salt.
SELECT
  TO_HEX(SHA256(CONCAT(@salt, '|', visit_id))) AS visit_id,  -- lower-case hexadecimal
  * EXCEPT (visit_id)
FROM visits_by_id
ORDER BY visit_id
