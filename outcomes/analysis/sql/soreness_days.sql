-- One row per patient-day of the cohort on which a soreness was written down. Days whose rows differ are left out.
SELECT DISTINCT placed.patient_id, placed.relative_day, CAST(placed.soreness AS DOUBLE) AS soreness
FROM placed
JOIN $standing AS standing ON standing.patient_id = placed.patient_id
WHERE placed.soreness IS NOT NULL
    AND standing.standing NOT IN ('outside_cohort', 'no_first_session')
    $not_contradicting
ORDER BY placed.patient_id, placed.relative_day
