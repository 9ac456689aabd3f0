SELECT
  "diary_usable".*,
  CAST(DATEDIFF(DAY, COALESCE("first_day", CAST('1970-01-01' AS DATE)), "date") AS INT) AS "relative_day"
FROM "diary_usable"
LEFT JOIN "first_sessions"
  USING ("patient_id")
