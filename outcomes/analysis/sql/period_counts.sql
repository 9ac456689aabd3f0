-- One row per patient and 28-day period with any recorded day: days recorded and with headache.
-- Period 0 is days 1 to 27, since day 0 is the first session; period −1 is the default baseline.
SELECT
    segments.patient_id,
    (segment_start + 2800000) // 28 - 100000 AS period,
    CAST(sum(bit_count(recorded)) AS INTEGER) AS recorded_days,
    CAST(sum(bit_count(headache)) AS INTEGER) AS headache_days
FROM $segments AS segments
JOIN $standing AS standing ON standing.patient_id = segments.patient_id
WHERE segment_start <> 0
    AND segment_start BETWEEN $first_day AND $last_day
    AND standing.standing NOT IN ('outside_cohort', 'no_first_session')
GROUP BY segments.patient_id, (segment_start + 2800000) // 28 - 100000
ORDER BY segments.patient_id, period
