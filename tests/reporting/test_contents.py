"""Every report there can be is made and makes sense: small clinics, summaries, odd plans, nobody at all."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from outcomes import AnalysisPlan, Heading, load_records
from outcomes.errors import InvalidRecords, PlanError
from outcomes.reporting import figures
from outcomes.reporting.contents import MonthlyReport, open_report
from outcomes.reporting.disclosure import Disclosure, Profile
from outcomes.reporting.page import Block, FigureBlock
from outcomes.reporting.report_numbers import ReportNumbers
from outcomes.reporting.wording import LIMITATION

MONTH = "2026-06"


def clinic(
    types: Sequence[str], *, day: bool = False, without: Sequence[str] = ()
) -> dict[str, pd.DataFrame]:
    """A patient for each type, headache days falling from a half to a third. `without` names what to leave out."""
    random = np.random.default_rng(3)
    days = np.array([*range(-28, 0), *range(1, 84)])
    rows, people = [], []
    for number, kind in enumerate(types):
        patient = f"P{number + 1:03d}"
        first = dt.date(2026, 1, 5) + dt.timedelta(days=number % 40)
        people.append({"patient_id": patient, "date": first.isoformat(), "headache_type": kind})
        headache = random.random(len(days)) < np.where(days < 0, 0.5, 0.33)
        intensity = np.where(headache, random.integers(3, 9, len(days)), 0)
        for at, has, worst in zip(days.tolist(), headache.tolist(), intensity.tolist(), strict=True):
            row = {"patient_id": patient, "headache": "yes" if has else "no", "intensity": worst}
            row |= {"day": at} if day else {"date": (first + dt.timedelta(days=at)).isoformat()}
            rows.append(row)
    columns = ["patient_id", "day" if day else "date", "headache", "intensity"]
    tables = {"diary": pd.DataFrame(rows, columns=columns).drop(columns=[*set(without) & {"intensity"}])}
    listed = pd.DataFrame(people, columns=["patient_id", "date", "headache_type"])
    if not day:
        tables["sessions"] = listed[["patient_id", "date"]]
    if "patients" not in without:
        tables["patients"] = listed[["patient_id", "headache_type"]]
    return tables


def summaries(
    endpoint: str = "headache_days_per_28", modes: Sequence[str] = ("diary",)
) -> dict[str, pd.DataFrame]:
    random = np.random.default_rng(3)
    rows = [
        {"patient_id": f"P{number:03d}", "mode": mode, "period": period, endpoint: round(value, 1)}
        for mode in modes
        for number in range(40)
        for period, value in zip(("baseline", "followup"), random.uniform((10, 5), (20, 15)), strict=True)
    ]
    return {"summaries": pd.DataFrame(rows)}


@pytest.fixture(autouse=True)
def figures_without_drawing(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Drawing takes a second per report; `with_drawing` marks the tests that want it."""
    if "with_drawing" not in request.fixturenames:
        monkeypatch.setattr(
            figures,
            "figure_block",
            lambda draw, *, alt, height_mm, caption="", width="full", narrow_height_mm=None: FigureBlock(
                b"<svg/>", alt, caption, width
            ),
        )


@pytest.fixture
def with_drawing() -> None:
    """Figures are drawn."""


def blocks(
    tables: Mapping[str, pd.DataFrame],
    month: str | None,
    profile: Profile,
    plan: Mapping[str, Any] | None = None,
) -> list[Block]:
    """What each cell of the shipped template shows, without a kernel."""
    chosen = AnalysisPlan.from_mapping(plan or {})
    report = MonthlyReport(load_records(tables, chosen), month, Disclosure(profile, chosen.minimum_cell))
    template = json.loads(
        (Path(__file__).parents[2] / "notebooks" / "monthly_report.ipynb").read_text("utf-8")
    )
    cells = ["".join(cell["source"]) for cell in template["cells"] if cell["cell_type"] == "code"]
    return [eval(cell, {"report": report, "Heading": Heading}) for cell in cells[2:]]


def text_of(*given: Any, **named: Any) -> str:
    shown = blocks(*given, **named)
    assert all(block.as_html() is not None and block.as_typst() for block in shown)
    text = "\n".join(block.as_text() for block in shown)
    assert LIMITATION in text
    assert not re.search(r"−0\.0\b|\bnan\b|\bNone\b|\b1 patients|inf\b", text), text
    causal = r"\b(effects?|effective\w*|works?|because of|due to|thanks to|led to|causes|helped|benefit\w*)\b"
    assert not re.search(causal, text.replace(LIMITATION, ""), re.IGNORECASE), text
    return text


