SELECT
  `diary_usable`.*,
  CAST(DATE_DIFF(`date`, COALESCE(`first_day`, CAST('1970-01-01' AS DATE)), DAY) AS INT64) AS `relative_day`
FROM `diary_usable`
LEFT JOIN `first_sessions`
  USING (`patient_id`)
