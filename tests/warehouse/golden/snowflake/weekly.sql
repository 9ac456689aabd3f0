SELECT
  "patient_id",
  "week",
  CAST(SUM(
    (
      BITAND(BITSHIFTRIGHT(BITAND("recorded", "week_mask"), 0), 1) + BITAND(BITSHIFTRIGHT(BITAND("recorded", "week_mask"), 1), 1) + BITAND(BITSHIFTRIGHT(BITAND("recorded", "week_mask"), 2), 1) + BITAND(BITSHIFTRIGHT(BITAND("recorded", "week_mask"), 3), 1) + BITAND(BITSHIFTRIGHT(BITAND("recorded", "week_mask"), 4), 1) + BITAND(BITSHIFTRIGHT(BITAND("recorded", "week_mask"), 5), 1) + BITAND(BITSHIFTRIGHT(BITAND("recorded", "week_mask"), 6), 1) + BITAND(BITSHIFTRIGHT(BITAND("recorded", "week_mask"), 7), 1) + BITAND(BITSHIFTRIGHT(BITAND("recorded", "week_mask"), 8), 1) + BITAND(BITSHIFTRIGHT(BITAND("recorded", "week_mask"), 9), 1) + BITAND(BITSHIFTRIGHT(BITAND("recorded", "week_mask"), 10), 1) + BITAND(BITSHIFTRIGHT(BITAND("recorded", "week_mask"), 11), 1) + BITAND(BITSHIFTRIGHT(BITAND("recorded", "week_mask"), 12), 1) + BITAND(BITSHIFTRIGHT(BITAND("recorded", "week_mask"), 13), 1) + BITAND(BITSHIFTRIGHT(BITAND("recorded", "week_mask"), 14), 1) + BITAND(BITSHIFTRIGHT(BITAND("recorded", "week_mask"), 15), 1) + BITAND(BITSHIFTRIGHT(BITAND("recorded", "week_mask"), 16), 1) + BITAND(BITSHIFTRIGHT(BITAND("recorded", "week_mask"), 17), 1) + BITAND(BITSHIFTRIGHT(BITAND("recorded", "week_mask"), 18), 1) + BITAND(BITSHIFTRIGHT(BITAND("recorded", "week_mask"), 19), 1) + BITAND(BITSHIFTRIGHT(BITAND("recorded", "week_mask"), 20), 1) + BITAND(BITSHIFTRIGHT(BITAND("recorded", "week_mask"), 21), 1) + BITAND(BITSHIFTRIGHT(BITAND("recorded", "week_mask"), 22), 1) + BITAND(BITSHIFTRIGHT(BITAND("recorded", "week_mask"), 23), 1) + BITAND(BITSHIFTRIGHT(BITAND("recorded", "week_mask"), 24), 1) + BITAND(BITSHIFTRIGHT(BITAND("recorded", "week_mask"), 25), 1) + BITAND(BITSHIFTRIGHT(BITAND("recorded", "week_mask"), 26), 1) + BITAND(BITSHIFTRIGHT(BITAND("recorded", "week_mask"), 27), 1)
    )
  ) AS INT) AS "recorded_days",
  CAST(SUM(
    (
      BITAND(BITSHIFTRIGHT(BITAND("headache", "week_mask"), 0), 1) + BITAND(BITSHIFTRIGHT(BITAND("headache", "week_mask"), 1), 1) + BITAND(BITSHIFTRIGHT(BITAND("headache", "week_mask"), 2), 1) + BITAND(BITSHIFTRIGHT(BITAND("headache", "week_mask"), 3), 1) + BITAND(BITSHIFTRIGHT(BITAND("headache", "week_mask"), 4), 1) + BITAND(BITSHIFTRIGHT(BITAND("headache", "week_mask"), 5), 1) + BITAND(BITSHIFTRIGHT(BITAND("headache", "week_mask"), 6), 1) + BITAND(BITSHIFTRIGHT(BITAND("headache", "week_mask"), 7), 1) + BITAND(BITSHIFTRIGHT(BITAND("headache", "week_mask"), 8), 1) + BITAND(BITSHIFTRIGHT(BITAND("headache", "week_mask"), 9), 1) + BITAND(BITSHIFTRIGHT(BITAND("headache", "week_mask"), 10), 1) + BITAND(BITSHIFTRIGHT(BITAND("headache", "week_mask"), 11), 1) + BITAND(BITSHIFTRIGHT(BITAND("headache", "week_mask"), 12), 1) + BITAND(BITSHIFTRIGHT(BITAND("headache", "week_mask"), 13), 1) + BITAND(BITSHIFTRIGHT(BITAND("headache", "week_mask"), 14), 1) + BITAND(BITSHIFTRIGHT(BITAND("headache", "week_mask"), 15), 1) + BITAND(BITSHIFTRIGHT(BITAND("headache", "week_mask"), 16), 1) + BITAND(BITSHIFTRIGHT(BITAND("headache", "week_mask"), 17), 1) + BITAND(BITSHIFTRIGHT(BITAND("headache", "week_mask"), 18), 1) + BITAND(BITSHIFTRIGHT(BITAND("headache", "week_mask"), 19), 1) + BITAND(BITSHIFTRIGHT(BITAND("headache", "week_mask"), 20), 1) + BITAND(BITSHIFTRIGHT(BITAND("headache", "week_mask"), 21), 1) + BITAND(BITSHIFTRIGHT(BITAND("headache", "week_mask"), 22), 1) + BITAND(BITSHIFTRIGHT(BITAND("headache", "week_mask"), 23), 1) + BITAND(BITSHIFTRIGHT(BITAND("headache", "week_mask"), 24), 1) + BITAND(BITSHIFTRIGHT(BITAND("headache", "week_mask"), 25), 1) + BITAND(BITSHIFTRIGHT(BITAND("headache", "week_mask"), 26), 1) + BITAND(BITSHIFTRIGHT(BITAND("headache", "week_mask"), 27), 1)
    )
  ) AS INT) AS "headache_days"
