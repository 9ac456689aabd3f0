-- One row per patient-day whose rows differ, put together: headache if any row says so, the worst intensity, and
-- the duration as the plan says. Equal rows count once, and a headache day is told by its headache rows alone.
CREATE OR REPLACE TEMP TABLE combined_days AS
SELECT
    patient_id,
    relative_day,
    min($own_day) AS $own_day,
    max(CASE WHEN headache THEN 1 ELSE 0 END) = 1 AS headache,
    CASE
        WHEN max(CASE WHEN headache THEN 1 ELSE 0 END) = 1 THEN max(CASE WHEN headache THEN intensity END)
        ELSE max(intensity)
    END AS intensity,
    CASE
        WHEN max(CASE WHEN headache THEN 1 ELSE 0 END) = 1 THEN $headache_duration
        ELSE max(duration_hours)
    END AS duration_hours,
    max(CASE WHEN acute_medication THEN 1 WHEN NOT acute_medication THEN 0 END) = 1 AS acute_medication
FROM (
    SELECT DISTINCT $columns, placed.relative_day$absent
    FROM placed
    JOIN repeated_days
        ON repeated_days.patient_id = placed.patient_id
        AND repeated_days.relative_day = placed.relative_day
        AND repeated_days.n_different > 1
) AS rows_once
GROUP BY patient_id, relative_day
