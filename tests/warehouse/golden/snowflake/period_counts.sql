SELECT
  "segments"."patient_id",
  CAST(TRUNC((
    "segment_start" + 2800000
  ) / 28) AS BIGINT) - 100000 AS "period",
  CAST(SUM(
    (
      BITAND(BITSHIFTRIGHT("recorded", 0), 1) + BITAND(BITSHIFTRIGHT("recorded", 1), 1) + BITAND(BITSHIFTRIGHT("recorded", 2), 1) + BITAND(BITSHIFTRIGHT("recorded", 3), 1) + BITAND(BITSHIFTRIGHT("recorded", 4), 1) + BITAND(BITSHIFTRIGHT("recorded", 5), 1) + BITAND(BITSHIFTRIGHT("recorded", 6), 1) + BITAND(BITSHIFTRIGHT("recorded", 7), 1) + BITAND(BITSHIFTRIGHT("recorded", 8), 1) + BITAND(BITSHIFTRIGHT("recorded", 9), 1) + BITAND(BITSHIFTRIGHT("recorded", 10), 1) + BITAND(BITSHIFTRIGHT("recorded", 11), 1) + BITAND(BITSHIFTRIGHT("recorded", 12), 1) + BITAND(BITSHIFTRIGHT("recorded", 13), 1) + BITAND(BITSHIFTRIGHT("recorded", 14), 1) + BITAND(BITSHIFTRIGHT("recorded", 15), 1) + BITAND(BITSHIFTRIGHT("recorded", 16), 1) + BITAND(BITSHIFTRIGHT("recorded", 17), 1) + BITAND(BITSHIFTRIGHT("recorded", 18), 1) + BITAND(BITSHIFTRIGHT("recorded", 19), 1) + BITAND(BITSHIFTRIGHT("recorded", 20), 1) + BITAND(BITSHIFTRIGHT("recorded", 21), 1) + BITAND(BITSHIFTRIGHT("recorded", 22), 1) + BITAND(BITSHIFTRIGHT("recorded", 23), 1) + BITAND(BITSHIFTRIGHT("recorded", 24), 1) + BITAND(BITSHIFTRIGHT("recorded", 25), 1) + BITAND(BITSHIFTRIGHT("recorded", 26), 1) + BITAND(BITSHIFTRIGHT("recorded", 27), 1)
    )
  ) AS INT) AS "recorded_days",
  CAST(SUM(
    (
      BITAND(BITSHIFTRIGHT("headache", 0), 1) + BITAND(BITSHIFTRIGHT("headache", 1), 1) + BITAND(BITSHIFTRIGHT("headache", 2), 1) + BITAND(BITSHIFTRIGHT("headache", 3), 1) + BITAND(BITSHIFTRIGHT("headache", 4), 1) + BITAND(BITSHIFTRIGHT("headache", 5), 1) + BITAND(BITSHIFTRIGHT("headache", 6), 1) + BITAND(BITSHIFTRIGHT("headache", 7), 1) + BITAND(BITSHIFTRIGHT("headache", 8), 1) + BITAND(BITSHIFTRIGHT("headache", 9), 1) + BITAND(BITSHIFTRIGHT("headache", 10), 1) + BITAND(BITSHIFTRIGHT("headache", 11), 1) + BITAND(BITSHIFTRIGHT("headache", 12), 1) + BITAND(BITSHIFTRIGHT("headache", 13), 1) + BITAND(BITSHIFTRIGHT("headache", 14), 1) + BITAND(BITSHIFTRIGHT("headache", 15), 1) + BITAND(BITSHIFTRIGHT("headache", 16), 1) + BITAND(BITSHIFTRIGHT("headache", 17), 1) + BITAND(BITSHIFTRIGHT("headache", 18), 1) + BITAND(BITSHIFTRIGHT("headache", 19), 1) + BITAND(BITSHIFTRIGHT("headache", 20), 1) + BITAND(BITSHIFTRIGHT("headache", 21), 1) + BITAND(BITSHIFTRIGHT("headache", 22), 1) + BITAND(BITSHIFTRIGHT("headache", 23), 1) + BITAND(BITSHIFTRIGHT("headache", 24), 1) + BITAND(BITSHIFTRIGHT("headache", 25), 1) + BITAND(BITSHIFTRIGHT("headache", 26), 1) + BITAND(BITSHIFTRIGHT("headache", 27), 1)
    )
  ) AS INT) AS "headache_days"
FROM "segments" AS "segments"
JOIN "standing" AS "standing"
  ON "standing"."patient_id" = "segments"."patient_id"
WHERE
  "segment_start" <> 0
  AND "segment_start" BETWEEN -28 AND 167
  AND NOT "standing"."standing" IN ('outside_cohort', 'no_first_session')
GROUP BY
  "segments"."patient_id",
  CAST(TRUNC((
    "segment_start" + 2800000
  ) / 28) AS BIGINT) - 100000
ORDER BY
  "segments"."patient_id",
  "period"
