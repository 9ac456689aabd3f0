-- One row per patient-day that stands in more than one row: how many rows, and how many different ones.
-- Only segments with more rows than days are looked at again.
CREATE OR REPLACE TEMP TABLE repeated_days AS
SELECT
    patient_id,
    relative_day,
    CAST(sum(copies) AS BIGINT) AS n_rows,
    CAST(count(*) AS BIGINT) AS n_different
FROM (
    SELECT $columns, relative_day, count(*) AS copies
    FROM (SELECT *, $segment_start AS segment_start FROM placed) AS cut
    SEMI JOIN $segments AS crowded
        ON crowded.patient_id = cut.patient_id
        AND crowded.segment_start = cut.segment_start
        AND crowded.n_rows <> bit_count(crowded.recorded)
    GROUP BY $columns, relative_day
) AS rows_once
GROUP BY patient_id, relative_day
HAVING sum(copies) > 1
