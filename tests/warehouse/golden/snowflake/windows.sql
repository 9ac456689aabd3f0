SELECT
  "patient_id",
  "period",
  CAST(SUM(
    (
      BITAND(BITSHIFTRIGHT("recorded", 0), 1) + BITAND(BITSHIFTRIGHT("recorded", 1), 1) + BITAND(BITSHIFTRIGHT("recorded", 2), 1) + BITAND(BITSHIFTRIGHT("recorded", 3), 1) + BITAND(BITSHIFTRIGHT("recorded", 4), 1) + BITAND(BITSHIFTRIGHT("recorded", 5), 1) + BITAND(BITSHIFTRIGHT("recorded", 6), 1) + BITAND(BITSHIFTRIGHT("recorded", 7), 1) + BITAND(BITSHIFTRIGHT("recorded", 8), 1) + BITAND(BITSHIFTRIGHT("recorded", 9), 1) + BITAND(BITSHIFTRIGHT("recorded", 10), 1) + BITAND(BITSHIFTRIGHT("recorded", 11), 1) + BITAND(BITSHIFTRIGHT("recorded", 12), 1) + BITAND(BITSHIFTRIGHT("recorded", 13), 1) + BITAND(BITSHIFTRIGHT("recorded", 14), 1) + BITAND(BITSHIFTRIGHT("recorded", 15), 1) + BITAND(BITSHIFTRIGHT("recorded", 16), 1) + BITAND(BITSHIFTRIGHT("recorded", 17), 1) + BITAND(BITSHIFTRIGHT("recorded", 18), 1) + BITAND(BITSHIFTRIGHT("recorded", 19), 1) + BITAND(BITSHIFTRIGHT("recorded", 20), 1) + BITAND(BITSHIFTRIGHT("recorded", 21), 1) + BITAND(BITSHIFTRIGHT("recorded", 22), 1) + BITAND(BITSHIFTRIGHT("recorded", 23), 1) + BITAND(BITSHIFTRIGHT("recorded", 24), 1) + BITAND(BITSHIFTRIGHT("recorded", 25), 1) + BITAND(BITSHIFTRIGHT("recorded", 26), 1) + BITAND(BITSHIFTRIGHT("recorded", 27), 1)
    )
  ) AS INT) AS "recorded_days",
  CAST(SUM(
    (
      BITAND(BITSHIFTRIGHT("headache", 0), 1) + BITAND(BITSHIFTRIGHT("headache", 1), 1) + BITAND(BITSHIFTRIGHT("headache", 2), 1) + BITAND(BITSHIFTRIGHT("headache", 3), 1) + BITAND(BITSHIFTRIGHT("headache", 4), 1) + BITAND(BITSHIFTRIGHT("headache", 5), 1) + BITAND(BITSHIFTRIGHT("headache", 6), 1) + BITAND(BITSHIFTRIGHT("headache", 7), 1) + BITAND(BITSHIFTRIGHT("headache", 8), 1) + BITAND(BITSHIFTRIGHT("headache", 9), 1) + BITAND(BITSHIFTRIGHT("headache", 10), 1) + BITAND(BITSHIFTRIGHT("headache", 11), 1) + BITAND(BITSHIFTRIGHT("headache", 12), 1) + BITAND(BITSHIFTRIGHT("headache", 13), 1) + BITAND(BITSHIFTRIGHT("headache", 14), 1) + BITAND(BITSHIFTRIGHT("headache", 15), 1) + BITAND(BITSHIFTRIGHT("headache", 16), 1) + BITAND(BITSHIFTRIGHT("headache", 17), 1) + BITAND(BITSHIFTRIGHT("headache", 18), 1) + BITAND(BITSHIFTRIGHT("headache", 19), 1) + BITAND(BITSHIFTRIGHT("headache", 20), 1) + BITAND(BITSHIFTRIGHT("headache", 21), 1) + BITAND(BITSHIFTRIGHT("headache", 22), 1) + BITAND(BITSHIFTRIGHT("headache", 23), 1) + BITAND(BITSHIFTRIGHT("headache", 24), 1) + BITAND(BITSHIFTRIGHT("headache", 25), 1) + BITAND(BITSHIFTRIGHT("headache", 26), 1) + BITAND(BITSHIFTRIGHT("headache", 27), 1)
    )
  ) AS INT) AS "headache_days",
  CAST(SUM(
    (
      BITAND(BITSHIFTRIGHT("medication_known", 0), 1) + BITAND(BITSHIFTRIGHT("medication_known", 1), 1) + BITAND(BITSHIFTRIGHT("medication_known", 2), 1) + BITAND(BITSHIFTRIGHT("medication_known", 3), 1) + BITAND(BITSHIFTRIGHT("medication_known", 4), 1) + BITAND(BITSHIFTRIGHT("medication_known", 5), 1) + BITAND(BITSHIFTRIGHT("medication_known", 6), 1) + BITAND(BITSHIFTRIGHT("medication_known", 7), 1) + BITAND(BITSHIFTRIGHT("medication_known", 8), 1) + BITAND(BITSHIFTRIGHT("medication_known", 9), 1) + BITAND(BITSHIFTRIGHT("medication_known", 10), 1) + BITAND(BITSHIFTRIGHT("medication_known", 11), 1) + BITAND(BITSHIFTRIGHT("medication_known", 12), 1) + BITAND(BITSHIFTRIGHT("medication_known", 13), 1) + BITAND(BITSHIFTRIGHT("medication_known", 14), 1) + BITAND(BITSHIFTRIGHT("medication_known", 15), 1) + BITAND(BITSHIFTRIGHT("medication_known", 16), 1) + BITAND(BITSHIFTRIGHT("medication_known", 17), 1) + BITAND(BITSHIFTRIGHT("medication_known", 18), 1) + BITAND(BITSHIFTRIGHT("medication_known", 19), 1) + BITAND(BITSHIFTRIGHT("medication_known", 20), 1) + BITAND(BITSHIFTRIGHT("medication_known", 21), 1) + BITAND(BITSHIFTRIGHT("medication_known", 22), 1) + BITAND(BITSHIFTRIGHT("medication_known", 23), 1) + BITAND(BITSHIFTRIGHT("medication_known", 24), 1) + BITAND(BITSHIFTRIGHT("medication_known", 25), 1) + BITAND(BITSHIFTRIGHT("medication_known", 26), 1) + BITAND(BITSHIFTRIGHT("medication_known", 27), 1)
    )
  ) AS INT) AS "medication_known_days",
  CAST(SUM(
    (
      BITAND(BITSHIFTRIGHT("medication", 0), 1) + BITAND(BITSHIFTRIGHT("medication", 1), 1) + BITAND(BITSHIFTRIGHT("medication", 2), 1) + BITAND(BITSHIFTRIGHT("medication", 3), 1) + BITAND(BITSHIFTRIGHT("medication", 4), 1) + BITAND(BITSHIFTRIGHT("medication", 5), 1) + BITAND(BITSHIFTRIGHT("medication", 6), 1) + BITAND(BITSHIFTRIGHT("medication", 7), 1) + BITAND(BITSHIFTRIGHT("medication", 8), 1) + BITAND(BITSHIFTRIGHT("medication", 9), 1) + BITAND(BITSHIFTRIGHT("medication", 10), 1) + BITAND(BITSHIFTRIGHT("medication", 11), 1) + BITAND(BITSHIFTRIGHT("medication", 12), 1) + BITAND(BITSHIFTRIGHT("medication", 13), 1) + BITAND(BITSHIFTRIGHT("medication", 14), 1) + BITAND(BITSHIFTRIGHT("medication", 15), 1) + BITAND(BITSHIFTRIGHT("medication", 16), 1) + BITAND(BITSHIFTRIGHT("medication", 17), 1) + BITAND(BITSHIFTRIGHT("medication", 18), 1) + BITAND(BITSHIFTRIGHT("medication", 19), 1) + BITAND(BITSHIFTRIGHT("medication", 20), 1) + BITAND(BITSHIFTRIGHT("medication", 21), 1) + BITAND(BITSHIFTRIGHT("medication", 22), 1) + BITAND(BITSHIFTRIGHT("medication", 23), 1) + BITAND(BITSHIFTRIGHT("medication", 24), 1) + BITAND(BITSHIFTRIGHT("medication", 25), 1) + BITAND(BITSHIFTRIGHT("medication", 26), 1) + BITAND(BITSHIFTRIGHT("medication", 27), 1)
    )
  ) AS INT) AS "medication_days",
  CAST(SUM("intensity_days") AS INT) AS "intensity_days",
  SUM("intensity_sum") / 1000000000000 AS "intensity_sum",
  CAST(SUM("duration_days") AS INT) AS "duration_days",
  SUM("duration_sum") / 1000000000000 AS "duration_sum"
FROM (
  SELECT
    *,
    CASE
      WHEN "segment_start" BETWEEN -28 AND -1
      THEN 'baseline'
      WHEN "segment_start" BETWEEN 56 AND 83
      THEN 'followup'
    END AS "period"
  FROM "segments"
  WHERE
    "segment_start" BETWEEN -28 AND 83
) AS "placed_segments"
WHERE
  NOT "period" IS NULL
GROUP BY
  "patient_id",
  "period"
