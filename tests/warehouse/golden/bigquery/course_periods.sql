SELECT
  `cohort`,
  `step`,
  `recorded_days`,
  `headache_days`,
  COUNT(*) AS `patients`
FROM (
  SELECT
    `patient_id`,
    DIV((
      `segment_start` + 2800000
    ), 28) - 100000 AS `step`,
    CAST(SUM(BIT_COUNT(`recorded`)) AS INT64) AS `recorded_days`,
    CAST(SUM(BIT_COUNT(`headache`)) AS INT64) AS `headache_days`
  FROM `segments`
  WHERE
    `segment_start` <> 0 AND `segment_start` BETWEEN -28 AND 167
  GROUP BY
    `patient_id`,
    DIV((
      `segment_start` + 2800000
    ), 28) - 100000
) AS `periods`
JOIN (
  SELECT
    `patient_id`,
    'all' AS `cohort`
  FROM `standing`
) AS `cohorts`
  USING (`patient_id`)
WHERE
  `recorded_days` >= 20
GROUP BY
  `cohort`,
  `step`,
  `recorded_days`,
  `headache_days`
ORDER BY
  `cohort` NULLS LAST,
  `step` NULLS LAST,
  `recorded_days` NULLS LAST,
  `headache_days` NULLS LAST
