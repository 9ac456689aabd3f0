-- One row per patient and week with any recorded day, cut out of the segments' masks.
-- Week 0 is days 1 to 6, since day 0 is the first session and counts nowhere.
SELECT
    patient_id,
    week,
    CAST(sum(bit_count(recorded & week_mask)) AS INTEGER) AS recorded_days,
    CAST(sum(bit_count(headache & week_mask)) AS INTEGER) AS headache_days
FROM (
    SELECT
        patient_id,
        recorded,
        headache,
        week,
        CASE
            WHEN 7 * week >= segment_start
                THEN CAST(127 AS BIGINT) << CAST(7 * week - segment_start AS BIGINT)
            ELSE CAST(127 AS BIGINT) >> CAST(segment_start - 7 * week AS BIGINT)
        END AS week_mask
    FROM (
        SELECT
            patient_id,
            recorded,
            headache,
            segment_start,
            (segment_start + 2800000) // 7 - 400000 + slot AS week
        FROM $segments
        CROSS JOIN (
            SELECT 0 AS slot UNION ALL SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3 UNION ALL SELECT 4
        ) AS slots
        WHERE segment_start <> 0 AND segment_start BETWEEN $first_day - 28 AND $last_day
    ) AS slotted
) AS masked
WHERE 7 * week BETWEEN $first_day AND $last_day
GROUP BY patient_id, week
HAVING sum(bit_count(recorded & week_mask)) > 0
