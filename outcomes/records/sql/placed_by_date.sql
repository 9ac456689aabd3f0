-- One row per usable diary row, placed on its patient's own time axis: day 0 is the first session.
-- Patients without a first session are placed by calendar, so that their repeated days are found as well.
CREATE OR REPLACE TEMP VIEW placed AS
SELECT
    diary_usable.*,
    CAST(date_diff('day', coalesce(first_day, DATE '1970-01-01'), date) AS INTEGER) AS relative_day
FROM diary_usable
LEFT JOIN first_sessions USING (patient_id)
