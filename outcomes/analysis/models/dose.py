"""Sessions and headache days: the within-patient and the between-patient association, kept apart.

Sessions are given because of symptoms, and patients who improve stop coming. Neither number says what another
session would do; the label says so, and no p value is printed unless a researcher asks for it.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from outcomes.analysis.models.fitted import FittedModel
from outcomes.analysis.models.formulas import need_columns, plain_design
from outcomes.analysis.models.mixed_linear import random_intercept_model
from outcomes.analysis.models.terms import without_numbers

NAME = "sessions and headache days"

#: Stands wherever these numbers stand.
LABEL = "association, confounded by indication"

WITHIN, BETWEEN = "within patients", "between patients"

_CONFOUNDED = (
    f"{LABEL}: sessions are given because of symptoms, and those who improve stop coming; this says nothing about "
    "how many sessions to give"
)
_NO_P = "no_p: a p value would be read as proof; ask for it with p_values=True"

_UNIT = "days per 28 and session"


def dose_association(
    rows: pd.DataFrame,
    confidence: float = 0.95,
    *,
    value: str = "value",
    sessions: str = "sessions",
    period: str = "period",
    patient: str = "patient_id",
    p_values: bool = False,
) -> FittedModel:
    """Headache days per 28 on sessions in the same 28 days, within and between patients.

    `rows` has one row per patient and period after the first session (`dose_rows` makes them). Model: value ~
    (sessions − the patient's mean) + the patient's mean + period as a category, random intercept per patient,
    REML with Satterthwaite's t. `within patients`: difference in days between periods of one patient that differ
    by one session; `between patients`: between patients whose mean differs by one session per period. Negative:
    fewer headaches where more sessions were given. The model behind, with its period effects, is `.model`.

    Not estimable where sessions do not vary within patients, or between them. Source: Neuhaus and Kalbfleisch
    1998 (within/between); oracle: R lmerTest.
    """
    columns = [value, sessions, period, patient]
    need_columns(rows, columns)
    whole = rows.dropna(subset=columns)
    method = "within/between model, random intercept, REML, Satterthwaite t"
    frame = pd.DataFrame(
        {
            "value": whole[value].astype(np.float64),
            "sessions": whole[sessions].astype(np.float64),
            "period": whole[period].astype(str),
            "patient": whole[patient],
        }
    )
    frame["between"] = frame.groupby("patient")["sessions"].transform("mean")
    frame["within"] = frame["sessions"] - frame["between"]
    left_out = int(rows[patient].nunique() - whole[patient].nunique())
    if problem := _problem(frame):
        found = without_numbers(
            NAME, "not_estimable", problem, confidence, method, frame["patient"].nunique(), len(frame)
        )
        return replace(found, n_left_out=left_out, notes=(_CONFOUNDED,))
    columns_of = plain_design(frame, "value", "period", ["within", "between"])
    fit = random_intercept_model(frame, columns_of, "patient", confidence=confidence, unit="days per 28")
    names = {"within": WITHIN, "between": BETWEEN}
    terms = tuple(
        replace(fit[name], name=shown, scale=_UNIT, p=fit[name].p if p_values else None)
        for name, shown in names.items()
        if name in fit
    )
    notes = (_CONFOUNDED, *(() if p_values else (_NO_P,)), *fit.notes)
    return replace(fit, name=NAME, method=method, terms=terms, n_left_out=left_out, notes=notes)


def _problem(frame: pd.DataFrame) -> str:
    if frame.empty:
        return "no_rows: no period has both a value and its sessions"
    if np.allclose(frame["within"], 0):
        return "not_identified: no patient's sessions vary from period to period"
    if np.ptp(frame["between"].to_numpy()) < 1e-12:
        return "not_identified: all patients have the same mean number of sessions"
    return ""
