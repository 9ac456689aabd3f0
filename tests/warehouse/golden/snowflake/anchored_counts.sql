SELECT
  "patient_id",
  "anchor",
  "number",
  CAST(SUM(
    (
      BITAND(BITSHIFTRIGHT(BITAND("recorded", "window_mask"), 0), 1) + BITAND(BITSHIFTRIGHT(BITAND("recorded", "window_mask"), 1), 1) + BITAND(BITSHIFTRIGHT(BITAND("recorded", "window_mask"), 2), 1) + BITAND(BITSHIFTRIGHT(BITAND("recorded", "window_mask"), 3), 1) + BITAND(BITSHIFTRIGHT(BITAND("recorded", "window_mask"), 4), 1) + BITAND(BITSHIFTRIGHT(BITAND("recorded", "window_mask"), 5), 1) + BITAND(BITSHIFTRIGHT(BITAND("recorded", "window_mask"), 6), 1) + BITAND(BITSHIFTRIGHT(BITAND("recorded", "window_mask"), 7), 1) + BITAND(BITSHIFTRIGHT(BITAND("recorded", "window_mask"), 8), 1) + BITAND(BITSHIFTRIGHT(BITAND("recorded", "window_mask"), 9), 1) + BITAND(BITSHIFTRIGHT(BITAND("recorded", "window_mask"), 10), 1) + BITAND(BITSHIFTRIGHT(BITAND("recorded", "window_mask"), 11), 1) + BITAND(BITSHIFTRIGHT(BITAND("recorded", "window_mask"), 12), 1) + BITAND(BITSHIFTRIGHT(BITAND("recorded", "window_mask"), 13), 1) + BITAND(BITSHIFTRIGHT(BITAND("recorded", "window_mask"), 14), 1) + BITAND(BITSHIFTRIGHT(BITAND("recorded", "window_mask"), 15), 1) + BITAND(BITSHIFTRIGHT(BITAND("recorded", "window_mask"), 16), 1) + BITAND(BITSHIFTRIGHT(BITAND("recorded", "window_mask"), 17), 1) + BITAND(BITSHIFTRIGHT(BITAND("recorded", "window_mask"), 18), 1) + BITAND(BITSHIFTRIGHT(BITAND("recorded", "window_mask"), 19), 1) + BITAND(BITSHIFTRIGHT(BITAND("recorded", "window_mask"), 20), 1) + BITAND(BITSHIFTRIGHT(BITAND("recorded", "window_mask"), 21), 1) + BITAND(BITSHIFTRIGHT(BITAND("recorded", "window_mask"), 22), 1) + BITAND(BITSHIFTRIGHT(BITAND("recorded", "window_mask"), 23), 1) + BITAND(BITSHIFTRIGHT(BITAND("recorded", "window_mask"), 24), 1) + BITAND(BITSHIFTRIGHT(BITAND("recorded", "window_mask"), 25), 1) + BITAND(BITSHIFTRIGHT(BITAND("recorded", "window_mask"), 26), 1) + BITAND(BITSHIFTRIGHT(BITAND("recorded", "window_mask"), 27), 1)
    )
  ) AS INT) AS "recorded_days",
  CAST(SUM(
    (
      BITAND(BITSHIFTRIGHT(BITAND("headache", "window_mask"), 0), 1) + BITAND(BITSHIFTRIGHT(BITAND("headache", "window_mask"), 1), 1) + BITAND(BITSHIFTRIGHT(BITAND("headache", "window_mask"), 2), 1) + BITAND(BITSHIFTRIGHT(BITAND("headache", "window_mask"), 3), 1) + BITAND(BITSHIFTRIGHT(BITAND("headache", "window_mask"), 4), 1) + BITAND(BITSHIFTRIGHT(BITAND("headache", "window_mask"), 5), 1) + BITAND(BITSHIFTRIGHT(BITAND("headache", "window_mask"), 6), 1) + BITAND(BITSHIFTRIGHT(BITAND("headache", "window_mask"), 7), 1) + BITAND(BITSHIFTRIGHT(BITAND("headache", "window_mask"), 8), 1) + BITAND(BITSHIFTRIGHT(BITAND("headache", "window_mask"), 9), 1) + BITAND(BITSHIFTRIGHT(BITAND("headache", "window_mask"), 10), 1) + BITAND(BITSHIFTRIGHT(BITAND("headache", "window_mask"), 11), 1) + BITAND(BITSHIFTRIGHT(BITAND("headache", "window_mask"), 12), 1) + BITAND(BITSHIFTRIGHT(BITAND("headache", "window_mask"), 13), 1) + BITAND(BITSHIFTRIGHT(BITAND("headache", "window_mask"), 14), 1) + BITAND(BITSHIFTRIGHT(BITAND("headache", "window_mask"), 15), 1) + BITAND(BITSHIFTRIGHT(BITAND("headache", "window_mask"), 16), 1) + BITAND(BITSHIFTRIGHT(BITAND("headache", "window_mask"), 17), 1) + BITAND(BITSHIFTRIGHT(BITAND("headache", "window_mask"), 18), 1) + BITAND(BITSHIFTRIGHT(BITAND("headache", "window_mask"), 19), 1) + BITAND(BITSHIFTRIGHT(BITAND("headache", "window_mask"), 20), 1) + BITAND(BITSHIFTRIGHT(BITAND("headache", "window_mask"), 21), 1) + BITAND(BITSHIFTRIGHT(BITAND("headache", "window_mask"), 22), 1) + BITAND(BITSHIFTRIGHT(BITAND("headache", "window_mask"), 23), 1) + BITAND(BITSHIFTRIGHT(BITAND("headache", "window_mask"), 24), 1) + BITAND(BITSHIFTRIGHT(BITAND("headache", "window_mask"), 25), 1) + BITAND(BITSHIFTRIGHT(BITAND("headache", "window_mask"), 26), 1) + BITAND(BITSHIFTRIGHT(BITAND("headache", "window_mask"), 27), 1)
    )
  ) AS INT) AS "headache_days"
