"""What is planted beside the headache days is found by counting, and what was there before is still there.

Bounds are four Monte-Carlo standard errors of a share or a mean; the seeds are fixed.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from outcomes.errors import PlanError
from outcomes.simulation import Clinic, ClinicTruth, simulate_clinic, without_change, without_gaps
from outcomes.simulation.features import FEATURES
from outcomes.simulation.type_truth import TYPES

#: SHA-256 of the files of data/sample as they were before columns and tables were added to them.
BEFORE = {
    "diary": (
        "patient_id,date,headache,intensity,duration_hours,acute_medication,acute_medication_class,acute_doses",
        "be03cf40c0f74ace22f260e33f6a591d21d1b61fa7fb1e6eb194a6ac00181841",
    ),
    "sessions": (
        "patient_id,date,practitioner_id,technique,muscles,needles_inserted,needles_removed,depth_mm,dwell_minutes,"
        "electrical,local_twitch_response,pain_before,pain_after,co_interventions,aftercare,adverse_event,soreness,"
        "recalled_headache_days_28",
        "7c551814184b7ce1a0ff39096e7304c369263d742d4a895989e507fd3c073fa8",
    ),
    "patients": (
        "patient_id,headache_type,group,allocation,contact_date,planned_sessions,sex,age_band",
        "e62d70da012c31bc2ce4edfe97301e46cfb9981ab2db824e5d8a0136c6e398a2",
    ),
}

#: Nobody in a bad month, everybody followed to the end: what changes is what was planted.
PLAIN = replace(without_gaps(ClinicTruth(patients=1800, seed=21)), worst_of_months=1.0)


@pytest.fixture(scope="module")
def clinic() -> Clinic:
    return simulate_clinic(
        replace(ClinicTruth(patients=1200, seed=20), faults=False, recalled_7_asked_share=0.5)
    )


@pytest.fixture(scope="module")
def plain() -> Clinic:
    return simulate_clinic(PLAIN)


def is_share(found: pd.Series, planted: float) -> None:
    """A share of at least some hundred yes/no answers, within four binomial standard errors."""
    n = len(found)
    assert n >= 300
    assert abs(found.mean() - planted) <= 4 * (planted * (1 - planted) / n) ** 0.5 + 1e-12


def is_mean(found: pd.Series, planted: float) -> None:
    found = found.dropna()
    assert len(found) >= 300
    assert abs(found.mean() - planted) < 4 * found.std() / len(found) ** 0.5


def with_type(clinic: Clinic) -> pd.DataFrame:
    return clinic["diary"].merge(
        clinic["patients"][["patient_id", "headache_type"]], on="patient_id", validate="m:1"
    )


def days_after_sessions(clinic: Clinic) -> pd.DataFrame:
    """Each diary day with the last session up to it: `since` days ago, and what that session's row says."""
    diary = clinic["diary"][["patient_id", "date", "headache", "soreness"]]
    diary = diary.assign(when=pd.to_datetime(diary["date"])).sort_values("when")
    sessions = clinic["sessions"][["patient_id", "date", "soreness", "soreness_hours"]]
    sessions = sessions.assign(when=pd.to_datetime(sessions["date"])).rename(columns={"soreness": "worst"})
    sessions["session"] = sessions["when"]
    merged = pd.merge_asof(
        diary,
        sessions.drop(columns="date").sort_values("when"),
        on="when",
        by="patient_id",
        direction="backward",
    )
    return merged.assign(since=(merged["when"] - merged["session"]).dt.days)


@pytest.mark.parametrize("table", BEFORE)
def test_every_cell_that_the_sample_had_keeps_its_value(table: str) -> None:
    columns, digest = BEFORE[table]
    text = simulate_clinic(ClinicTruth())[table][columns.split(",")].to_csv(index=False, lineterminator="\n")
    assert hashlib.sha256(text.encode()).hexdigest() == digest


