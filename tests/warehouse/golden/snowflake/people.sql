SELECT
  "named_patients"."patient_id",
  "first_day",
  NOT "first_day" IS NULL AS "has_index",
  TRUE AS "in_cohort",
  TRUE AS "window_over",
  FALSE AS "episodic_cluster"
FROM "named_patients"
LEFT JOIN "first_sessions"
  USING ("patient_id")
