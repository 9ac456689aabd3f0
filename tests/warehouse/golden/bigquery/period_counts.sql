SELECT
  `segments`.`patient_id`,
  DIV((
    `segment_start` + 2800000
  ), 28) - 100000 AS `period`,
  CAST(SUM(BIT_COUNT(`recorded`)) AS INT64) AS `recorded_days`,
  CAST(SUM(BIT_COUNT(`headache`)) AS INT64) AS `headache_days`
FROM `segments` AS `segments`
JOIN `standing` AS `standing`
  ON `standing`.`patient_id` = `segments`.`patient_id`
WHERE
  `segment_start` <> 0
  AND `segment_start` BETWEEN -28 AND 167
  AND NOT `standing`.`standing` IN ('outside_cohort', 'no_first_session')
GROUP BY
  `segments`.`patient_id`,
  `period`
ORDER BY
  `segments`.`patient_id` NULLS LAST,
  `period` NULLS LAST
