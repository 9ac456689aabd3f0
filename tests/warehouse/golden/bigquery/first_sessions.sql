SELECT
  `patient_id`,
  MIN(`session_day`) AS `first_day`
FROM (
  SELECT
    `patient_id`,
    `date` AS `session_day`
  FROM `sessions_checked`
  WHERE
    NOT `patient_id` IS NULL
) AS `sessions`
GROUP BY
  `patient_id`
HAVING
  COUNT(*) = COUNT(`session_day`)
UNION ALL
SELECT
  `patient_id`,
  MIN(`index_date`) AS `first_day`
FROM `patients_checked`
WHERE
  NOT `patient_id` IS NULL
  AND NOT `patient_id` IN (
    SELECT
      `patient_id`
    FROM `sessions_checked`
    WHERE
      NOT `patient_id` IS NULL
  )
GROUP BY
  `patient_id`
HAVING
  COUNT(DISTINCT `index_date`) = 1
