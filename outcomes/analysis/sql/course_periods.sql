-- One row per cohort, 28-day period and (recorded days, headache days): how many patients had such a period.
-- Period 0 is days 1 to 27, since day 0 is the first session; period −1 is the default baseline.
SELECT cohort, step, recorded_days, headache_days, count(*) AS patients
FROM (
    SELECT
        patient_id,
        (segment_start + 2800000) // 28 - 100000 AS step,
        CAST(sum(bit_count(recorded)) AS INTEGER) AS recorded_days,
        CAST(sum(bit_count(headache)) AS INTEGER) AS headache_days
    FROM $segments
    WHERE segment_start <> 0 AND segment_start BETWEEN $first_day AND $last_day
    GROUP BY patient_id, (segment_start + 2800000) // 28 - 100000
) AS periods
JOIN ($cohorts) AS cohorts USING (patient_id)
WHERE recorded_days >= $minimum
GROUP BY cohort, step, recorded_days, headache_days
ORDER BY cohort, step, recorded_days, headache_days
