-- One row per patient, anchor and window with any recorded day: days recorded and with headache.
-- Window 0 begins on the anchor, a day of the patient's own time axis; windows are $days days long, at most 28,
-- and are cut out of the segments' masks. Day 0, the first session, counts nowhere.
SELECT
    patient_id,
    anchor,
    number,
    CAST(sum(bit_count(recorded & window_mask)) AS INTEGER) AS recorded_days,
    CAST(sum(bit_count(headache & window_mask)) AS INTEGER) AS headache_days
FROM (
    SELECT
        patient_id,
        anchor,
        number,
        recorded,
        headache,
        CASE
            WHEN first_slot >= 28 OR first_slot <= -$days THEN CAST(0 AS BIGINT)
            WHEN first_slot >= 0 THEN CAST($whole_window AS BIGINT) << CAST(first_slot AS BIGINT)
            ELSE CAST($whole_window AS BIGINT) >> CAST(-first_slot AS BIGINT)
        END AS window_mask
    FROM (
        SELECT
            patient_id,
            anchor,
            number,
            recorded,
            headache,
            anchor + $days * number - segment_start AS first_slot
        FROM (
            SELECT
                segments.patient_id,
                anchors.anchor,
                segments.recorded,
                segments.headache,
                segments.segment_start,
                -- The offset, whole windows, makes the division round down on both sides of the anchor.
                (segments.segment_start - anchors.anchor + 100000 * $days) // $days - 100000 + slot AS number
            FROM $segments AS segments
            JOIN $anchors AS anchors ON anchors.patient_id = segments.patient_id
            JOIN $standing AS standing ON standing.patient_id = segments.patient_id
            CROSS JOIN (
                SELECT 0 AS slot UNION ALL SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3 UNION ALL SELECT 4
            ) AS slots
            WHERE segments.segment_start <> 0
                AND standing.standing NOT IN ('outside_cohort', 'no_first_session')
        ) AS numbered
    ) AS slotted
) AS masked
GROUP BY patient_id, anchor, number
HAVING sum(bit_count(recorded & window_mask)) > 0
ORDER BY patient_id, anchor, number
