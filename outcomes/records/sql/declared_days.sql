-- One row per patient-day that lies in the span declared as fully recorded and of which no row of the diary tells.
-- A row without a patient may be anybody's: its day is declared for nobody. A patient of whom no row tells at all has
-- none either: the ids may be written differently.
CREATE OR REPLACE TEMP TABLE declared_days AS
SELECT spans.patient_id, spans.recorded_from + span_days.n AS date
FROM patients AS spans
JOIN span_days
    ON span_days.n <= spans.recorded_to - spans.recorded_from
    AND spans.recorded_to - spans.recorded_from <= $longest
LEFT JOIN (SELECT DISTINCT patient_id, date FROM diary_checked) AS told
    ON told.patient_id = spans.patient_id
    AND told.date = spans.recorded_from + span_days.n
LEFT JOIN (SELECT DISTINCT date FROM diary_checked WHERE patient_id IS NULL AND date IS NOT NULL) AS anybodys
    ON anybodys.date = spans.recorded_from + span_days.n
WHERE told.patient_id IS NULL
    AND spans.recorded_from + span_days.n <= DATE '$last_day'
    AND anybodys.date IS NULL
    AND spans.patient_id IN (SELECT patient_id FROM diary_checked WHERE patient_id IS NOT NULL)
    AND spans.patient_id NOT IN (SELECT patient_id FROM diary_checked WHERE date IS NULL AND patient_id IS NOT NULL)