BOTH = pytest.mark.parametrize("profile", ["internal", "share"])


@BOTH
@pytest.mark.parametrize("n", [0, 1, 8, pytest.param(5, marks=pytest.mark.long)])
def test_few_patients(n: int, profile: Profile, with_drawing: None) -> None:
    # A month in which nobody's follow-up closed stands for nobody at all: a diary has at least one patient.
    month = MONTH if n else "2024-06"
    text = text_of(clinic(["migraine"] * max(n, 1)), month, profile)
    if profile == "share":
        assert "Too few patients to show safely (fewer than 11)." in text
        assert not re.search(r"(?m)^Headache days \(.*\d\.\d", text)
        assert not re.search(r"\b0 of|\b0 patients", text)
    else:
        assert f"{n} patient" in text
        assert ("No patient has a value both" in text) == (n == 0)


def test_twelve_patients_can_be_shared() -> None:
    text = text_of(clinic(["migraine"] * 12), MONTH, "share")
    assert "about 10 patients" in text
    assert not re.search(r"(?<![\w.,−])12(?![\w.,%])(?! after| around)", text), text


@BOTH
def test_types_that_are_all_small(profile: Profile) -> None:
    types = ["migraine", "tension_type", "cervicogenic", "cluster", "sinus"] * 6
    text = text_of(clinic(types), MONTH, profile)
    assert ("Cluster" in text) == (profile == "internal")


@BOTH
def test_a_diary_by_day_without_the_other_tables(profile: Profile) -> None:
    text = text_of(clinic(["migraine"] * 12, day=True, without=["patients", "intensity"]), None, profile)
    assert "all patients in the records" in text
    assert "do not hold the headache type" in text
    assert "Intensity" not in text


@BOTH
def test_summaries_alone_are_not_said_to_be_weeks(profile: Profile) -> None:
    text = text_of(summaries(), None, profile)
    assert "at follow-up than at baseline" in text
    assert not re.search(r"weeks 9 to 12|days −28|enough recorded days", text)
    assert "no daily diary" in text


def test_recall_is_never_called_recorded_and_modes_stand_apart() -> None:
    alone = text_of(summaries(modes=["recall_28"]), None, "internal")
    assert "Patients reported" in alone
    assert "recalled over 28 days" in alone
    several = text_of(summaries(modes=["diary", "recall_28", "recall_7"]), None, "internal")
    assert several.count("Recalled, not recorded") == 1
    first_page, _, section = several.partition("Recalled, not recorded")
    assert "recalled over" not in first_page and "recalled at visits" not in first_page
    assert section.count("recalled over 28 days") == section.count("recalled over 7 days") > 1


def test_recall_beside_a_diary_says_who_is_not_of_the_month() -> None:
    """28 of these 40 patients have no first session, so that no month can be told for them."""
    tables = {**clinic(["migraine"] * 12), **summaries(modes=["recall_28"])}
    told = "Patients whose first session is not known are in it, whatever the month"
    assert told in text_of(tables, MONTH, "internal")
    assert "whatever the month" not in text_of(tables, None, "internal")


@BOTH
def test_a_declared_endpoint_in_place_of_the_primary_one(profile: Profile) -> None:
    plan = {"endpoints": {"walking_days": {"unit": "days", "improvement": "increase"}}}
    text = text_of(summaries("walking_days"), None, profile, plan)
    assert "The mean of walking days was" in text
    assert "the plan's primary endpoint, is not in these records. In its place: Walking days." in text
    assert "a response is a rise" in text


@BOTH
def test_odd_windows_and_another_confidence(profile: Profile) -> None:
    plan = {"baseline_days": 29, "followup_first_day": 1, "followup_last_day": 83, "min_recorded_days": 1}
    text = text_of(clinic(["migraine"] * 12), None, profile, {**plan, "confidence": 0.9})
    assert "on days 1 to 83 after their first session than in the 29 days before it (90% interval" in text
    assert not re.search(r"95(\.0)?%", re.sub(r"\(?\d+ to \d+%\)?|\d+%\s", "", text))


@BOTH
def test_a_plan_without_responders(profile: Profile) -> None:
    plan = {"responder_reductions": [], "worsening_increases": []}
    assert "Responders are not defined" in text_of(clinic(["migraine"] * 12), MONTH, profile, plan)


