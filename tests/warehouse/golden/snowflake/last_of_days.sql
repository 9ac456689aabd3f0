SELECT
  "patient_id",
  "date",
  "headache",
  "intensity",
  "placed"."relative_day"
FROM "placed"
JOIN (
  SELECT
    "placed"."patient_id",
    "placed"."relative_day",
    MAX("source_row") AS "last_row"
  FROM "placed"
  JOIN "repeated_days"
    ON "repeated_days"."patient_id" = "placed"."patient_id"
    AND "repeated_days"."relative_day" = "placed"."relative_day"
    AND "repeated_days"."n_different" > 1
  GROUP BY
    "placed"."patient_id",
    "placed"."relative_day"
) AS "last_rows"
  ON "last_rows"."patient_id" = "placed"."patient_id"
  AND "last_rows"."relative_day" = "placed"."relative_day"
  AND "last_rows"."last_row" = "placed"."source_row"
