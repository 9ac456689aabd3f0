"""What several questions rest on is worked out once, and is the same as if each had worked it out for itself."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from diaries import WEEK_PLAN, drawn, load
from statsmodels.stats.multitest import multipletests

import outcomes as oc
from outcomes.analysis.comparison import pair_by_patient
from outcomes.analysis.models.formulas import design, plain_design
from outcomes.analysis.models.session_rows import session_days
from outcomes.analysis.multiplicity import adjusted
from outcomes.analysis.once import once
from outcomes.analysis.periods import Periods, split_periods
from outcomes.errors import PlanError

DIARY = """
    A : 3333000 | . 3300000
    B : 3330000 | . 3000000
"""


@pytest.fixture
def periods() -> Periods:
    return split_periods(load(drawn(DIARY), WEEK_PLAN))


def test_a_table_is_worked_out_once_and_handed_out_as_a_copy(periods: Periods) -> None:
    asked = []

    @once
    def table(periods: Periods, name: str) -> pd.DataFrame:
        asked.append(name)
        return pd.DataFrame({"patient_id": [name]})

    first = table(periods, "A")
    first["added"] = 1
    assert list(table(periods, "A").columns) == ["patient_id"]
    assert table(periods, "B")["patient_id"].tolist() == ["B"]
    assert asked == ["A", "B"]
    table(split_periods(periods.records), "A")
    assert asked == ["A", "B", "A"]


def test_what_cannot_be_worked_out_is_told_each_time(periods: Periods) -> None:
    for _ in range(2):
        with pytest.raises(PlanError, match="no sessions"):
            session_days(periods)


def test_a_frame_of_the_records_is_the_askers_own() -> None:
    sessions = pd.DataFrame({"patient_id": ["A", "B"], "day": [0, 0], "practitioner_id": ["D1", "D2"]})
    records = load({**drawn(DIARY), "sessions": sessions}, WEEK_PLAN)
    asked = records.frame("sessions")
    asked["practitioner_id"] = "D9"
    assert records.frame("sessions")["practitioner_id"].tolist() == ["D1", "D2"]


def test_pairs_are_the_same_whatever_the_order_of_the_rows(periods: Periods) -> None:
    """Both periods of a patient one after the other is how they are measured; nothing may rest on it."""
    endpoints = oc.measure_endpoints(periods)
    shuffled = endpoints.sample(frac=1.0, random_state=4)
    for name in ("headache_days_per_28", "intensity_on_headache_days"):
        pd.testing.assert_frame_equal(pair_by_patient(shuffled, name), pair_by_patient(endpoints, name))
    assert pair_by_patient(endpoints, "headache_days_per_28").to_dict("index") == {
        "A": {"baseline": 16.0, "followup": 8.0},
        "B": {"baseline": 12.0, "followup": 4.0},
    }


@pytest.mark.parametrize("levels", [1, 12])
def test_the_columns_of_a_plain_model_are_those_of_its_formula(levels: int) -> None:
    """docs/method.md#sessions-received: the model of sessions, without the second that reading a formula takes."""
    numbers = np.random.default_rng(levels)
    frame = pd.DataFrame(numbers.normal(size=(90, 3)), columns=["value", "within", "between"])
    frame["period"] = numbers.integers(0, levels, 90).astype(str)
    formula = "value ~ within + between" + (" + C(period)" if levels > 1 else "")
    whole, plain = design(formula, frame), plain_design(frame, "value", "period", ["within", "between"])
    assert whole is not None and (plain.names, plain.formula) == (whole.names, whole.formula)
    assert (plain.matrix == whole.matrix).all() and (plain.outcome == whole.outcome).all()
    with pytest.raises(PlanError, match="not finite"):
        plain_design(frame.assign(within=np.inf), "value", "period", ["within", "between"])


@pytest.mark.parametrize(("method", "theirs"), [("holm", "holm"), ("bh", "fdr_bh")])
def test_adjusted_p_values_are_those_of_statsmodels_to_the_last_digit(method: str, theirs: str) -> None:
    numbers = np.random.default_rng(11)
    for n in (1, 2, 7, 40):
        values = [*numbers.uniform(size=n) ** 4, 0.05, 0.05]
        assert adjusted(values, method) == multipletests(values, method=theirs)[1].tolist()  # type: ignore[arg-type]


def test_what_travels_with_a_table_cannot_be_changed_for_the_next(periods: Periods) -> None:
    first = oc.measure_endpoints(periods)
    for value in first.attrs.values():
        if isinstance(value, list):
            value.append("another")
        elif isinstance(value, dict) and "confidence" in value:
            value["confidence"] = 0.5
    again = oc.measure_endpoints(periods)
    assert oc.compare(again, "headache_days_per_28").plan.confidence == WEEK_PLAN.confidence
    assert not any("another" in value for value in again.attrs.values() if isinstance(value, list))
