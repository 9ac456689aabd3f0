"""Frames as the topics promise them, invented, for the tests of figures: usual ones, and the awkward beside them."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd

NAN = float("nan")
HOSTILE = r"$\badcmd{$ ^_ #头"


def staircase(step: int = 5) -> pd.DataFrame:
    reduction = np.arange(0, 101, step, dtype=float)
    share = 0.8 * np.exp(-((reduction / 62) ** 2))
    return pd.DataFrame(
        {
            "reduction": reduction,
            "share": share,
            "low": np.clip(share - 0.09, 0, 1),
            "high": np.clip(share + 0.09, 0, 1),
            "n": 104,
        }
    )


def expected_staircase() -> pd.DataFrame:
    return staircase().assign(share=lambda frame: 0.62 * frame["share"] ** 1.5)


def periods() -> pd.DataFrame:
    share = np.array([0.22, 0.3, 0.34, 0.33, NAN, 0.31])
    return pd.DataFrame(
        {
            "period": range(6),
            "share": share,
            "low": share - 0.08,
            "high": share + 0.09,
            "n": [104, 101, 98, 90, 3, 61],
        }
    )


def curve(*kinds: str) -> pd.DataFrame:
    parts = []
    for number, kind in enumerate(kinds or ("loss_responders", "relapse_all")):
        time = np.arange(0, 253, 28, dtype=float)
        survival = np.exp(-time / (420 / (1 + number / 2)))
        parts.append(
            pd.DataFrame(
                {
                    "of": kind,
                    "time": time,
                    "at_risk": np.linspace(41 - 7 * number, 6, len(time)).round(),
                    "events": 2,
                    "survival": survival,
                    "low": np.clip(survival - 0.0007 * time, 0, 1),
                    "high": np.clip(survival + 0.0005 * time, 0, 1),
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


def at_risk(frame: pd.DataFrame) -> pd.DataFrame:
    return frame[["of", "time", "at_risk"]]


def flows() -> pd.DataFrame:
    rows = [
        ("chronic", "chronic", "chronic", 31), ("chronic", "chronic", "episodic", 14),
        ("chronic", "episodic", "chronic", 5), ("chronic", "episodic", "episodic", 52),
        ("chronic", "episodic", "not_recorded", 9), ("chronic", "chronic", "not_recorded", 2),
        ("overuse_range", "in the range", "in the range", 20), ("overuse_range", "in the range", "below", 11),
        ("overuse_range", "below", "below", 70), ("overuse_range", "below", "in the range", 3),
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=["state", "before", "after", "n"])


def bands() -> pd.DataFrame:
    levels = ("little", "some", "substantial", "severe")
    counts = [(3, 1, 0, 1), (9, 6, 2, 0), (8, 7, 5, 2), (6, 9, 14, 31)]
    rows = [
        ("hit6", before, after, n)
        for before, row in zip(levels, counts, strict=True)
        for after, n in zip(levels, row, strict=True)
    ]
    return pd.DataFrame(rows, columns=["instrument", "before", "after", "n"])


def dose(count: int = 4) -> pd.DataFrame:
    labels = ["1–3", "4–6", "7–9", "10 or more", *(str(number) for number in range(11, 40))][:count]
    value = np.array([-1.2, -2.4, -3.0, -2.8, *np.linspace(-3, -1, 29)])[:count]
    return pd.DataFrame(
        {
            "planned_sessions": labels,
            "value": value,
            "low": value - 1.4,
            "high": value + 1.5,
            "n": [18, 61, 20, 5, *range(29)][:count],
        }
    )


def within(count: int = 8) -> pd.DataFrame:
    number = np.arange(1, count + 1)
    before, after = 5.4 - 0.18 * np.sqrt(number), 3.9 - 0.15 * np.sqrt(number)
    return pd.DataFrame(
        {
            "session_number": number,
            "before": before,
            "after": after,
            "change": after - before,
            "low": after - before - 0.2 - 0.05 * number,
            "high": after - before + 0.2 + 0.05 * number,
            "n": np.linspace(180, 12, count).round(),
        }
    )


def events() -> pd.DataFrame:
    rows = [
        ("any", "session", 223, 1240, 0.18, 0.159, 0.202), ("mild", "session", 221, 1240, 0.178, 0.157, 0.2),
        ("significant", "session", 2, 1240, 0.0016, 0.0002, 0.0058), ("serious", "session", 0, 1240, 0.0, 0.0, 0.003),
        ("any", "patient", 91, 212, 0.43, 0.36, 0.5), ("mild", "patient", 90, 212, 0.425, 0.357, 0.494),
        ("significant", "patient", 2, 212, 0.0094, 0.001, 0.034), ("serious", "patient", 0, 212, 0.0, 0.0, 0.017),
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=["grade", "unit", "count", "of", "share", "low", "high"])


def soreness() -> pd.DataFrame:
    mean = np.array([3.4, 2.2, 1.0, 0.3])
    return pd.DataFrame(
        {
            "day": range(4), "mean": mean, "low": mean - 0.25, "high": mean + 0.3,
            "share_any": [0.71, 0.52, 0.24, 0.06], "n": [902, 860, 811, 640],
        }
    )  # fmt: skip


def funnel(count: int = 9) -> pd.DataFrame:
    n = np.array([6, 8, 11, 14, 19, 22, 31, 44, 62, *range(6, 60, 3)])[:count]
    adjusted = np.array([-4.1, -0.4, -3.6, -2.2, -3.4, -2.7, -1.1, -3.0, -5.2, *np.linspace(-5, -1, 18)])[
        :count
    ]
    half = 9 / np.sqrt(n)
    shrunken = -2.8 + (adjusted + 2.8) * n / (n + 20)
    rows = pd.DataFrame(
        {
            "by": "practitioner", "name": [f"P{number:02d}" for number in range(1, count + 1)], "n": n,
            "adjusted": adjusted, "shrunken": shrunken, "low": shrunken - half * 0.45, "high": shrunken + half * 0.45,
            "funnel_low": -2.8 - half * 0.65, "funnel_high": -2.8 + half * 0.65, "outer_low": -2.8 - half,
            "outer_high": -2.8 + half,
        }
    )  # fmt: skip
    return rows.assign(outside=(rows["adjusted"] - -2.8).abs() > half)


def forest() -> pd.DataFrame:
    rows = [
        ("all", "all", -3.0, -3.8, -2.2, 104, NAN, NAN),
        ("headache_type", "tension_type", -3.1, -4.4, -1.8, 46, 0.413, 0.71),
        ("headache_type", "migraine", -2.2, -3.3, -1.1, 38, 0.413, 0.71),
        ("headache_type", "sinus (self-labelled)", -2.6, -5.9, 0.7, 15, 0.413, 0.71),
        ("headache_type", "cluster", NAN, NAN, NAN, 5, 0.413, 0.71),
        ("sex", "female", -3.3, -4.3, -2.3, 70, 0.0004, 0.0012),
        ("sex", "male", -1.9, -3.2, -0.6, 32, 0.0004, 0.0012),
        ("preventive_use", "yes", -3.4, -5.1, -1.7, 22, NAN, NAN),
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=["by", "group", "value", "low", "high", "n", "p", "p_adjusted"])


def days(first: int = -56, last: int = 111) -> pd.DataFrame:
    rng = np.random.default_rng(7)
    relative = np.arange(first, last + 1)
    worse = np.where(relative < 0, 0.55, 0.33)
    state = np.where(rng.random(len(relative)) < worse, "headache", "no headache").astype(object)
    state[(rng.random(len(relative)) < 0.1) | ((relative >= 45) & (relative < 54))] = "not recorded"
    intensity = np.where(state == "headache", rng.integers(1, 11, len(relative)).astype(float), NAN)
    intensity[(state == "headache") & (rng.random(len(relative)) < 0.08)] = NAN
    return pd.DataFrame({"relative_day": relative, "state": state, "intensity": intensity})


SESSION_DAYS = (0, 7, 14, 28, 42, 70)
WINDOWS = {"baseline": (-28, -1), "follow-up": (56, 83)}


def weeks(frame: pd.DataFrame | None = None, least: int = 5) -> pd.DataFrame:
    frame = days() if frame is None else frame
    counted = frame.assign(
        week=frame["relative_day"] // 7,
        recorded_days=frame["state"] != "not recorded",
        headache_days=frame["state"] == "headache",
    )
    found = counted.groupby("week", as_index=False)[["recorded_days", "headache_days"]].sum()
    value = 7 * found["headache_days"] / found["recorded_days"].where(found["recorded_days"] >= least)
    return found.assign(value=value.astype(float))


def one_patient(frame: pd.DataFrame | None = None) -> SimpleNamespace:
    """An object with what the page of one patient asks for."""
    from outcomes import AnalysisPlan
    from outcomes.analysis.single_case import single_case

    frame = days() if frame is None else frame
    by_week = weeks(frame)
    before = by_week["week"] < 0
    return SimpleNamespace(
        days=frame, weeks=by_week, session_days=SESSION_DAYS, plan=AnalysisPlan(),
        single_case=single_case(by_week.loc[before, "value"], by_week.loc[~before, "value"]),
        notes=("3 days recorded twice were set aside",),
    )  # fmt: skip


def long_names(frame: pd.DataFrame, column: str) -> pd.DataFrame:
    """The same frame with labels nobody would want."""
    return frame.assign(
        **{column: [f"{HOSTILE} a rather long name, number {one}" for one in range(len(frame))]}
    )
