"""Practitioners and sites: at least five patients each, in the order of their names, drawn in, with a funnel."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from diaries import WEEK_PLAN, drawn, load

import outcomes as oc
from outcomes.analysis.answers import Answers
from outcomes.analysis.models.practitioners import compare_practitioners
from outcomes.analysis.models.session_rows import main_practitioner, main_site
from outcomes.analysis.questions import ask


def clinic(
    places: dict[str, tuple[str, int]], change: dict[str, float], seed: int = 1
) -> dict[str, pd.DataFrame]:
    """Practitioner → (site, patients). The chance of a headache day is ½ before, and ½ + `change` of the site after."""
    generator = np.random.default_rng(seed)
    drawing, rows = [], []
    for practitioner, (site, patients) in places.items():
        for number in range(patients):
            name = f"{practitioner}{number:02d}".lower()
            before = "".join("3" if hurts else "0" for hurts in generator.random(7) < 0.5)
            after = "".join(
                "3" if hurts else "0" for hurts in generator.random(7) < 0.5 + change.get(site, 0)
            )
            drawing.append(f"{name} : {before} | . {after}")
            rows += [(name, day, practitioner, site) for day in (0, 3)]
    sessions = pd.DataFrame(rows, columns=["patient_id", "day", "practitioner_id", "site_id"])
    return {**drawn("\n".join(drawing)), "sessions": sessions}


def asked_of(tables: dict[str, pd.DataFrame]) -> Answers:
    return ask(oc.split_periods(load(tables, WEEK_PLAN), WEEK_PLAN), "practitioners")


PLACES = {"PC": ("S2", 8), "PA": ("S1", 7), "PB": ("S1", 4), "PD": ("S2", 6)}


def test_small_ones_are_counted_and_not_shown() -> None:
    """PB has four patients: no figure of its own, and its patients are still among those of its site."""
    found = asked_of(clinic(PLACES, {}))
    shown = found.frames["funnel"]
    assert list(shown[shown["by"] == "practitioner"]["name"]) == ["PA", "PC", "PD"]
    assert list(shown[shown["by"] == "site"][["name", "n"]].itertuples(index=False, name=None)) == [
        ("S1", 11),
        ("S2", 14),
    ]
    hidden = found.find("suppressed", by="practitioner_id")
    assert (hidden.count, hidden.n) == (1, 4)
    assert not [row for row in found if row.group == "PB"]
    everyone = found.find("mean_over_units", by="practitioner_id")
    assert (everyone.n, everyone.n_left_out) == (21, 4)


def test_there_is_no_rank_no_event_and_no_skill() -> None:
    found = asked_of(clinic(PLACES, {}))
    assert not [name for name in found.frames["funnel"].columns if "rank" in name]
    assert not [row for row in found if "event" in row.endpoint or row.p is not None]
    notes = " ".join(found.notes)
    assert "differences between practitioners are not differences in skill" in notes
    assert "differences between sites" in notes and "few_sites" in notes


def test_sites_are_compared_as_practitioners_are() -> None:
    tables = clinic(PLACES, {"S2": -0.4})
    periods = oc.split_periods(load(tables, WEEK_PLAN), WEEK_PLAN)
    pairs = oc.pair_by_patient(oc.measure_endpoints(periods), "headache_days_per_28")
    alone = compare_practitioners(pairs.join(main_site(periods)), practitioner="site_id", units="sites")
    funnel = ask(periods, "practitioners").frames["funnel"]
    sites = funnel[funnel["by"] == "site"]
    np.testing.assert_array_equal(sites["shrunken"], [row.shrunken for row in alone.rows])
    np.testing.assert_array_equal(sites["outer_high"], [row.outer_high for row in alone.rows])


def test_a_planted_difference_between_sites_is_found_and_alike_sites_are_drawn_together() -> None:
    """Twelve headache days per 28 fewer at S2 than at S1, 60 patients each; then the same clinic without it."""
    places = {"PA": ("S1", 60), "PB": ("S2", 60)}
    changes = {
        row.group: row
        for row in asked_of(clinic(places, {"S2": -12 / 28}))
        if row.by == "site_id" and row.statistic == "adjusted"
    }
    gap = (changes["S2"].value or 0) - (changes["S1"].value or 0)
    # A change of two binomial weeks has variance 16·7·(¼ + at most ¼): the gap of two means of 60 has SD 1.4 or less.
    assert gap == pytest.approx(-12, abs=2 * 1.4)
    alike = asked_of(clinic(places, {})).frames["funnel"]
    spread = alike.groupby("by")[["adjusted", "shrunken"]].agg(np.ptp)
    assert (spread["shrunken"] <= spread["adjusted"]).all()


def test_a_patient_of_two_sites_belongs_to_neither() -> None:
    tables = {
        **drawn("ann : 3000000 | . 0000000\nbea : 3000000 | . 0000000"),
        "sessions": pd.DataFrame(
            {
                "patient_id": ["ann", "ann", "bea", "bea", "bea"],
                "day": [0, 3, 0, 3, 5],
                "site_id": ["S1", "S2", "S1", "S1", "S2"],
            }
        ),
    }
    periods = oc.split_periods(load(tables, WEEK_PLAN), WEEK_PLAN)
    found = main_site(periods)
    assert pd.isna(found["ann"]) and found["bea"] == "S1"
    assert main_practitioner(periods).isna().all()


def test_sessions_that_name_nobody_are_refused_in_words() -> None:
    tables = clinic(PLACES, {})
    with pytest.raises(oc.PlanError, match="neither a practitioner nor a site"):
        asked_of({**tables, "sessions": tables["sessions"][["patient_id", "day"]]})
    with pytest.raises(oc.PlanError, match="hold no sessions"):
        asked_of({"diary": tables["diary"]})


def test_three_patients_have_no_figure_of_anybody() -> None:
    found = asked_of(clinic({"PA": ("S1", 2), "PB": ("S1", 1)}, {}))
    assert found.frames["funnel"].empty
    assert found["mean_over_units"].value is None
    assert found["suppressed"].count == 2


def test_recalled_summaries_without_a_diary_are_compared_alone() -> None:
    """Ten patients of two sites with recalled days: no diary, and the mode is told."""
    names = [f"p{i}" for i in range(10)]
    generator = np.random.default_rng(2)
    summaries = pd.DataFrame(
        {
            "patient_id": names * 2,
            "mode": "recall_28",
            "period": ["baseline"] * 10 + ["followup"] * 10,
            "headache_days_per_28": generator.integers(4, 20, 20),
        }
    )
    sessions = pd.DataFrame({"patient_id": names, "day": 0, "site_id": ["S1"] * 5 + ["S2"] * 5})
    found = ask(oc.split_periods(load({"summaries": summaries, "sessions": sessions})), "practitioners")
    assert list(found.frames["funnel"]["name"]) == ["S1", "S2"]
    assert {row.mode for row in found} == {"recall_28"}


def test_every_patient_of_the_sample_is_counted(sample: Path) -> None:
    found = ask(oc.split_periods(oc.load_records(sample)), "practitioners")
    for unit in ("practitioner_id", "site_id"):
        row = found.find("mean_over_units", by=unit)
        assert row.n + row.n_left_out == 240
