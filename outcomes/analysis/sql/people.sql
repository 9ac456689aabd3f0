-- One row per patient named anywhere in the records.
-- `has_index`: day 0 is known. `in_cohort`: the follow-up window closed between the two given days.
-- `episodic_cluster`: described, and never compared before and after.
CREATE TEMP TABLE $people AS
SELECT
    named_patients.patient_id,
    first_day,
    $has_index AS has_index,
    $in_cohort AS in_cohort,
    $window_over AS window_over,
    $episodic_cluster AS episodic_cluster
FROM named_patients
LEFT JOIN first_sessions USING (patient_id)
