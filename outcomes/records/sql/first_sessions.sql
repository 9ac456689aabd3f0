-- One row per patient whose day 0 is known: the first session, or the index day of a patient without sessions.
-- Read from all rows with a patient, set aside or not: a typing error in another cell must not move day 0.
-- A patient with a session whose day cannot be read has no day 0, for that session may be the first.
CREATE OR REPLACE TEMP TABLE first_sessions AS
SELECT patient_id, min(session_day) AS first_day
FROM (SELECT patient_id, $session_day AS session_day FROM sessions_checked WHERE patient_id IS NOT NULL) AS sessions
GROUP BY patient_id
HAVING count(*) = count(session_day)
UNION ALL
SELECT patient_id, min($index_day) AS first_day
FROM patients_checked
WHERE patient_id IS NOT NULL
    AND patient_id NOT IN (SELECT patient_id FROM sessions_checked WHERE patient_id IS NOT NULL)
GROUP BY patient_id
HAVING count(DISTINCT $index_day) = 1
