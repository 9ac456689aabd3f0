-- One row per usable diary row of records that count in days: day 0 is the first session, or the patient's
-- own `index_day` where it is given.
CREATE OR REPLACE TEMP VIEW placed AS
SELECT
    diary_usable.*,
    CAST(day - coalesce(first_day, 0) AS INTEGER) AS relative_day
FROM diary_usable
LEFT JOIN first_sessions USING (patient_id)
