-- One row per patient named anywhere in the records.
-- `has_index`: day 0 is known. `in_cohort`: the follow-up window closed between the two given days.
CREATE OR REPLACE TEMP TABLE people AS
SELECT
    everyone.patient_id,
    $has_index AS has_index,
    $in_cohort AS in_cohort,
    $window_over AS window_over
FROM (
    SELECT patient_id FROM patients
    UNION
    SELECT patient_id FROM sessions
    UNION
    SELECT patient_id FROM $segments
) AS everyone
LEFT JOIN first_sessions USING (patient_id)