@pytest.mark.parametrize("name", ["migraine", "tension_type", "cervicogenic", "cluster", "sinus"])
def test_headache_days_have_their_features_as_often_as_planted(clinic: Clinic, name: str) -> None:
    (planted,) = [kind.days_are for kind in TYPES if kind.name == name]
    diary = with_type(clinic)
    ill = diary[(diary["headache_type"] == name) & (diary["headache"] == "yes")]
    asked = ill.dropna(subset="unilateral")
    for feature in FEATURES:
        is_share(asked[feature] == "yes", getattr(planted, f"{feature}_share"))
    helped = ill["acute_medication_helped"].dropna()
    assert (helped.index == ill.index[ill["acute_medication"] == "yes"]).all()
    is_share(helped == "yes", planted.medication_helped_share)


def test_features_are_asked_for_in_the_planted_share_of_diaries_and_stand_on_headache_days_alone(
    clinic: Clinic,
) -> None:
    diary = clinic["diary"]
    columns = [*FEATURES, "attacks"]
    asked = diary[diary["headache"] == "yes"].groupby("patient_id")["aura"].agg(["size", "count"])
    assert asked["count"].isin([0]).sum() + (asked["count"] == asked["size"]).sum() == len(asked)
    is_share(asked["count"] > 0, 0.75)
    assert diary.loc[diary["headache"] != "yes", columns].isna().all(axis=None)
    assert diary[columns].notna().sum().nunique() == 1
    assert diary.loc[diary["headache"].isna(), "soreness"].isna().all()


def test_attacks_go_on_over_midnight_and_come_in_numbers_as_planted(clinic: Clinic) -> None:
    diary = with_type(clinic).sort_values(["patient_id", "date"])
    when = pd.to_datetime(diary["date"])
    follows = (diary["patient_id"] == diary["patient_id"].shift()) & ((when - when.shift()).dt.days == 1)
    told = diary.assign(
        after=np.where(follows, diary["headache"].shift(), None), attacks=diary["attacks"].astype("float64")
    ).dropna(subset="attacks")
    migraine = told[told["headache_type"] == "migraine"]
    # 0 = one went on and none began, further ones among those that began aside: chance 1 / 1.05 of no further one.
    is_share(migraine.loc[migraine["after"] == "yes", "attacks"] == 0, 0.60 / 1.05)
    assert (migraine.loc[migraine["after"] == "no", "attacks"] >= 1).all()
    is_mean(migraine.loc[migraine["after"] == "no", "attacks"], 1.05)
    # At most 8 a day: of a geometric number with mean 1 that takes off 2^-7.
    is_mean(told.loc[told["headache_type"] == "cluster", "attacks"], 2 - 2**-7)


def test_soreness_falls_day_by_day_as_planted_and_agrees_with_the_session(clinic: Clinic) -> None:
    days = days_after_sessions(clinic)
    days = days[days["headache"].notna()]
    due = days[days["since"] <= 4]
    assert due["soreness"].notna().all() and days.loc[~(days["since"] <= 4), "soreness"].isna().all()
    for day, planted in enumerate((0.75, 0.60, 0.34, 0.14, 0.05)):
        is_share(due.loc[due["since"] == day, "soreness"] > 0, planted)
    asked = due.dropna(subset="worst")
    assert (asked["soreness"] <= asked["worst"]).all()
    assert (asked.loc[asked["since"] == 0, "soreness"] == asked.loc[asked["since"] == 0, "worst"]).all()
    # Sore on a day if and only if the soreness outlasts the 24 hours of each day before it.
    assert ((asked["soreness"] > 0) == (asked["soreness_hours"] > 24 * asked["since"])).all()


