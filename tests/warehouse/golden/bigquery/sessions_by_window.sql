SELECT
  `patient_id`,
  CAST(SUM(CASE WHEN `relative_day` BETWEEN -28 AND 167 THEN 1 ELSE 0 END) AS INT64) AS `sessions_in_window`,
  MAX(CASE WHEN `relative_day` < -28 THEN `relative_day` END) AS `last_before`
FROM (
  SELECT
    `sessions`.`patient_id`,
    DATE_DIFF(`date`, `first_day`, DAY) AS `relative_day`
  FROM `sessions`
  LEFT JOIN `first_sessions` AS `first_days`
    ON `first_days`.`patient_id` = `sessions`.`patient_id`
) AS `placed_sessions`
GROUP BY
  `patient_id`
ORDER BY
  `patient_id` NULLS LAST
