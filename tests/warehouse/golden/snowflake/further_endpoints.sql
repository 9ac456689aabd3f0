SELECT
  "patient_id",
  "period",
  CAST(COUNT(*) AS INT) AS "recorded_days",
  COUNT("v_days") AS "k_days",
  CAST(SUM(CASE WHEN "v_days" THEN 1 ELSE 0 END) AS DOUBLE) AS "t_days"
FROM (
  SELECT
    "patient_id",
    "period",
    "headache" AS "v_days"
  FROM (
    SELECT
      *,
      "migraine_drug" AND (
        'always' = 'always' OR "acute_medication_helped"
      ) AS "migraine_drug_counts",
      (
        "unilateral" AND "pulsating"
      )
      OR (
        "unilateral" AND "worse_with_activity"
      )
      OR (
        "pulsating" AND "worse_with_activity"
      )
      OR (
        "moderate_severe" AND (
          "unilateral" OR "pulsating" OR "worse_with_activity"
        )
      ) AS "two_pain_features"
    FROM (
      SELECT
        *,
        CASE
          WHEN "intensity" >= 4.0 OR "severity" IN ('moderate', 'severe')
          THEN TRUE
          WHEN NOT "intensity" IS NULL OR NOT "severity" IS NULL
          THEN FALSE
        END AS "moderate_severe",
        "nausea_or_vomiting" OR (
          "photophobia" AND "phonophobia"
        ) AS "accompanied",
        CASE
          WHEN NOT FALSE
          THEN FALSE
          WHEN "took_medication" AND NOT "taken_classes" IS NULL
          THEN "taken_classes" LIKE '%;triptan;%'
          OR "taken_classes" LIKE '%;ergot;%'
          OR "taken_classes" LIKE '%;gepant;%'
          OR "taken_classes" LIKE '%;ditan;%'
          WHEN NOT "took_medication"
          THEN FALSE
        END AS "migraine_drug"
      FROM (
        SELECT
          *,
          ';' || "acute_medication_class" || ';' AS "taken_classes",
          CASE
            WHEN "acute_medication" = FALSE
            AND (
              NOT "acute_medication_class" IS NULL OR "acute_doses" > 0
            )
            THEN NULL
            WHEN NOT "acute_medication" IS NULL
            THEN "acute_medication"
            WHEN NOT "acute_medication_class" IS NULL OR "acute_doses" > 0
            THEN TRUE
            WHEN "acute_doses" = 0
            THEN FALSE
          END AS "took_medication"
        FROM (
          SELECT
            "days"."patient_id",
            CASE WHEN "relative_day" BETWEEN -28 AND -1 THEN 'baseline' ELSE 'followup' END AS "period",
            "headache",
            "patient_id",
            "date",
            "headache",
            "intensity"
          FROM "placed" AS "days"
          JOIN "standing" AS "standing"
            ON "standing"."patient_id" = "days"."patient_id"
          WHERE
            NOT "standing"."standing" IN ('outside_cohort', 'no_first_session')
            AND (
              "relative_day" BETWEEN -28 AND 83
            )
        ) AS "placed_days"
        WHERE
          NOT "period" IS NULL
      ) AS "told"
    ) AS "described"
  ) AS "features"
) AS "valued"
GROUP BY
  "patient_id",
  "period"
ORDER BY
  "patient_id",
  "period"
