SELECT
  `patient_id`,
  `week`,
  CAST(SUM(BIT_COUNT(`recorded` & `week_mask`)) AS INT64) AS `recorded_days`,
  CAST(SUM(BIT_COUNT(`headache` & `week_mask`)) AS INT64) AS `headache_days`
FROM (
  SELECT
    `patient_id`,
    `recorded`,
    `headache`,
    `week`,
    CASE
      WHEN 7 * `week` >= `segment_start`
      THEN CAST(127 AS INT64) << CAST(7 * `week` - `segment_start` AS INT64)
      ELSE CAST(127 AS INT64) >> CAST(`segment_start` - 7 * `week` AS INT64)
    END AS `week_mask`
  FROM (
    SELECT
      `patient_id`,
      `recorded`,
      `headache`,
      `segment_start`,
      DIV((
        `segment_start` + 2800000
      ), 7) - 400000 + `slot` AS `week`
    FROM `segments`
    CROSS JOIN (
      SELECT
        0 AS `slot`
      UNION ALL
      SELECT
        1
      UNION ALL
      SELECT
        2
      UNION ALL
      SELECT
        3
      UNION ALL
      SELECT
        4
    ) AS `slots`
    WHERE
      `segment_start` <> 0 AND `segment_start` BETWEEN -28 - 28 AND 167
  ) AS `slotted`
) AS `masked`
WHERE
  7 * `week` BETWEEN -28 AND 167
GROUP BY
  `patient_id`,
  `week`
HAVING
  SUM(BIT_COUNT(`recorded` & `week_mask`)) > 0
