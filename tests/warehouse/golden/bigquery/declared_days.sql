SELECT
  `spans`.`patient_id`,
  `spans`.`recorded_from` + `span_days`.`n` AS `date`
FROM `patients` AS `spans`
JOIN `span_days`
  ON `span_days`.`n` <= `spans`.`recorded_to` - `spans`.`recorded_from`
  AND `spans`.`recorded_to` - `spans`.`recorded_from` <= 3660
LEFT JOIN (
  SELECT DISTINCT
    `patient_id`,
    `date`
  FROM `diary_checked`
) AS `told`
  ON `told`.`patient_id` = `spans`.`patient_id`
  AND `told`.`date` = `spans`.`recorded_from` + `span_days`.`n`
LEFT JOIN (
  SELECT DISTINCT
    `date`
  FROM `diary_checked`
  WHERE
    `patient_id` IS NULL AND NOT `date` IS NULL
) AS `anybodys`
  ON `anybodys`.`date` = `spans`.`recorded_from` + `span_days`.`n`
WHERE
  `told`.`patient_id` IS NULL
  AND `spans`.`recorded_from` + `span_days`.`n` <= CAST('2026-10-31' AS DATE)
  AND `anybodys`.`date` IS NULL
  AND `spans`.`patient_id` IN (
    SELECT
      `patient_id`
    FROM `diary_checked`
    WHERE
      NOT `patient_id` IS NULL
  )
  AND NOT `spans`.`patient_id` IN (
    SELECT
      `patient_id`
    FROM `diary_checked`
    WHERE
      `date` IS NULL AND NOT `patient_id` IS NULL
  )
