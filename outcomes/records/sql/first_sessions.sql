-- One row per patient whose day 0 is known: the first session, or the index day of a patient without sessions.
-- Day 0 of records that count in days is 0 unless `index_day` says otherwise.
CREATE OR REPLACE TEMP TABLE first_sessions AS
SELECT patient_id, min(first_day) AS first_day
FROM (
    SELECT patient_id, $session_day AS first_day FROM sessions
    UNION ALL
    SELECT patient_id, $index_day AS first_day
    FROM patients
    WHERE patient_id NOT IN (SELECT patient_id FROM sessions)
) AS known
WHERE first_day IS NOT NULL
GROUP BY patient_id
