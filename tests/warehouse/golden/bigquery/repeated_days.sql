SELECT
  `patient_id`,
  `relative_day`,
  CAST(SUM(`copies`) AS INT64) AS `n_rows`,
  CAST(COUNT(*) AS INT64) AS `n_different`
FROM (
  SELECT
    `patient_id`,
    `date`,
    `headache`,
    `intensity`,
    `relative_day`,
    COUNT(*) AS `copies`
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
  WHERE
    EXISTS(
      SELECT
        1
      FROM `segments` AS `crowded`
      WHERE
        `crowded`.`patient_id` = `cut`.`patient_id`
        AND `crowded`.`segment_start` = `cut`.`segment_start`
        AND `crowded`.`n_rows` <> BIT_COUNT(`crowded`.`recorded`)
    )
  GROUP BY
    `patient_id`,
    `date`,
    `headache`,
    `intensity`,
    `relative_day`
) AS `rows_once`
GROUP BY
  `patient_id`,
  `relative_day`
HAVING
  SUM(`copies`) > 1
