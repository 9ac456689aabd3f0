"""k and l over patients, held against a plain recount; and merges that do what they say."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from outcomes.records.code_lists import AGE_BANDS
from outcomes.records.deidentify import ages, fields
from outcomes.records.deidentify.config import DeidentifySettings
from outcomes.records.deidentify.ledger import Ledger
from outcomes.records.deidentify.risk import cheapest_merge, measured_classes, people_of, responses

QUASI = ("sex", "age_band", "group")


def _maybe(*values: str) -> st.SearchStrategy[str | None]:
    return st.sampled_from([*values, None])


PEOPLE = st.lists(
    st.tuples(
        _maybe("female", "male"),
        _maybe("30-39", "40-49", "70-79"),
        _maybe("treated"),
        _maybe("migraine", "cluster"),
        _maybe("yes", "no"),
    ),
    min_size=1,
    max_size=40,
).map(
    lambda rows: pd.DataFrame(
        [(f"P{number}", *row) for number, row in enumerate(rows)],
        columns=["patient_id", "sex", "age_band", "group", "headache_type", "response"],
        dtype=object,
    )
)


def _recount(people: pd.DataFrame) -> tuple[dict[tuple[Any, ...], list[Any]], list[int]]:
    classes = defaultdict(list)
    for row in people.itertuples(index=False):
        classes[(row.sex, row.age_band, row.group)].append(row)
    return classes, [len(members) for members in classes.values() for _ in members]


@given(PEOPLE, st.integers(2, 6))
def test_classes_are_those_of_a_recount_by_hand(people: pd.DataFrame, k: int) -> None:
    found = measured_classes(people, QUASI, k, 2)
    classes, sizes = _recount(people)
    assert found.patients == len(people) and found.k == min(sizes)
    assert found.patients_below_k == sum(size < k for size in sizes)
    assert abs(found.mean_risk - sum(1 / size for size in sizes) / len(sizes)) < 1e-12
    assert found.highest_risk == max(1 / size for size in sizes)
    for risk in (0.09, 0.2):
        assert found.share_above(risk) == sum(1 / size > risk for size in sizes) / len(sizes)
    for name in ("headache_type", "response"):
        values = [{getattr(one, name) for one in members} - {None} for members in classes.values()]
        told = [len(one) for one in values if one]
        assert found.diversity.get(name) == (min(told) if told else None)
    assert found.holds == (min(sizes) >= k and all(value >= 2 for value in found.diversity.values()))


@given(PEOPLE)
def test_a_proposed_merge_gives_the_classes_that_it_promises(people: pd.DataFrame) -> None:
    classes = measured_classes(people, QUASI, 5, 2)
    merge = cheapest_merge(people, classes)
    if merge is None:
        return
    if merge.codes:
        settings = DeidentifySettings(merge=((merge.column, merge.codes),))
        ledger = Ledger()
        ledger.begin("patients", len(people))
        after = ages.merged(people, settings, ledger)
        assert set(merge.codes) <= set(AGE_BANDS) or merge.column != "age_band"
    else:
        after = people.drop(columns=merge.column)
    again = measured_classes(after, QUASI, 5, 2)
    assert again.sizes == merge.result.sizes and again.diversity == merge.result.diversity
    assert again.holds or again.patients_below_k <= classes.patients_below_k


def test_one_patient_is_one_row_whatever_the_diary_says() -> None:
    diary = pd.DataFrame(
        {"patient_id": ["a"] * 120 + ["b"] * 120, "day": list(range(120)) * 2, "headache": "yes"}
    )
    patients = pd.DataFrame({"patient_id": ["a"], "sex": ["male"]})
    people = people_of({"diary": diary, "patients": patients})
    assert list(people["patient_id"]) == ["a", "b"]
    # b is in no list of patients: an empty cell tells b from a like any other value.
    assert measured_classes(people, QUASI, 5, 2).k == 1


def test_a_response_is_half_of_the_headache_days_gone_where_both_windows_are_recorded() -> None:
    def diary(patient: str, before: int, after: int, recorded: int = 28) -> list[tuple[str, int, str]]:
        first = [(patient, day, "yes" if day < -28 + before else "no") for day in range(-28, -28 + recorded)]
        return first + [(patient, day, "yes" if day < 56 + after else "no") for day in range(56, 84)]

    rows = (
        diary("half", 10, 5) + diary("less", 10, 6) + diary("few", 3, 0) + diary("gaps", 10, 0, recorded=19)
    )
    frames = {"diary": pd.DataFrame(rows, columns=["patient_id", "day", "headache"])}
    assert responses(frames) == {"half": "yes", "less": "no"}
    summaries = pd.DataFrame(
        {
            "patient_id": ["a", "a", "b", "b"],
            "period": ["baseline", "followup"] * 2,
            "headache_days_per_28": ["12", "6", "12", "6.5"],
        }
    )
    assert responses({"summaries": summaries}) == {"a": "yes", "b": "no"}


def _sexes(female: int, male: int, other: int) -> pd.DataFrame:
    sexes = ["female"] * female + ["male"] * male + ["other"] * other
    return pd.DataFrame({"patient_id": [f"P{n}" for n in range(len(sexes))], "sex": sexes}, dtype=object)


def _rare_merged(frame: pd.DataFrame, table: str = "patients") -> tuple[pd.DataFrame, list[str]]:
    ledger = Ledger()
    ledger.begin(table, len(frame))
    done, left = fields.merged_rare({table: frame}, ledger)
    return done[table], left


def test_rare_codes_become_other_and_other_takes_the_next_smallest() -> None:
    assert _rare_merged(_sexes(20, 8, 0))[0]["sex"].value_counts().to_dict() == {"female": 20, "male": 8}
    assert _rare_merged(_sexes(20, 7, 2))[0]["sex"].value_counts().to_dict() == {"female": 20, "other": 9}
    assert _rare_merged(_sexes(20, 9, 2))[0]["sex"].value_counts().to_dict() == {"female": 20, "other": 11}
    assert _rare_merged(_sexes(20, 5, 0))[0]["sex"].value_counts().to_dict() == {"other": 25}
    assert _rare_merged(_sexes(20, 9, 8))[0]["sex"].nunique() == 3


def test_rare_means_few_patients_not_few_rows() -> None:
    many = pd.DataFrame(
        {
            "patient_id": ["a"] * 50 + [f"P{n}" for n in range(10)],
            "muscles": ["masseter"] * 50 + ["temporalis;masseter"] * 2 + ["temporalis"] * 8,
        },
        dtype=object,
    )
    # masseter: three patients in 52 rows. "other" then has 3, too few, and takes the next smallest: temporalis.
    assert set(_rare_merged(many, "sessions")[0]["muscles"]) == {"other"}


def test_a_rare_code_without_an_other_is_told_and_left() -> None:
    frame = pd.DataFrame(
        {
            "patient_id": [f"P{n}" for n in range(20)],
            "technique": ["deep"] * 19 + ["mixed"],
            "adverse_event": ["none"] * 19 + ["serious"],
        },
        dtype=object,
    )
    done, left = _rare_merged(frame, "sessions")
    assert left == ["sessions.technique"]
    assert "serious" in set(done["adverse_event"]), "what harmed somebody is never hidden among others"


def test_every_age_has_the_band_of_the_dictionary() -> None:
    years = [str(age) for age in range(121)] + ["45.9", "-1", "121", "old", None]
    patients = pd.DataFrame(
        {"patient_id": [f"P{n}" for n in range(len(years))], "age_band": years}, dtype=object
    )
    ledger = Ledger()
    ledger.begin("patients", len(patients))
    bands = ages.with_age_bands(patients, {}, 0, (), DeidentifySettings(age="years"), ledger)["age_band"]
    for age, band in zip(range(121), bands, strict=False):
        low, _, high = band.rstrip("+").partition("-")
        assert int(low) <= age <= int(high or 120) and band in AGE_BANDS
    assert bands[121] == "40-49" and bands[122:].isna().all()
    assert sum(ledger.cells["patients"].values()) == 3
