SELECT
  "patient_id",
  "relative_day",
  CAST(SUM("copies") AS BIGINT) AS "n_rows",
  CAST(COUNT(*) AS BIGINT) AS "n_different"
FROM (
  SELECT
    "patient_id",
    "date",
    "headache",
    "intensity",
    "relative_day",
    COUNT(*) AS "copies"
  FROM (
    SELECT
      *,
      GREATEST_IGNORE_NULLS(
        28 * (
          CAST(TRUNC((
            "relative_day" + 2800000
          ) / 28) AS BIGINT) - 100000
        ),
        -9999999
      ) AS "segment_start"
    FROM "placed"
  ) AS "cut"
  WHERE
    EXISTS(
      SELECT
        1
      FROM "segments" AS "crowded"
      WHERE
        "crowded"."patient_id" = "cut"."patient_id"
        AND "crowded"."segment_start" = "cut"."segment_start"
        AND "crowded"."n_rows" <> (
          BITAND(BITSHIFTRIGHT("crowded"."recorded", 0), 1) + BITAND(BITSHIFTRIGHT("crowded"."recorded", 1), 1) + BITAND(BITSHIFTRIGHT("crowded"."recorded", 2), 1) + BITAND(BITSHIFTRIGHT("crowded"."recorded", 3), 1) + BITAND(BITSHIFTRIGHT("crowded"."recorded", 4), 1) + BITAND(BITSHIFTRIGHT("crowded"."recorded", 5), 1) + BITAND(BITSHIFTRIGHT("crowded"."recorded", 6), 1) + BITAND(BITSHIFTRIGHT("crowded"."recorded", 7), 1) + BITAND(BITSHIFTRIGHT("crowded"."recorded", 8), 1) + BITAND(BITSHIFTRIGHT("crowded"."recorded", 9), 1) + BITAND(BITSHIFTRIGHT("crowded"."recorded", 10), 1) + BITAND(BITSHIFTRIGHT("crowded"."recorded", 11), 1) + BITAND(BITSHIFTRIGHT("crowded"."recorded", 12), 1) + BITAND(BITSHIFTRIGHT("crowded"."recorded", 13), 1) + BITAND(BITSHIFTRIGHT("crowded"."recorded", 14), 1) + BITAND(BITSHIFTRIGHT("crowded"."recorded", 15), 1) + BITAND(BITSHIFTRIGHT("crowded"."recorded", 16), 1) + BITAND(BITSHIFTRIGHT("crowded"."recorded", 17), 1) + BITAND(BITSHIFTRIGHT("crowded"."recorded", 18), 1) + BITAND(BITSHIFTRIGHT("crowded"."recorded", 19), 1) + BITAND(BITSHIFTRIGHT("crowded"."recorded", 20), 1) + BITAND(BITSHIFTRIGHT("crowded"."recorded", 21), 1) + BITAND(BITSHIFTRIGHT("crowded"."recorded", 22), 1) + BITAND(BITSHIFTRIGHT("crowded"."recorded", 23), 1) + BITAND(BITSHIFTRIGHT("crowded"."recorded", 24), 1) + BITAND(BITSHIFTRIGHT("crowded"."recorded", 25), 1) + BITAND(BITSHIFTRIGHT("crowded"."recorded", 26), 1) + BITAND(BITSHIFTRIGHT("crowded"."recorded", 27), 1)
        )
    )
  GROUP BY
    "patient_id",
    "date",
    "headache",
    "intensity",
    "relative_day"
) AS "rows_once"
GROUP BY
  "patient_id",
  "relative_day"
HAVING
  SUM("copies") > 1
