-- One row per patient and window with any recorded day: what was recorded in it. Windows are whole segments.
CREATE TEMP TABLE $windows AS
SELECT
    patient_id,
    period,
    CAST(sum(bit_count(recorded)) AS INTEGER) AS recorded_days,
    CAST(sum(bit_count(headache)) AS INTEGER) AS headache_days,
    CAST(sum(bit_count(medication_known)) AS INTEGER) AS medication_known_days,
    CAST(sum(bit_count(medication)) AS INTEGER) AS medication_days,
    CAST(sum(intensity_days) AS INTEGER) AS intensity_days,
    sum(intensity_sum) / 1000000000000 AS intensity_sum,
    CAST(sum(duration_days) AS INTEGER) AS duration_days,
    sum(duration_sum) / 1000000000000 AS duration_sum
FROM (
    SELECT
        *,
        CASE
            WHEN segment_start BETWEEN $baseline_first AND $baseline_last THEN 'baseline'
            WHEN segment_start BETWEEN $followup_first AND $followup_last THEN 'followup'
        END AS period
    FROM $segments
    WHERE segment_start BETWEEN $baseline_first AND $followup_last
) AS placed_segments
WHERE period IS NOT NULL
GROUP BY patient_id, period
