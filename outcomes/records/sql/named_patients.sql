-- One row per patient named anywhere in the records, whether or not anything of theirs can be used: whoever
-- is left out of a comparison is counted.
CREATE OR REPLACE TEMP TABLE named_patients AS
SELECT patient_id FROM patients_checked WHERE patient_id IS NOT NULL
UNION
SELECT patient_id FROM sessions_checked WHERE patient_id IS NOT NULL
UNION
SELECT patient_id FROM summaries_checked WHERE patient_id IS NOT NULL
UNION
SELECT patient_id FROM scores_checked WHERE patient_id IS NOT NULL
UNION
SELECT patient_id FROM events_checked WHERE patient_id IS NOT NULL
UNION
SELECT patient_id FROM ($diary_patients) AS diary WHERE patient_id IS NOT NULL