def test_intensity_as_the_primary_endpoint() -> None:
    text = text_of(
        clinic(["migraine"] * 12), MONTH, "share", {"primary_endpoint": "intensity_on_headache_days"}
    )
    assert "Intensity on headache days was" in text


def test_untreated_patients_are_told_of() -> None:
    tables = clinic(["migraine"] * 20)
    tables["patients"] = tables["patients"].assign(group=["treated"] * 17 + ["waiting_list"] * 3)
    assert "3 patients of groups other than 'treated'" in text_of(tables, MONTH, "internal")
    shared = text_of(tables, MONTH, "share")
    assert "may include some of groups other than 'treated'" in shared
    assert "holds 3" not in shared


def test_rows_in_share_are_percent_and_no_table_of_patients() -> None:
    text = text_of(clinic(["migraine"] * 20), MONTH, "share")
    assert re.search(r"(?m)^diary\t>99%\t<1%\t<1%\t<1%$", text)
    assert not re.search(r"(?m)^patients\t\d", text)


def test_numbers_of_internal_are_exact_and_those_not_eligible_are_counted() -> None:
    tables = clinic(["migraine"] * 11)
    lucky = tables["diary"]["patient_id"] == "P001"
    tables["diary"].loc[lucky, ["headache", "intensity"]] = ["no", 0]
    text = text_of(tables, MONTH, "internal")
    assert "; 11 patients)" in text
    assert "1 with both periods not eligible" in text
    assert "all who started: " in text


def test_a_month_is_refused_where_there_are_no_dates() -> None:
    for tables in (summaries(), clinic(["migraine"], day=True)):
        with pytest.raises(PlanError, match="--all"):
            blocks(tables, MONTH, "internal")


def test_summaries_without_an_endpoint_are_told_of() -> None:
    empty = {"summaries": summaries()["summaries"][["patient_id", "period"]]}
    with pytest.raises(InvalidRecords, match="hold no endpoint"):
        blocks(empty, None, "internal")


@BOTH
def test_a_clinic_of_episodic_cluster_has_levels_and_no_headline(profile: Profile) -> None:
    text = text_of(clinic(["cluster"] * 12), MONTH, profile)
    assert "is described and not compared, since bouts end by themselves" in text
    assert not re.search(r"Patients recorded|Headache days halved|fewer headache days", text)
    few = text_of(clinic(["cluster"] * 3), MONTH, profile)
    assert ("(3 patients)" in few) == (profile == "internal")


@BOTH
def test_the_report_says_that_most_were_still_treated(profile: Profile) -> None:
    tables = clinic(["migraine"] * 20)
    later = tables["sessions"].assign(
        date=[str(pd.Timestamp(date) + pd.Timedelta(days=60))[:10] for date in tables["sessions"]["date"]]
    )
    without = text_of(tables, MONTH, profile)
    tables["sessions"] = pd.concat([tables["sessions"], later], ignore_index=True)
    assert "care including dry needling" not in without
    assert "this is the change under care including dry needling" in text_of(tables, MONTH, profile)


