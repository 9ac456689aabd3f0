SELECT
  `patient_id`,
  `period`,
  CAST(SUM(BIT_COUNT(`recorded`)) AS INT64) AS `recorded_days`,
  CAST(SUM(BIT_COUNT(`headache`)) AS INT64) AS `headache_days`,
  CAST(SUM(BIT_COUNT(`medication_known`)) AS INT64) AS `medication_known_days`,
  CAST(SUM(BIT_COUNT(`medication`)) AS INT64) AS `medication_days`,
  CAST(SUM(`intensity_days`) AS INT64) AS `intensity_days`,
  SUM(`intensity_sum`) / 1000000000000 AS `intensity_sum`,
  CAST(SUM(`duration_days`) AS INT64) AS `duration_days`,
  SUM(`duration_sum`) / 1000000000000 AS `duration_sum`
FROM (
  SELECT
    *,
    CASE
      WHEN `segment_start` BETWEEN -28 AND -1
      THEN 'baseline'
      WHEN `segment_start` BETWEEN 56 AND 83
      THEN 'followup'
    END AS `period`
  FROM `segments`
  WHERE
    `segment_start` BETWEEN -28 AND 83
) AS `placed_segments`
WHERE
  NOT `period` IS NULL
GROUP BY
  `patient_id`,
  `period`
