"""The attacks of the linkage report on simulated clinics: they succeed on dates that are merely moved or
counted, and hardly beat guessing on what `deidentify` writes.

The figures to reproduce come from the project's specification: a plain shift found out for about 60% of
patients and a truncated one for no more than guessing; day numbers for about 60%, whole windows for about 1%.
"""

from __future__ import annotations

import datetime as dt
import math

import numpy as np
import pandas as pd
import pytest

from outcomes.records.deidentify import attacks, dates, fields
from outcomes.records.deidentify.config import DeidentifySettings
from outcomes.records.deidentify.ledger import Ledger
from outcomes.simulation import ClinicTruth, simulate_clinic

Frames = dict[str, pd.DataFrame]


def _clinic(patients: int, seed: int, mode: str) -> tuple[Frames, DeidentifySettings, dates.TrueDates]:
    """A clinic whose patients keep their diary until they stop, or the records are exported."""
    # The records are exported on another weekday with each seed.
    begin = dt.date(2025, 5, 1 + seed)
    truth = ClinicTruth(patients=patients, seed=seed, faults=False, diary_days_after=540, first_day=begin)
    settings = DeidentifySettings(dates=mode, exported_on=truth.last_day)
    frames = {name: frame.astype(object) for name, frame in simulate_clinic(truth).items()}
    clean = fields.cleaned(frames, settings, Ledger())
    weeks = np.random.default_rng(seed).integers(1, 27, patients)
    moved = {
        name: 7 * int(week) for name, week in zip(sorted(clean["patients"]["patient_id"]), weeks, strict=True)
    }
    return clean, settings, dates.true_dates(clean, settings, moved.get if mode == "shift" else None)  # type: ignore[arg-type]


def _merely(clean: Frames, truth: dates.TrueDates, mode: str) -> Frames:
    """Dates counted from the first session, or moved by the patient's weeks, and nothing cut: the naive way."""
    done = {}
    for name in ("diary", "sessions"):
        frame = clean[name]
        true = pd.to_datetime(frame["date"])
        if mode == "shift":
            moved = true - pd.to_timedelta(frame["patient_id"].map(truth.shift), unit="D")
            done[name] = frame.assign(date=moved.dt.strftime("%Y-%m-%d"))
        else:
            zero = pd.to_datetime(clean["sessions"].groupby("patient_id")["date"].min())
            days = (true - frame["patient_id"].map(zero)).dt.days
            done[name] = frame[days.notna()].assign(day=days.dropna().astype(int)).drop(columns="date")
    return done


def _found(frames: Frames, truth: dates.TrueDates) -> dict[str, attacks.Attack]:
    return {attack.name: attack for attack in attacks.date_attacks(frames, truth)}


def _no_better_than_guessing(attack: attacks.Attack) -> bool:
    error = math.sqrt(attack.chance * (1 - attack.chance) / attack.patients)
    return attack.found <= attack.chance + 3 * error


def _campaign(patients: int, seed: int) -> None:
    clean, settings, truth = _clinic(patients, seed, "relative")
    naive, cut = _found(_merely(clean, truth, "relative"), truth), None
    assert naive["end of the diary"].found > 0.4
    cut = _found(dates.placed(clean, settings, truth, Ledger()), truth)
    assert _no_better_than_guessing(cut["end of the diary"])
    assert cut["end of the diary"].chance == pytest.approx(1 / 28)
    # What is left, and told: a weekday found in the gaps of the diary leaves four days of the 28.
    assert 0.4 < cut["weekday of day 0"].found < 1 and cut["weekday of day 0"].chance == 0.2
    assert cut["end, opening days and weekday"].found <= 0.25

    clean, settings, truth = _clinic(patients, seed, "shift")
    naive = _found(_merely(clean, truth, "shift"), truth)
    assert naive["end of the diary"].found > 0.4
    cut = _found(dates.placed(clean, settings, truth, Ledger()), truth)
    assert all(_no_better_than_guessing(attack) for attack in cut.values())
    assert cut["both ends"].found == pytest.approx(1 / 26), "every shift is possible for everybody"
    assert cut["opening days"].found == pytest.approx(1 / 26), "whole weeks leave the weekdays alone"


def test_the_cuts_stop_what_finds_out_half_of_a_clinic() -> None:
    _campaign(100, seed=1)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(2, 12))
def test_the_cuts_hold_in_large_clinics(seed: int) -> None:
    _campaign(400, seed)


def test_known_visits_single_out_by_date_and_hardly_by_week() -> None:
    clean, settings, truth = _clinic(60, 1, "relative")
    done = dates.placed(clean, settings, truth, Ledger())
    share = {(one.visits, one.knows): one.share for one in attacks.singled_out(done, truth)}
    assert share[2, "true dates (were they written)"] > 0.5
    assert share[1, "intervals in days"] == 0
    assert 0 < share[3, "intervals in days"] < 0.35
    assert share[3, "intervals in weeks"] <= 0.05


def test_singling_out_is_counted_as_by_hand() -> None:
    days = {"a": (0, 7, 14), "b": (0, 7, 15), "c": (0, 7, 14), "d": (0,)}
    sessions = pd.DataFrame(
        [(patient, day) for patient, own in days.items() for day in own], columns=["patient_id", "day"]
    )
    true = {
        patient: tuple(700_000 + 100 * place + day for day in own)
        for place, (patient, own) in enumerate(days.items())
    }
    truth = dates.TrueDates(zero={patient: own[0] for patient, own in true.items()}, visits=true)
    found = {(one.visits, one.knows): one for one in attacks.singled_out({"sessions": sessions}, truth)}
    # By true dates everybody is alone; three intervals tell b only (7 and 8 days); in weeks b is like a and c.
    assert found[1, "true dates (were they written)"].share == 1
    assert (found[3, "intervals in days"].patients, found[3, "intervals in days"].share) == (3, 1 / 3)
    assert found[3, "intervals in weeks"].share == 0
    assert found[1, "intervals in days"].share == 0 and found[1, "intervals in days"].patients == 4


def test_the_end_attack_is_right_where_the_diary_ends_with_the_export_and_only_there() -> None:
    exported = 740_000
    zero = {"a": exported - 83, "b": exported - 100, "c": exported - 90}
    last = {"a": 83, "b": 100, "c": 60}
    diary = pd.DataFrame(
        [(patient, day) for patient in last for day in range(last[patient] + 1)],
        columns=["patient_id", "day"],
    )
    truth = dates.TrueDates(
        zero=zero, visits={}, first=exported - 200, exported=exported, opening_days=tuple(range(7))
    )
    assert _found({"diary": diary}, truth)["end of the diary"].found == pytest.approx(2 / 3)
