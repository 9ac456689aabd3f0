SELECT
  "standing"."patient_id",
  "periods"."period",
  COALESCE("windows"."recorded_days", 0) AS "recorded_days",
  COALESCE("windows"."medication_known_days", 0) AS "medication_known_days",
  COALESCE("windows"."recorded_days", 0) >= "periods"."minimum" AS "covered",
  CASE
    WHEN "windows"."recorded_days" >= "periods"."minimum"
    THEN CAST(28 AS DOUBLE) * "windows"."headache_days" / "windows"."recorded_days"
  END AS "headache_days_per_28",
  CASE
    WHEN "windows"."recorded_days" >= "periods"."minimum"
    AND "windows"."intensity_days" > 0
    THEN "windows"."intensity_sum" / "windows"."intensity_days"
  END AS "intensity_on_headache_days",
  CASE
    WHEN "windows"."recorded_days" >= "periods"."minimum"
    AND "windows"."headache_days" = 0
    THEN CAST(0 AS DOUBLE)
    WHEN "windows"."recorded_days" >= "periods"."minimum"
    AND "windows"."intensity_days" > 0
    THEN CAST(28 AS DOUBLE) * "windows"."intensity_sum" * "windows"."headache_days" / "windows"."intensity_days" / "windows"."recorded_days"
  END AS "burden_per_28",
  CASE
    WHEN "windows"."medication_known_days" >= "periods"."minimum"
    THEN CAST(28 AS DOUBLE) * "windows"."medication_days" / "windows"."medication_known_days"
  END AS "acute_medication_days_per_28",
  CASE
    WHEN "windows"."recorded_days" >= "periods"."minimum"
    AND "windows"."duration_days" > 0
    THEN "windows"."duration_sum" / "windows"."duration_days"
  END AS "hours_on_headache_days"
FROM "standing" AS "standing"
CROSS JOIN (
  SELECT
    'baseline' AS "period",
    20 AS "minimum"
  UNION ALL
  SELECT
    'followup' AS "period",
    20 AS "minimum"
) AS "periods"
LEFT JOIN "windows" AS "windows"
  ON "windows"."patient_id" = "standing"."patient_id"
  AND "windows"."period" = "periods"."period"
  AND "standing"."standing" <> 'no_first_session'
WHERE
  "standing"."standing" <> 'outside_cohort'
ORDER BY
  "standing"."patient_id",
  "periods"."period"
