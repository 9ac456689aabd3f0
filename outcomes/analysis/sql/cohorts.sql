-- One row per patient and cohort they belong to: `headline` are the patients of the comparison.
SELECT patient_id, 'headline' AS cohort FROM $standing WHERE standing = 'analysed'
UNION ALL
SELECT patient_id, 'all' AS cohort FROM $standing WHERE standing NOT IN ('no_first_session', 'outside_cohort')
