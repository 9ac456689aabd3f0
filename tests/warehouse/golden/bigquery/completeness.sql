SELECT
  `weeks`.`week`,
  COUNT(DISTINCT `people`.`patient_id`) AS `patients`,
  CAST(COALESCE(SUM(`recorded_days`), 0) AS INT64) AS `recorded_days`
FROM (
  SELECT DISTINCT
    `week`
  FROM (
    SELECT
      `patient_id`,
      `week`,
      `recorded_days`,
      `headache_days`
    FROM `weeks`
  ) AS `recorded_weeks`
) AS `weeks`
JOIN (
  SELECT
    `everyone`.`patient_id`,
    10 AS `last_week`
  FROM `people` AS `everyone`
  JOIN `standing` AS `standing`
    USING (`patient_id`)
  WHERE
    NOT `standing`.`standing` IN ('no_first_session', 'outside_cohort')
) AS `people`
  ON `people`.`last_week` >= `weeks`.`week`
LEFT JOIN (
  SELECT
    `patient_id`,
    `week`,
    `recorded_days`,
    `headache_days`
  FROM `weeks`
) AS `recorded`
  ON `recorded`.`patient_id` = `people`.`patient_id`
  AND `recorded`.`week` = `weeks`.`week`
GROUP BY
  `weeks`.`week`
ORDER BY
  `weeks`.`week` NULLS LAST
