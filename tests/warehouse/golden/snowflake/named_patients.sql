SELECT
  "patient_id"
FROM "patients_checked"
WHERE
  NOT "patient_id" IS NULL
UNION
SELECT
  "patient_id"
FROM "sessions_checked"
WHERE
  NOT "patient_id" IS NULL
UNION
SELECT
  "patient_id"
FROM "summaries_checked"
WHERE
  NOT "patient_id" IS NULL
UNION
SELECT
  "patient_id"
FROM "scores_checked"
WHERE
  NOT "patient_id" IS NULL
UNION
SELECT
  "patient_id"
FROM "events_checked"
WHERE
  NOT "patient_id" IS NULL
UNION
SELECT
  "patient_id"
FROM (
  SELECT DISTINCT
    "patient_id"
  FROM "segments"
) AS "diary"
WHERE
  NOT "patient_id" IS NULL
