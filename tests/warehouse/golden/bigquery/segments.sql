SELECT
  `patient_id`,
  `segment_start`,
  CAST(COUNT(*) AS INT64) AS `n_rows`,
  BIT_OR(`day_bit`) AS `recorded`,
  BIT_OR(CASE WHEN `headache` THEN `day_bit` ELSE CAST(0 AS INT64) END) AS `headache`,
  BIT_OR(
    CASE WHEN NOT `acute_medication` IS NULL THEN `day_bit` ELSE CAST(0 AS INT64) END
  ) AS `medication_known`,
  BIT_OR(CASE WHEN `acute_medication` THEN `day_bit` ELSE CAST(0 AS INT64) END) AS `medication`,
  CAST(COUNT(CASE WHEN `headache` THEN `intensity` END) AS INT64) AS `intensity_days`,
  SUM(CASE WHEN `headache` THEN ROUND(`intensity` * 1000000000000) END) AS `intensity_sum`,
  CAST(COUNT(CASE WHEN `headache` THEN `duration_hours` END) AS INT64) AS `duration_days`,
  SUM(CASE WHEN `headache` THEN ROUND(`duration_hours` * 1000000000000) END) AS `duration_sum`
FROM (
  SELECT
    `patient_id`,
    `segment_start`,
    CAST(1 AS INT64) << CAST(`relative_day` - `segment_start` AS INT64) AS `day_bit`,
    `headache`,
    `intensity`,
    `duration_hours`,
    `acute_medication`
  FROM (
    SELECT
      *,
      GREATEST(28 * (
        DIV((
          `relative_day` + 2800000
        ), 28) - 100000
      ), -9999999) AS `segment_start`
    FROM `placed`
  ) AS `cut`
) AS `marked`
GROUP BY
  `patient_id`,
  `segment_start`