FROM (
  SELECT
    "patient_id",
    "recorded",
    "headache",
    "week",
    CASE
      WHEN 7 * "week" >= "segment_start"
      THEN BITSHIFTLEFT(CAST(127 AS BIGINT), CAST(7 * "week" - "segment_start" AS INT))
      ELSE BITSHIFTRIGHT(CAST(127 AS BIGINT), CAST("segment_start" - 7 * "week" AS INT))
    END AS "week_mask"
  FROM (
    SELECT
      "patient_id",
      "recorded",
      "headache",
      "segment_start",
      CAST(TRUNC((
        "segment_start" + 2800000
      ) / 7) AS BIGINT) - 400000 + "slot" AS "week"
    FROM "segments"
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
    ) AS "slots"
    WHERE
      "segment_start" <> 0 AND "segment_start" BETWEEN -28 - 28 AND 167
  ) AS "slotted"
) AS "masked"
WHERE
  7 * "week" BETWEEN -28 AND 167
GROUP BY
  "patient_id",
  "week"
HAVING
  SUM(
    (
      BITAND(BITSHIFTRIGHT(BITAND("recorded", "week_mask"), 0), 1) + BITAND(BITSHIFTRIGHT(BITAND("recorded", "week_mask"), 1), 1) + BITAND(BITSHIFTRIGHT(BITAND("recorded", "week_mask"), 2), 1) + BITAND(BITSHIFTRIGHT(BITAND("recorded", "week_mask"), 3), 1) + BITAND(BITSHIFTRIGHT(BITAND("recorded", "week_mask"), 4), 1) + BITAND(BITSHIFTRIGHT(BITAND("recorded", "week_mask"), 5), 1) + BITAND(BITSHIFTRIGHT(BITAND("recorded", "week_mask"), 6), 1) + BITAND(BITSHIFTRIGHT(BITAND("recorded", "week_mask"), 7), 1) + BITAND(BITSHIFTRIGHT(BITAND("recorded", "week_mask"), 8), 1) + BITAND(BITSHIFTRIGHT(BITAND("recorded", "week_mask"), 9), 1) + BITAND(BITSHIFTRIGHT(BITAND("recorded", "week_mask"), 10), 1) + BITAND(BITSHIFTRIGHT(BITAND("recorded", "week_mask"), 11), 1) + BITAND(BITSHIFTRIGHT(BITAND("recorded", "week_mask"), 12), 1) + BITAND(BITSHIFTRIGHT(BITAND("recorded", "week_mask"), 13), 1) + BITAND(BITSHIFTRIGHT(BITAND("recorded", "week_mask"), 14), 1) + BITAND(BITSHIFTRIGHT(BITAND("recorded", "week_mask"), 15), 1) + BITAND(BITSHIFTRIGHT(BITAND("recorded", "week_mask"), 16), 1) + BITAND(BITSHIFTRIGHT(BITAND("recorded", "week_mask"), 17), 1) + BITAND(BITSHIFTRIGHT(BITAND("recorded", "week_mask"), 18), 1) + BITAND(BITSHIFTRIGHT(BITAND("recorded", "week_mask"), 19), 1) + BITAND(BITSHIFTRIGHT(BITAND("recorded", "week_mask"), 20), 1) + BITAND(BITSHIFTRIGHT(BITAND("recorded", "week_mask"), 21), 1) + BITAND(BITSHIFTRIGHT(BITAND("recorded", "week_mask"), 22), 1) + BITAND(BITSHIFTRIGHT(BITAND("recorded", "week_mask"), 23), 1) + BITAND(BITSHIFTRIGHT(BITAND("recorded", "week_mask"), 24), 1) + BITAND(BITSHIFTRIGHT(BITAND("recorded", "week_mask"), 25), 1) + BITAND(BITSHIFTRIGHT(BITAND("recorded", "week_mask"), 26), 1) + BITAND(BITSHIFTRIGHT(BITAND("recorded", "week_mask"), 27), 1)
    )
  ) > 0