def test_adverse_events_come_at_the_planted_rates_and_are_asked_for_again_as_often_as_planted() -> None:
    truth = ClinicTruth(
        patients=1500,
        seed=22,
        faults=False,
        adverse_event_significant_per_session=0.03,
        adverse_event_serious_per_session=0.01,
    )
    made = simulate_clinic(truth)
    sessions = made["sessions"]
    is_share(sessions["adverse_event"] == "not_asked", 0.08)
    asked = sessions[sessions["adverse_event"] != "not_asked"]
    for grade, planted in (("mild", 0.20), ("significant", 0.03), ("serious", 0.01)):
        is_share(asked["adverse_event"] == grade, planted)
    is_share(sessions["adverse_event_72h"].notna(), 0.35)
    both = asked.dropna(subset="adverse_event_72h")
    fine = both[both["adverse_event"] == "none"]
    is_share(fine["adverse_event_72h"] == "mild", 0.08)
    assert (fine["adverse_event_72h"].isin(["none", "mild"])).all()
    bad = both[both["adverse_event"] != "none"]
    assert (bad["adverse_event_72h"] == bad["adverse_event"]).all()
    told = sessions["adverse_event"].isin(["mild", "significant", "serious"])
    told |= sessions["adverse_event_72h"].isin(["mild", "significant", "serious"])
    assert (sessions["adverse_event_kind"].notna() == told).all()
    # Those from `significant` on are events of their own, asked for or not; those asked for stand in both tables.
    events = made["events"][made["events"]["kind"] == "adverse_event"]
    joined = asked.merge(events, on=["patient_id", "date"], how="left", validate="1:1")
    bad = joined["adverse_event"].isin(["significant", "serious"])
    assert (joined.loc[bad, "grade"] == joined.loc[bad, "adverse_event"]).all() and joined.loc[
        ~bad, "grade"
    ].isna().all()


def test_sessions_say_what_was_explained_where_and_how_many_points(clinic: Clinic) -> None:
    sessions = clinic["sessions"]
    is_share(sessions["explanation"].isna(), 0.05)
    is_share(sessions["explanation"].dropna() == "yes", 0.90)
    is_share(sessions["personal_plan"].dropna() == "yes", 0.75)
    is_share(sessions["recalled_headache_days_7"].notna(), 0.5)
    assert (sessions["trigger_points"] <= sessions["needles_inserted"]).all()
    assert set(sessions["site_id"]) == {"S-1", "S-2"}
    assert (sessions.groupby("practitioner_id")["site_id"].nunique() == 1).all()


def test_the_recalled_week_is_one_day_off_at_most() -> None:
    made = simulate_clinic(without_gaps(ClinicTruth(patients=150, seed=23, recalled_7_asked_share=0.5)))
    lived = made["diary"].assign(
        when=pd.to_datetime(made["diary"]["date"]), ill=made["diary"]["headache"] == "yes"
    )
    lived = lived.set_index("when").sort_index()
    week = (
        lived.groupby("patient_id")["ill"]
        .rolling("7D", closed="left")
        .sum()
        .rename("true_days")
        .reset_index()
    )
    sessions = made["sessions"].assign(when=pd.to_datetime(made["sessions"]["date"]))
    both = sessions.merge(week, on=["patient_id", "when"], validate="1:1").dropna(
        subset="recalled_headache_days_7"
    )
    off = both["recalled_headache_days_7"].astype(float) - both["true_days"]
    assert len(off) > 200 and off.abs().max() == 1
    assert off.eq(0).mean() > 0.6


def test_diagnoses_are_frozen_before_the_first_session_but_for_the_planted_share(clinic: Clinic) -> None:
    patients = clinic["patients"].set_index("patient_id")
    first = clinic["sessions"].groupby("patient_id")["date"].min().reindex(patients.index)
    is_share(patients["diagnosed_date"] > first, 0.04)
    assert (patients["diagnosed_date"] >= patients["contact_date"]).all()
    is_share(patients["preventive_use"] == "yes", 0.25)
    by_type = patients.groupby("headache_type")["ichd3_code"].agg(set)
    assert by_type["migraine"] == {"1.1", "1.2", "1.3"} and by_type["cluster"] == {"3.1.1", "3.1.2"}
    sinus = patients[patients["headache_type"] == "sinus"]
    assert ((sinus["ichd3_code"] == "11.5") == (sinus["sinus_evidence"] == "yes")).all()
    assert patients.loc[patients["headache_type"] != "sinus", "sinus_evidence"].isna().all()
    truth = clinic.truth_per_patient.set_index("patient_id").reindex(patients.index)
    chronic = patients["ichd3_code"].isin(["1.3", "2.3"])
    assert (truth.loc[chronic, "usual_days_per_28"] >= 15).all()


