SELECT
  "diary_usable".*,
  CAST("day" - COALESCE("first_day", 0) AS INT) AS "relative_day"
FROM "diary_usable"
LEFT JOIN "first_sessions"
  USING ("patient_id")
