-- One row per patient-day of the crowded segments, once repeats have collapsed and conflicts are gone.
CREATE OR REPLACE TEMP VIEW crowded_days AS
SELECT DISTINCT cut.patient_id, relative_day, headache, intensity, duration_hours, acute_medication
FROM (SELECT *, $segment_start AS segment_start FROM placed) AS cut
SEMI JOIN $segments AS crowded
    ON crowded.patient_id = cut.patient_id
    AND crowded.segment_start = cut.segment_start
    AND crowded.n_rows <> bit_count(crowded.recorded)
ANTI JOIN (SELECT patient_id, relative_day FROM repeated_days WHERE n_different > 1) AS conflicting
    ON conflicting.patient_id = cut.patient_id AND conflicting.relative_day = cut.relative_day
$combined