def first_and_later(clinic: Clinic, instrument: str) -> pd.DataFrame:
    """Per patient (and side): the score at the first session, about week 24, and the planted real change."""
    scores = clinic["scores"]
    scores = scores[scores["instrument"] == instrument].dropna(subset="score")
    first = clinic["sessions"].groupby("patient_id")["date"].min()
    day = (pd.to_datetime(scores["date"]) - pd.to_datetime(scores["patient_id"].map(first))).dt.days
    percent = scores["unit"] == "percent"
    points = scores["score"].astype(float).where(~percent, scores["score"].astype(float) / 2)
    side = scores["side"].fillna("")
    rows = scores.assign(
        points=points, side=side, time=pd.cut(day, [-8, 0, 91, 200], labels=["first", "mid", "last"])
    )
    wide = rows.pivot(index=["patient_id", "side"], columns="time", values="points").dropna().reset_index()
    return wide.merge(clinic.truth_per_patient, on="patient_id", validate="m:1")


@pytest.mark.parametrize(
    "instrument",
    [
        "hit6",
        "midas",
        "ndi",
        "msq_rr",
        "msq_rp",
        "msq_ef",
        "nrs",
        "eq_vas",
        "rom_rotation",
        "rom_flexion",
        "ppt",
    ],
)
def test_scores_change_as_planted_where_no_bad_month_hides_it(plain: Clinic, instrument: str) -> None:
    both = first_and_later(plain, instrument)
    beyond = both["last"] - both["first"] - both[f"{instrument}_change_points"]
    # MIDAS and pain cannot fall below 0 nor MSQ rise above 100: a tenth of a standard deviation is left for that.
    ends = 0.1 * both["last"].std() if instrument in ("midas", "nrs", "msq_rp", "msq_ef") else 0.0
    assert abs(beyond.mean()) < 4 * beyond.std() / len(both) ** 0.5 + ends
    assert abs(both[f"{instrument}_change_points"].mean()) > 0.4


def test_without_any_real_change_no_score_changes_but_for_the_bad_month() -> None:
    truth = replace(without_gaps(without_change(ClinicTruth(patients=1000, seed=24))), worst_of_months=1.0)
    both = first_and_later(simulate_clinic(truth), "hit6")
    is_mean(both["last"] - both["first"], 0.0)
    bad = first_and_later(simulate_clinic(replace(truth, worst_of_months=2.5, long_wait_share=0.0)), "hit6")
    fall = bad["last"] - bad["first"]
    assert fall.mean() + 4 * fall.std() / len(fall) ** 0.5 < 0


def test_scores_are_written_as_the_instruments_want_them(clinic: Clinic) -> None:
    scores = clinic["scores"]
    items = [f"item_{number}" for number in range(1, 11)]
    hit6 = scores[scores["instrument"] == "hit6"]
    assert hit6[items[:6]].stack().dropna().isin([6, 8, 10, 11, 13]).all() and hit6[items[6:]].isna().all(
        axis=None
    )
    assert hit6["score"].dropna().between(36, 78).all()
    for instrument, n in (("hit6", 6), ("midas", 5), ("ndi", 10)):
        rows = scores[(scores["instrument"] == instrument) & (scores["unit"] != "percent")]
        whole = rows[items[:n]].notna().all(axis=1)
        assert (rows["score"].notna() == whole).all()
        assert (rows.loc[whole, items[:n]].sum(axis=1) == rows.loc[whole, "score"]).all()
        is_share(rows[items[:n]].isna().stack(), 0.004)
    percent = scores[scores["unit"] == "percent"]
    assert set(percent["instrument"]) == {"ndi"} and percent[items].isna().all(axis=None)
    midas = pd.to_datetime(scores.loc[scores["instrument"] == "midas", "date"])
    apart = midas.groupby(scores.loc[midas.index, "patient_id"]).diff().dt.days.dropna()
    assert len(apart) > 500 and apart.min() >= 84
    pgic = scores[scores["instrument"] == "pgic"]
    first = clinic["sessions"].groupby("patient_id")["date"].min()
    assert pgic["score"].between(1, 7).all() and (pgic["date"] > pgic["patient_id"].map(first)).all()


