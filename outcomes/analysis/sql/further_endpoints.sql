-- One row per patient and period with any recorded day of it: for each endpoint, on how many days it is known, and
-- what these days add up to. The day's value is TRUE, FALSE or a number, and NULL where it is not known: AND, OR and
-- comparisons keep NULL where the answer hangs on what was not written. Definitions: records/endpoint_catalogue.py.
SELECT
    patient_id,
    period,
    CAST(count(*) AS INTEGER) AS recorded_days,
    $sums
FROM (
    SELECT patient_id, period, $values
    FROM (
        SELECT
            *,
            -- Drugs of migraine make a migraine day, always or only where they helped, as the plan says.
            migraine_drug AND ('$migraine_drug_days' = 'always' OR acute_medication_helped) AS migraine_drug_counts,
            -- At least two of the four: true as soon as two are, false only where no two can be any more.
            (unilateral AND pulsating) OR (unilateral AND worse_with_activity) OR (pulsating AND worse_with_activity)
                OR (moderate_severe AND (unilateral OR pulsating OR worse_with_activity)) AS two_pain_features
        FROM (
            SELECT
                *,
                CASE
                    WHEN intensity >= $moderate_from OR severity IN ('moderate', 'severe') THEN TRUE
                    WHEN intensity IS NOT NULL OR severity IS NOT NULL THEN FALSE
                END AS moderate_severe,
                nausea_or_vomiting OR (photophobia AND phonophobia) AS accompanied,
                CASE
                    WHEN NOT $asks_classes THEN FALSE
                    WHEN took_medication AND taken_classes IS NOT NULL
                        THEN taken_classes LIKE '%;triptan;%' OR taken_classes LIKE '%;ergot;%'
                            OR taken_classes LIKE '%;gepant;%' OR taken_classes LIKE '%;ditan;%'
                    WHEN NOT took_medication THEN FALSE
                END AS migraine_drug
            FROM (
                SELECT
                    *,
                    ';' || acute_medication_class || ';' AS taken_classes,
                    -- A class or a dose beside "no medication" contradicts it: not known.
                    CASE
                        WHEN acute_medication = FALSE AND (acute_medication_class IS NOT NULL OR acute_doses > 0) THEN NULL
                        WHEN acute_medication IS NOT NULL THEN acute_medication
                        WHEN acute_medication_class IS NOT NULL OR acute_doses > 0 THEN TRUE
                        WHEN acute_doses = 0 THEN FALSE
                    END AS took_medication
                FROM (
                    SELECT
                        days.patient_id,
                        $period AS period,
                        headache,
                        $columns$before
                    FROM $days AS days
                    JOIN $standing AS standing ON standing.patient_id = days.patient_id
                    WHERE standing.standing NOT IN ('outside_cohort', 'no_first_session') AND ($within)
                ) AS placed_days
                WHERE period IS NOT NULL
            ) AS told
        ) AS described
    ) AS features
) AS valued
GROUP BY patient_id, period
ORDER BY patient_id, period
