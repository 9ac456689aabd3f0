-- One row per patient and segment: up to 28 days of a patient's time axis, a bit per day.
-- Segments are the 28-day tiles counted from the first session, cut again where a window begins or ends, so
-- that every window and every 28-day period is a set of whole segments. Day 0 is a segment of its own.
-- Sums are kept in whole units of 10^-12: whole numbers below 2^53 add up to the same total in any order.
CREATE OR REPLACE TEMP TABLE $target AS
SELECT
    patient_id,
    segment_start,
    CAST(count(*) AS INTEGER) AS n_rows,
    bit_or(day_bit) AS recorded,
    bit_or(CASE WHEN headache THEN day_bit ELSE CAST(0 AS BIGINT) END) AS headache,
    bit_or(CASE WHEN acute_medication IS NOT NULL THEN day_bit ELSE CAST(0 AS BIGINT) END) AS medication_known,
    bit_or(CASE WHEN acute_medication THEN day_bit ELSE CAST(0 AS BIGINT) END) AS medication,
    CAST(count(CASE WHEN headache THEN intensity END) AS INTEGER) AS intensity_days,
    sum(CASE WHEN headache THEN round(intensity * 1000000000000) END) AS intensity_sum,
    CAST(count(CASE WHEN headache THEN duration_hours END) AS INTEGER) AS duration_days,
    sum(CASE WHEN headache THEN round(duration_hours * 1000000000000) END) AS duration_sum
FROM (
    SELECT
        patient_id,
        segment_start,
        CAST(1 AS BIGINT) << CAST(relative_day - segment_start AS BIGINT) AS day_bit,
        headache,
        intensity,
        duration_hours,
        acute_medication
    FROM (
        SELECT *, $segment_start AS segment_start FROM $days
    ) AS cut
) AS marked
GROUP BY patient_id, segment_start
