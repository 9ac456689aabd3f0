SELECT DISTINCT
  `cut`.`patient_id`,
  `relative_day`,
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
  AND NOT EXISTS(
    SELECT
      1
    FROM (
      SELECT
        `patient_id`,
        `relative_day`
      FROM `repeated_days`
      WHERE
        `n_different` > 1
    ) AS `conflicting`
    WHERE
      `conflicting`.`patient_id` = `cut`.`patient_id`
      AND `conflicting`.`relative_day` = `cut`.`relative_day`
  )
