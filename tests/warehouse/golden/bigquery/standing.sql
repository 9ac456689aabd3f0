SELECT
  `patient_id`,
  `baseline_recorded`,
  `followup_recorded`,
  CASE
    WHEN NOT `has_index`
    THEN 'no_first_session'
    WHEN NOT `in_cohort`
    THEN 'outside_cohort'
    WHEN `episodic_cluster`
    THEN 'episodic_cluster'
    WHEN NOT `has_diary`
    THEN 'no_diary'
    WHEN `baseline_recorded` = 0
    THEN 'no_baseline_diary'
    WHEN `baseline_recorded` < 20
    THEN 'baseline_too_few_days'
    WHEN `followup_recorded` < 20 AND NOT `window_over`
    THEN 'followup_not_over'
    WHEN `followup_recorded` = 0
    THEN 'no_followup_diary'
    WHEN `followup_recorded` < 20
    THEN 'followup_too_few_days'
    ELSE 'analysed'
  END AS `standing`
FROM (
  SELECT
    `everyone`.`patient_id`,
    `has_index`,
    `in_cohort`,
    `window_over`,
    `episodic_cluster`,
    NOT `diaries`.`patient_id` IS NULL AS `has_diary`,
    COALESCE(`baseline`.`recorded_days`, 0) AS `baseline_recorded`,
    COALESCE(`followup`.`recorded_days`, 0) AS `followup_recorded`
  FROM `people` AS `everyone`
  LEFT JOIN (
    SELECT DISTINCT
      `patient_id`
    FROM `segments`
  ) AS `diaries`
    ON `diaries`.`patient_id` = `everyone`.`patient_id`
  LEFT JOIN `windows` AS `baseline`
    ON `baseline`.`patient_id` = `everyone`.`patient_id`
    AND `baseline`.`period` = 'baseline'
  LEFT JOIN `windows` AS `followup`
    ON `followup`.`patient_id` = `everyone`.`patient_id`
    AND `followup`.`period` = 'followup'
) AS `days`
