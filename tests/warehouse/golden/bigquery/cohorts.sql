SELECT
  `patient_id`,
  'headline' AS `cohort`
FROM `standing`
WHERE
  `standing` = 'analysed'
UNION ALL
SELECT
  `patient_id`,
  'all' AS `cohort`
FROM `standing`
WHERE
  NOT `standing` IN ('no_first_session', 'outside_cohort')
