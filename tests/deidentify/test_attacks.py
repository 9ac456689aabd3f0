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

from outcomes.records.deidentify import attacks, dates, fields, windows
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


def _given_up(patients: int, seed: int) -> tuple[Frames, DeidentifySettings, dates.TrueDates]:
    """Diaries on most days from 28 days before the first session on. Half of those that are kept on day 300 end
    there, as when an app is given up; the others go on to the export, or for twelve weeks."""
    draws, begin, export = np.random.default_rng(seed), dt.date(2025, 1, 6), 540
    diary, sessions = [], []
    for number in range(patients):
        zero = int(draws.integers(0, export - 30))
        last = export if number % 2 else zero + 83
        last = 300 if draws.random() < 0.5 and zero <= 300 < last else min(last, export)
        kept = [day for day in range(zero - 28, last + 1) if draws.random() > 0.12]
        diary += [(f"p{number}", (begin + dt.timedelta(day)).isoformat(), "yes") for day in kept]
        sessions.append((f"p{number}", (begin + dt.timedelta(zero)).isoformat()))
    frames = {
        "diary": pd.DataFrame(diary, columns=["patient_id", "date", "headache"], dtype=object),
        "sessions": pd.DataFrame(sessions, columns=["patient_id", "date"], dtype=object),
    }
    settings = DeidentifySettings(exported_on=begin + dt.timedelta(export))
    clean = fields.cleaned(frames, settings, Ledger())
    return clean, settings, dates.true_dates(clean, settings, None)


def _windows_in(
    monkeypatch: pytest.MonkeyPatch, clinic: tuple[Frames, DeidentifySettings, dates.TrueDates], together: int
) -> tuple[Frames, dict[str, attacks.Attack]]:
    """The output, and the attacks on it, where so many diaries that end together end for one reason."""
    clean, settings, truth = clinic
    with monkeypatch.context() as patch:
        patch.setattr(windows, "ENDING_TOGETHER", together)
        done = dates.placed(clean, settings, truth, Ledger())
    return done, _found(done, truth)


def _given_up_campaign(monkeypatch: pytest.MonkeyPatch, patients: int, seed: int) -> tuple[int, int]:
    """How many more can be compared than by whole windows alone, and of how many."""
    clinic = _given_up(patients, seed)
    done, found = _windows_in(monkeypatch, clinic, windows.ENDING_TOGETHER)
    whole, before = _windows_in(monkeypatch, clinic, 0)
    for name in ("end of the diary", "common end of diaries"):
        assert _no_better_than_guessing(found[name]), name
        # A day that only one or two diaries end on adds at most those.
        assert found[name].found <= before[name].found + 2 / patients, name
    gained = windows.comparable(done["diary"]) - windows.comparable(whole["diary"])
    assert not windows.comparable(whole["diary"]) - windows.comparable(done["diary"])
    return len(gained), len(windows.comparable(done["diary"]))


def test_windows_without_their_last_day_keep_patients_and_tell_no_more(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    gained = [_given_up_campaign(monkeypatch, 60, seed)[0] for seed in range(1, 6)]
    assert sum(gained) >= 5


def test_diaries_that_end_with_their_app_would_be_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    found = [
        _windows_in(monkeypatch, _given_up(200, seed), together)[1]["common end of diaries"].found
        for together in (windows.ENDING_TOGETHER, 10**9)
        for seed in range(1, 4)
    ]
    assert sum(found[3:]) > 2 * sum(found[:3]) and sum(found[:3]) / 3 < 1 / windows.WINDOW_DAYS


@pytest.mark.long
@pytest.mark.parametrize("seed", range(6, 26))
def test_the_end_tells_no_more_in_any_clinic(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    for patients in (15, 60, 400):
        _given_up_campaign(monkeypatch, patients, seed)
