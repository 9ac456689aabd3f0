SELECT
  "segments"."patient_id",
  CASE WHEN "segment_start" BETWEEN -28 AND -1 THEN 'baseline' ELSE 'followup' END AS "period",
  "segment_start" + "slot" AS "relative_day",
  COALESCE((
    "people"."first_day" + "segment_start" + "slot" + 699996
  ) % 7, -1) AS "weekday",
  BITAND((
    BITSHIFTRIGHT("headache", CAST("slot" AS INT))
  ), CAST(1 AS BIGINT)) = 1 AS "headache"
FROM "segments" AS "segments"
JOIN "standing" AS "standing"
  ON "standing"."patient_id" = "segments"."patient_id"
JOIN "people" AS "people"
  ON "people"."patient_id" = "segments"."patient_id"
CROSS JOIN (
  SELECT
    0 AS "slot"
  UNION ALL
  SELECT
    1
  UNION ALL
  SELECT
    2
  UNION ALL
  SELECT
    3
  UNION ALL
  SELECT
    4
  UNION ALL
  SELECT
    5
  UNION ALL
  SELECT
    6
  UNION ALL
  SELECT
    7
  UNION ALL
  SELECT
    8
  UNION ALL
  SELECT
    9
  UNION ALL
  SELECT
    10
  UNION ALL
  SELECT
    11
  UNION ALL
  SELECT
    12
  UNION ALL
  SELECT
    13
  UNION ALL
  SELECT
    14
  UNION ALL
  SELECT
    15
  UNION ALL
  SELECT
    16
  UNION ALL
  SELECT
    17
  UNION ALL
  SELECT
    18
  UNION ALL
  SELECT
    19
  UNION ALL
  SELECT
    20
  UNION ALL
  SELECT
    21
  UNION ALL
  SELECT
    22
  UNION ALL
  SELECT
    23
  UNION ALL
  SELECT
    24
  UNION ALL
  SELECT
    25
  UNION ALL
  SELECT
    26
  UNION ALL
  SELECT
    27
) AS "slots"
WHERE
  (
    "segment_start" BETWEEN -28 AND -1 OR "segment_start" BETWEEN 56 AND 83
  )
  AND NOT "standing"."standing" IN ('outside_cohort', 'no_first_session')
  AND BITAND((
    BITSHIFTRIGHT("recorded", CAST("slot" AS INT))
  ), CAST(1 AS BIGINT)) = 1
ORDER BY
  "segments"."patient_id",
  "segment_start" + "slot"
