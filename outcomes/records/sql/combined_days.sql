-- One row per patient-day whose rows differ, put together: headache if any row says so, the worst intensity, and
-- the duration as the plan says.
CREATE OR REPLACE TEMP TABLE combined_days AS
SELECT
    placed.patient_id,
    placed.relative_day,
    min(placed.$own_day) AS $own_day,
    max(CASE WHEN headache THEN 1 ELSE 0 END) = 1 AS headache,
    max(intensity) AS intensity,
    $duration AS duration_hours,
    max(CASE WHEN acute_medication THEN 1 WHEN NOT acute_medication THEN 0 END) = 1 AS acute_medication
FROM placed
JOIN repeated_days
    ON repeated_days.patient_id = placed.patient_id
    AND repeated_days.relative_day = placed.relative_day
    AND repeated_days.n_different > 1
GROUP BY placed.patient_id, placed.relative_day