def test_a_relapse_takes_the_real_change_back_from_its_day_on() -> None:
    knobs = {"true_change_days_per_28": -6.0, "true_change_sd_days_per_28": 0.5, "diary_days_after": 280}
    truth = replace(PLAIN, patients=900, months=30, relapse_share=0.6, **knobs)
    made, without = simulate_clinic(truth), simulate_clinic(replace(truth, relapse_share=0.0))
    per_patient = made.truth_per_patient
    relapse = per_patient["relapse_day"]
    is_share(relapse.notna(), 0.6)
    after = (relapse - per_patient["last_session_day"]).dropna()
    # Half of all relapses come within the median, counted in whole days from the day after the last session.
    is_share(after <= 56, 0.5)
    days = numbered(made).merge(
        numbered(without), on=["patient_id", "day"], suffixes=("", "_without"), validate="1:1"
    )
    days = days.merge(per_patient, on="patient_id", validate="m:1")
    extra = days["headache"] - days["headache_without"]
    lost = days["day"] >= days["relapse_day"]
    assert (extra[~lost] == 0).all()
    back = extra[lost & (days["day"] >= 56)].groupby(days["patient_id"]).mean() * 28
    planted = -per_patient.set_index("patient_id")["change_days_per_28"].reindex(back.index)
    is_mean(back - planted, 0.0)


def numbered(clinic: Clinic) -> pd.DataFrame:
    """The diary of a clinic without faults: patient_id, day from the first session, headache as 0 or 1."""
    diary = clinic["diary"].dropna(subset="headache")
    first = pd.to_datetime(clinic["sessions"].groupby("patient_id")["date"].min())
    day = (pd.to_datetime(diary["date"]) - pd.to_datetime(diary["patient_id"].map(first))).dt.days
    return pd.DataFrame(
        {"patient_id": diary["patient_id"], "day": day, "headache": (diary["headache"] == "yes").astype(int)}
    )


def test_each_session_received_adds_the_planted_slope() -> None:
    truth = replace(without_change(PLAIN), dose_slope_days_per_28_per_session=0.0, patients=900)
    made, without = (
        simulate_clinic(replace(truth, dose_slope_days_per_28_per_session=0.5)),
        simulate_clinic(truth),
    )
    days = numbered(made).merge(
        numbered(without), on=["patient_id", "day"], suffixes=("", "_without"), validate="1:1"
    )
    extra = days.assign(extra=days["headache"] - days["headache_without"])
    assert (extra.loc[extra["day"] <= 0, "extra"] == 0).all()
    late = extra[extra["day"] >= 84].groupby("patient_id")["extra"].mean() * 28
    per_patient = made.truth_per_patient.set_index("patient_id").reindex(late.index)
    possible = per_patient["usual_days_per_28"] + 0.5 * per_patient["sessions"] < 27
    assert possible.mean() > 0.9
    is_mean((late - per_patient["dose_change_days_per_28"])[possible], 0.0)
    slope, _ = np.polyfit(per_patient["sessions"], late, 1)
    assert slope == pytest.approx(0.5, abs=0.15)


def test_practitioners_and_sites_differ_only_if_made_to() -> None:
    truth = replace(PLAIN, patients=900, practitioners=12, sites=3)
    knobs = {"practitioner_sd_days_per_28": 1.0, "site_sd_days_per_28": 1.5}
    spread, same = simulate_clinic(replace(truth, **knobs)), simulate_clinic(truth)
    theirs, others = spread.truth_per_patient, same.truth_per_patient
    assert (others[["practitioner_days_per_28", "site_days_per_28"]] == 0).all(axis=None)
    added = theirs["practitioner_days_per_28"] + theirs["site_days_per_28"]
    free = (theirs["usual_days_per_28"] + others["change_days_per_28"] + added).between(1, 27)
    free &= (theirs["usual_days_per_28"] + others["change_days_per_28"]).between(1, 27)
    assert free.sum() > 600
    np.testing.assert_allclose(
        (theirs["change_days_per_28"] - others["change_days_per_28"])[free], added[free]
    )
    assert theirs["practitioner_days_per_28"].nunique() == 12 and theirs["site_days_per_28"].nunique() == 3
    # A session is now and then given by a colleague; most are given by the patient's own practitioner.
    own = spread["sessions"].merge(theirs[["patient_id", "practitioner_id"]], on="patient_id", validate="m:1")
    assert (own["practitioner_id_x"] == own["practitioner_id_y"]).mean() > 0.85


