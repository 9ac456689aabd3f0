-- One row per week around the first session: days recorded, and days that could have been.
-- A week could be recorded by the patients for whom it was over when the records end; week 0 holds 6 days.
SELECT
    weeks.week,
    count(DISTINCT people.patient_id) AS patients,
    CAST(coalesce(sum(recorded_days), 0) AS BIGINT) AS recorded_days
FROM (SELECT DISTINCT week FROM ($weekly) AS recorded_weeks) AS weeks
JOIN (
    SELECT everyone.patient_id, $week_over AS last_week
    FROM $people AS everyone
    JOIN $standing AS standing USING (patient_id)
    WHERE standing.standing NOT IN ('no_first_session', 'outside_cohort')
) AS people
    ON people.last_week >= weeks.week
LEFT JOIN ($weekly) AS recorded
    ON recorded.patient_id = people.patient_id AND recorded.week = weeks.week
GROUP BY weeks.week
ORDER BY weeks.week
