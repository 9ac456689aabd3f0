-- One row per patient with a used session: sessions in the follow-up window, and the day of the last one before it.
SELECT
    patient_id,
    CAST(sum(CASE WHEN relative_day BETWEEN $first_day AND $last_day THEN 1 ELSE 0 END) AS INTEGER) AS sessions_in_window,
    max(CASE WHEN relative_day < $first_day THEN relative_day END) AS last_before
FROM (
    SELECT sessions.patient_id, $relative_day AS relative_day
    FROM sessions
    LEFT JOIN $first_days AS first_days ON first_days.patient_id = sessions.patient_id
) AS placed_sessions
GROUP BY patient_id
ORDER BY patient_id
