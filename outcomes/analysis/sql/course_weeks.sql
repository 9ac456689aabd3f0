-- One row per cohort, week and (recorded days, headache days): how many patients had such a week.
-- A table of counts, not of means: whole numbers are the same whatever order they are added in.
SELECT cohort, week AS step, recorded_days, headache_days, count(*) AS patients
FROM ($weekly) AS weekly
JOIN ($cohorts) AS cohorts USING (patient_id)
WHERE recorded_days >= $minimum
GROUP BY cohort, week, recorded_days, headache_days
ORDER BY cohort, week, recorded_days, headache_days