FROM (
  SELECT
    "patient_id",
    "anchor",
    "number",
    "recorded",
    "headache",
    CASE
      WHEN "first_slot" >= 28 OR "first_slot" <= -28
      THEN CAST(0 AS BIGINT)
      WHEN "first_slot" >= 0
      THEN BITSHIFTLEFT(CAST(268435455 AS BIGINT), CAST("first_slot" AS INT))
      ELSE BITSHIFTRIGHT(CAST(268435455 AS BIGINT), CAST(-"first_slot" AS INT))
    END AS "window_mask"
  FROM (
    SELECT
      "patient_id",
      "anchor",
      "number",
      "recorded",
      "headache",
      "anchor" + 28 * "number" - "segment_start" AS "first_slot"
    FROM (
      SELECT
        "segments"."patient_id",
        "anchors"."anchor",
        "segments"."recorded",
        "segments"."headache",
        "segments"."segment_start",
        CAST(TRUNC((
          "segments"."segment_start" - "anchors"."anchor" + 100000 * 28
        ) / 28) AS BIGINT) - 100000 + "slot" AS "number"
      FROM "segments" AS "segments"
      JOIN "anchors" AS "anchors"
        ON "anchors"."patient_id" = "segments"."patient_id"
      JOIN "standing" AS "standing"
        ON "standing"."patient_id" = "segments"."patient_id"
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
        "segments"."segment_start" <> 0
        AND NOT "standing"."standing" IN ('outside_cohort', 'no_first_session')
    ) AS "numbered"
  ) AS "slotted"
) AS "masked"
GROUP BY
  "patient_id",
  "anchor",
  "number"
HAVING
  SUM(
    (
      BITAND(BITSHIFTRIGHT(BITAND("recorded", "window_mask"), 0), 1) + BITAND(BITSHIFTRIGHT(BITAND("recorded", "window_mask"), 1), 1) + BITAND(BITSHIFTRIGHT(BITAND("recorded", "window_mask"), 2), 1) + BITAND(BITSHIFTRIGHT(BITAND("recorded", "window_mask"), 3), 1) + BITAND(BITSHIFTRIGHT(BITAND("recorded", "window_mask"), 4), 1) + BITAND(BITSHIFTRIGHT(BITAND("recorded", "window_mask"), 5), 1) + BITAND(BITSHIFTRIGHT(BITAND("recorded", "window_mask"), 6), 1) + BITAND(BITSHIFTRIGHT(BITAND("recorded", "window_mask"), 7), 1) + BITAND(BITSHIFTRIGHT(BITAND("recorded", "window_mask"), 8), 1) + BITAND(BITSHIFTRIGHT(BITAND("recorded", "window_mask"), 9), 1) + BITAND(BITSHIFTRIGHT(BITAND("recorded", "window_mask"), 10), 1) + BITAND(BITSHIFTRIGHT(BITAND("recorded", "window_mask"), 11), 1) + BITAND(BITSHIFTRIGHT(BITAND("recorded", "window_mask"), 12), 1) + BITAND(BITSHIFTRIGHT(BITAND("recorded", "window_mask"), 13), 1) + BITAND(BITSHIFTRIGHT(BITAND("recorded", "window_mask"), 14), 1) + BITAND(BITSHIFTRIGHT(BITAND("recorded", "window_mask"), 15), 1) + BITAND(BITSHIFTRIGHT(BITAND("recorded", "window_mask"), 16), 1) + BITAND(BITSHIFTRIGHT(BITAND("recorded", "window_mask"), 17), 1) + BITAND(BITSHIFTRIGHT(BITAND("recorded", "window_mask"), 18), 1) + BITAND(BITSHIFTRIGHT(BITAND("recorded", "window_mask"), 19), 1) + BITAND(BITSHIFTRIGHT(BITAND("recorded", "window_mask"), 20), 1) + BITAND(BITSHIFTRIGHT(BITAND("recorded", "window_mask"), 21), 1) + BITAND(BITSHIFTRIGHT(BITAND("recorded", "window_mask"), 22), 1) + BITAND(BITSHIFTRIGHT(BITAND("recorded", "window_mask"), 23), 1) + BITAND(BITSHIFTRIGHT(BITAND("recorded", "window_mask"), 24), 1) + BITAND(BITSHIFTRIGHT(BITAND("recorded", "window_mask"), 25), 1) + BITAND(BITSHIFTRIGHT(BITAND("recorded", "window_mask"), 26), 1) + BITAND(BITSHIFTRIGHT(BITAND("recorded", "window_mask"), 27), 1)
    )
  ) > 0
ORDER BY
  "patient_id",
  "anchor",
  "number"
