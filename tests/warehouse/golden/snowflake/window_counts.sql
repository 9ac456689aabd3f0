SELECT
  "standing"."patient_id",
  "standing"."standing",
  "people"."first_day" AS "first_day",
  COALESCE("baseline"."recorded_days", 0) AS "baseline_recorded_days",
  COALESCE("baseline"."headache_days", 0) AS "baseline_headache_days",
  COALESCE("followup"."recorded_days", 0) AS "followup_recorded_days",
  COALESCE("followup"."headache_days", 0) AS "followup_headache_days"
FROM "standing" AS "standing"
JOIN "people" AS "people"
  ON "people"."patient_id" = "standing"."patient_id"
LEFT JOIN "windows" AS "baseline"
  ON "baseline"."patient_id" = "standing"."patient_id"
  AND "baseline"."period" = 'baseline'
  AND "standing"."standing" <> 'no_first_session'
LEFT JOIN "windows" AS "followup"
  ON "followup"."patient_id" = "standing"."patient_id"
  AND "followup"."period" = 'followup'
  AND "standing"."standing" <> 'no_first_session'
WHERE
  "standing"."standing" <> 'outside_cohort'
ORDER BY
  "standing"."patient_id"
