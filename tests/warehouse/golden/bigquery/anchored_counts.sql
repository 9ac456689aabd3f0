SELECT
  `patient_id`,
  `anchor`,
  `number`,
  CAST(SUM(BIT_COUNT(`recorded` & `window_mask`)) AS INT64) AS `recorded_days`,
  CAST(SUM(BIT_COUNT(`headache` & `window_mask`)) AS INT64) AS `headache_days`
FROM (
  SELECT
    `patient_id`,
    `anchor`,
    `number`,
    `recorded`,
    `headache`,
    CASE
      WHEN `first_slot` >= 28 OR `first_slot` <= -28
      THEN CAST(0 AS INT64)
      WHEN `first_slot` >= 0
      THEN CAST(268435455 AS INT64) << CAST(`first_slot` AS INT64)
      ELSE CAST(268435455 AS INT64) >> CAST(-`first_slot` AS INT64)
    END AS `window_mask`
  FROM (
    SELECT
      `patient_id`,
      `anchor`,
      `number`,
      `recorded`,
      `headache`,
      `anchor` + 28 * `number` - `segment_start` AS `first_slot`
    FROM (
      SELECT
        `segments`.`patient_id`,
        `anchors`.`anchor`,
        `segments`.`recorded`,
        `segments`.`headache`,
        `segments`.`segment_start`,
        DIV((
          `segments`.`segment_start` - `anchors`.`anchor` + 100000 * 28
        ), 28) - 100000 + `slot` AS `number`
      FROM `segments` AS `segments`
      JOIN `anchors` AS `anchors`
        ON `anchors`.`patient_id` = `segments`.`patient_id`
      JOIN `standing` AS `standing`
        ON `standing`.`patient_id` = `segments`.`patient_id`
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
        `segments`.`segment_start` <> 0
        AND NOT `standing`.`standing` IN ('outside_cohort', 'no_first_session')
    ) AS `numbered`
  ) AS `slotted`
) AS `masked`
GROUP BY
  `patient_id`,
  `anchor`,
  `number`
HAVING
  SUM(BIT_COUNT(`recorded` & `window_mask`)) > 0
ORDER BY
  `patient_id` NULLS LAST,
  `anchor` NULLS LAST,
  `number` NULLS LAST
