SELECT
  "patient_id",
  "segment_start",
  CAST(COUNT(*) AS INT) AS "n_rows",
  BITORAGG("day_bit") AS "recorded",
  BITORAGG(CASE WHEN "headache" THEN "day_bit" ELSE CAST(0 AS BIGINT) END) AS "headache",
  BITORAGG(
    CASE WHEN NOT "acute_medication" IS NULL THEN "day_bit" ELSE CAST(0 AS BIGINT) END
  ) AS "medication_known",
  BITORAGG(CASE WHEN "acute_medication" THEN "day_bit" ELSE CAST(0 AS BIGINT) END) AS "medication",
  CAST(COUNT(CASE WHEN "headache" THEN "intensity" END) AS INT) AS "intensity_days",
  SUM(CASE WHEN "headache" THEN ROUND("intensity" * 1000000000000) END) AS "intensity_sum",
  CAST(COUNT(CASE WHEN "headache" THEN "duration_hours" END) AS INT) AS "duration_days",
  SUM(CASE WHEN "headache" THEN ROUND("duration_hours" * 1000000000000) END) AS "duration_sum"
FROM (
  SELECT
    "patient_id",
    "segment_start",
    BITSHIFTLEFT(CAST(1 AS BIGINT), CAST("relative_day" - "segment_start" AS INT)) AS "day_bit",
    "headache",
    "intensity",
    "duration_hours",
    "acute_medication"
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
) AS "marked"
GROUP BY
  "patient_id",
  "segment_start"
