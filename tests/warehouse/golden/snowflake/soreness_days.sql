SELECT DISTINCT
  "placed"."patient_id",
  "placed"."relative_day",
  CAST("placed"."soreness" AS DOUBLE) AS "soreness"
FROM "placed"
JOIN "standing" AS "standing"
  ON "standing"."patient_id" = "placed"."patient_id"
WHERE
  NOT "placed"."soreness" IS NULL
  AND NOT "standing"."standing" IN ('outside_cohort', 'no_first_session')
ORDER BY
  "placed"."patient_id",
  "placed"."relative_day"