def full_clinic(n: int) -> dict[str, pd.DataFrame]:
    """`clinic` with drugs, practitioners, answers about events and a red flag; one patient takes opioids."""
    tables = clinic(["migraine", "tension_type"] * (n // 2))
    diary = tables["diary"]
    has = diary["headache"] == "yes"
    diary["acute_medication"] = np.where(has, "yes", "no")
    drug = np.where(diary["patient_id"] == "P001", "opioid", "triptan")
    diary["acute_medication_class"] = np.where(has, drug, "")
    sessions = tables["sessions"]
    sessions["practitioner_id"] = [f"PR-{1 + number % 2}" for number in range(len(sessions))]
    again = [
        sessions.assign(
            date=[str(pd.Timestamp(date) + pd.Timedelta(days=7 * week))[:10] for date in sessions["date"]]
        )
        for week in range(6)
    ]
    given = pd.concat(again, ignore_index=True)
    given["adverse_event"] = ["mild" if number % 4 == 0 else "none" for number in range(len(given))]
    given["adverse_event_72h"] = ""
    tables["sessions"] = given
    tables["events"] = pd.DataFrame(
        [("P003", given["date"].min(), "red_flag")], columns=["patient_id", "date", "kind"]
    )
    return tables


@pytest.fixture(scope="module")
def full_texts() -> dict[str, str]:
    """The report of a clinic of 40 in both profiles, the second from the numbers of the first."""
    records = load_records(full_clinic(40), AnalysisPlan())
    shared = ReportNumbers(records, MONTH)
    template = json.loads(
        (Path(__file__).parents[2] / "notebooks" / "monthly_report.ipynb").read_text("utf-8")
    )
    cells = ["".join(cell["source"]) for cell in template["cells"] if cell["cell_type"] == "code"][2:]
    texts = {}
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(
            figures,
            "figure_block",
            lambda draw, *, alt, height_mm, caption="", width="full", narrow_height_mm=None: FigureBlock(
                b"<svg/>", alt, caption, width
            ),
        )
        for profile in ("internal", "share"):
            report = MonthlyReport(records, MONTH, Disclosure(profile, 8), shared)
            shown = [eval(cell, {"report": report, "Heading": Heading}) for cell in cells]
            texts[profile] = "\n".join(block.as_text() for block in shown)
    return texts


def test_the_order_of_the_report(full_texts: dict[str, str]) -> None:
    wanted = [
        "what the records say", "Completeness", "Who is in the comparison", "Before and after",
        "Course around the first session",
        "What entering in a bad month alone would give", "How many improved", "By headache type exploratory\n",
        "Medication\n", "Questionnaires\n", "Does it last", "Sessions received", "Safety\n", "Practitioners",
        "Month by month", "Had other choices been made", "Completeness and data quality", "What this report can",
        "Provenance", "Next\n",
    ]  # fmt: skip
    assert "This month\tFirst session" in full_texts["internal"]
    for text in full_texts.values():
        body = text[text.index("what the records say") :]
        places = [
            body.index(one, body.index("Who is in")) if n > 2 else body.index(one)
            for n, one in enumerate(wanted)
        ]
        assert places == sorted(places)


def test_no_pseudonym_and_no_practitioner_leaves_the_clinic(full_texts: dict[str, str]) -> None:
    assert re.search(r"\bP003\b", full_texts["internal"]), "whose red flag it was"
    assert "by practitioner" in full_texts["internal"]
    assert not re.search(r"\bP\d{3}\b|\bPR-\d", full_texts["share"])
    assert "shown to the clinic alone" in full_texts["share"]


def test_a_drug_of_one_patient_is_not_named_in_share(full_texts: dict[str, str]) -> None:
    assert "Days with opioid" in full_texts["internal"]
    assert "opioid" not in full_texts["share"]
    assert "Days with triptan" in full_texts["share"]


def test_safety_says_how_many_were_asked_and_what_was_not_ruled_out(full_texts: dict[str, str]) -> None:
    # 40 patients with 6 sessions each; an event at every fourth of the 240 asked about.
    assert "An event at 25% of sessions (20 to 31% of 240 sessions asked about)" in full_texts["internal"]
    # The exact one-sided limit of 0 of 240 is 1 − 0.05^(1/240) = 1.24%.
    assert "serious: none seen, at most 1.2%" in full_texts["internal"]
    assert "asked again at 72 hours: 0% of 240 sessions" in full_texts["internal"]
    assert "of about 240 sessions asked about" in full_texts["share"]


def test_the_last_page_never_says_to_treat_more(full_texts: dict[str, str]) -> None:
    for text in full_texts.values():
        last = text[text.rindex("\nNext\n") :]
        assert re.search(r"1 day per 28\t\d", last)
        assert "do not show what caused a change" in last
        assert not re.search(r"treat (them )?more|more sessions|book", last)


def test_a_profile_shows_the_same_from_numbers_that_another_worked_out(full_texts: dict[str, str]) -> None:
    assert text_of(full_clinic(40), MONTH, "share") == full_texts["share"]


def test_numbers_are_not_kept_when_a_file_changes(tmp_path: Path) -> None:
    tables = clinic(["migraine"] * 3)
    for name, table in tables.items():
        table.to_csv(tmp_path / f"{name}.csv", index=False)
    given: dict[str, Any] = {"month": MONTH, "plan": AnalysisPlan().to_dict()}
    before = open_report(str(tmp_path), profile="internal", **given)
    assert open_report(str(tmp_path), profile="share", **given).records is before.records
    tables["diary"].iloc[:-1].to_csv(tmp_path / "diary.csv", index=False)
    assert open_report(str(tmp_path), profile="internal", **given).records is not before.records
