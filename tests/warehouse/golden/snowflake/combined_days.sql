SELECT
  "patient_id",
  "relative_day",
  MIN("date") AS "date",
  MAX(CASE WHEN "headache" THEN 1 ELSE 0 END) = 1 AS "headache",
  CASE
    WHEN MAX(CASE WHEN "headache" THEN 1 ELSE 0 END) = 1
    THEN MAX(CASE WHEN "headache" THEN "intensity" END)
    ELSE MAX("intensity")
  END AS "intensity",
  CASE
    WHEN MAX(CASE WHEN "headache" THEN 1 ELSE 0 END) = 1
    THEN MAX(CASE WHEN "headache" THEN "duration_hours" END)
    ELSE MAX("duration_hours")
  END AS "duration_hours",
  MAX(CASE WHEN "acute_medication" THEN 1 WHEN NOT "acute_medication" THEN 0 END) = 1 AS "acute_medication"
FROM (
  SELECT DISTINCT
    "patient_id",
    "date",
    "headache",
    "intensity",
    "placed"."relative_day"
  FROM "placed"
  JOIN "repeated_days"
    ON "repeated_days"."patient_id" = "placed"."patient_id"
    AND "repeated_days"."relative_day" = "placed"."relative_day"
    AND "repeated_days"."n_different" > 1
) AS "rows_once"
GROUP BY
  "patient_id",
  "relative_day"
