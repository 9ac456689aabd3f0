SELECT
  "cohort",
  "week" AS "step",
  "recorded_days",
  "headache_days",
  COUNT(*) AS "patients"
FROM (
  SELECT
    "patient_id",
    "week",
    "recorded_days",
    "headache_days"
  FROM "weeks"
) AS "weekly"
JOIN (
  SELECT
    "patient_id",
    'all' AS "cohort"
  FROM "standing"
) AS "cohorts"
  USING ("patient_id")
WHERE
  "recorded_days" >= 20
GROUP BY
  "cohort",
  "week",
  "recorded_days",
  "headache_days"
ORDER BY
  "cohort",
  "week",
  "recorded_days",
  "headache_days"