def test_preventive_drugs_change_as_often_as_planted_and_move_what_they_are_made_to() -> None:
    truth = replace(without_change(PLAIN), preventive_change_share=0.5, patients=1200)
    made = simulate_clinic(replace(truth, preventive_change_days_per_28=-3.0))
    still = simulate_clinic(truth)
    day = made.truth_per_patient["preventive_change_day"]
    is_share(day.notna(), 0.5)
    assert day.dropna().between(-84, 168).all()
    events = made["events"][made["events"]["kind"] == "preventive_change"]
    assert set(events["patient_id"]) <= set(made.truth_per_patient.loc[day.notna(), "patient_id"])
    assert set(events["detail"]) == {"started", "stopped", "dose_changed"}
    days = numbered(made).merge(
        numbered(still), on=["patient_id", "day"], suffixes=("", "_still"), validate="1:1"
    )
    days = days.merge(made.truth_per_patient, on="patient_id", validate="m:1")
    moved = days["headache"] - days["headache_still"]
    assert (moved[~(days["day"] >= days["preventive_change_day"])] == 0).all()
    enough = (days["day"] >= days["preventive_change_day"]) & (days["usual_days_per_28"] > 5)
    is_mean(28 * moved[enough].groupby(days["patient_id"]).mean(), -3.0)


def test_events_tell_how_each_course_ended(clinic: Clinic) -> None:
    events, sessions = clinic["events"], clinic["sessions"]
    last = sessions.groupby("patient_id")["date"].max()
    ended = events[events["kind"].isin(["treatment_ended", "drop_out"])]
    assert ended["patient_id"].is_unique
    assert (ended["date"] == ended["patient_id"].map(last)).all()
    done = ended.loc[ended["detail"] == "planned_course_end", "patient_id"]
    planned = clinic["patients"].set_index("patient_id")["planned_sessions"]
    assert (sessions.groupby("patient_id").size().loc[done] == planned.loc[done]).all()
    assert set(ended["detail"]) == {"planned_course_end", "better", "stopped"}
    resumed = events[events["kind"] == "treatment_resumed"]
    assert set(resumed["patient_id"]) <= set(ended["patient_id"])
    assert (resumed["date"] > resumed["patient_id"].map(last)).all()
    assert set(events["kind"]) >= {"preventive_change", "diagnosis_change", "red_flag", "adverse_event"}


def test_a_patient_who_never_came_has_no_word_written_after_the_booked_day() -> None:
    made = simulate_clinic(ClinicTruth())
    (row,) = [fault.row for fault in made.planted if fault.kind.name == "no_sessions"]
    patient = made["patients"].loc[row - 2, "patient_id"]
    assert patient not in set(made["sessions"]["patient_id"])
    assert "treatment_ended" not in set(made["events"].loc[made["events"]["patient_id"] == patient, "kind"])
    diary = made["diary"].loc[made["diary"]["patient_id"] == patient]
    assert diary["soreness"].isna().all()


def test_the_truth_of_a_patient_says_how_the_days_were_likely(plain: Clinic) -> None:
    days = numbered(plain)
    per_patient = plain.truth_per_patient.set_index("patient_id")
    for column, first in (("level_before", -28), ("level_after", 56)):
        window = (
            days[days["day"].between(first, first + 27)]
            .groupby("patient_id")["headache"]
            .agg(["size", "sum"])
        )
        lived = window.loc[window["size"] == 28, "sum"]
        is_mean(lived - per_patient[column].reindex(lived.index), 0.0)


def test_impossible_new_knobs_are_named_at_once() -> None:
    with pytest.raises(PlanError) as caught:
        ClinicTruth(
            soreness_share_by_day=(0.2, 0.5),
            adverse_event_mild_per_session=0.99,
            adverse_event_serious_per_session=0.5,
            relapse_median_days_after_last_session=0.0,
            practitioner_sd_days_per_28=-1.0,
            age_band_shares=(1.0,),
        )
    for part in (
        "soreness_share_by_day",
        "add up to 1 at most",
        "relapse_median",
        "practitioner_sd",
        "age_band_shares",
    ):
        assert part in str(caught.value)
