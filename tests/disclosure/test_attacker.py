"""An attacker who knows the rules and prints nothing wrong: integer programming on what a report says.

Every number that is printed becomes a range for what stands behind it; the program asks for the least and the
greatest that a hidden number can be. Two or fewer apart is a number given away.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from scipy.optimize import Bounds, LinearConstraint, milp

from outcomes import AnalysisPlan, compare_groups
from outcomes.analysis.periods import REASONS, PatientFlow
from outcomes.reporting import tables
from outcomes.reporting.disclosure import Disclosure, Profile
from outcomes.reporting.page import TableBlock, plain_words

ENDPOINT = "headache_days_per_28"
#: Ranges a hidden count may have: 8 numbers for "≤7". Narrower than three values is given away.
LEAST_WIDTH = 3
MOST = 400


@dataclass
class Attack:
    """Unknown whole numbers with bounds, and sums of them that lie between bounds."""

    names: list[str] = field(default_factory=list)
    bounds: list[tuple[float, float]] = field(default_factory=list)
    sums: list[tuple[dict[int, float], float, float]] = field(default_factory=list)

    def unknown(self, name: str, low: float = 0, high: float = MOST) -> int:
        self.names.append(name)
        self.bounds.append((low, high))
        return len(self.names) - 1

    def between(self, terms: dict[int, float], low: float, high: float) -> None:
        self.sums.append((terms, low, high))

    def width(self, at: int) -> float:
        """How many values the attacker cannot tell apart."""
        ends = [self._extreme(at, sign) for sign in (1.0, -1.0)]
        return ends[1] - ends[0] + 1

    def _extreme(self, at: int, sign: float) -> float:
        cost = np.zeros(len(self.names))
        cost[at] = sign
        rows = np.zeros((len(self.sums), len(self.names)))
        for number, (terms, _, _) in enumerate(self.sums):
            for place, factor in terms.items():
                rows[number, place] = factor
        constraints = (
            [LinearConstraint(rows, [low for _, low, _ in self.sums], [high for *_, high in self.sums])]
            if self.sums
            else []
        )
        lows, highs = (np.array(side) for side in zip(*self.bounds, strict=True))
        found = milp(
            cost, constraints=constraints, integrality=np.ones(len(cost)), bounds=Bounds(lows, highs)
        )
        assert found.success, "what is printed contradicts itself"
        return float(round(found.x[at]))


def printed(text: str) -> tuple[float, float]:
    """What a printed number of patients may be: `≤7`, `<10`, `all but …` aside, or the nearest 5."""
    text = text.replace(",", "")
    if text in ("–", ""):
        return 0, MOST
    if text.startswith("≤"):
        return 0, float(text[1:])
    if text.startswith("<"):
        return 0, float(text[1:]) - 1
    return float(text) - 2, float(text) + 2


# ---- counts of groups by response, with the total of the cells shown ----


def random_table(random: np.random.Generator) -> NDArray[np.int64]:
    shape = (int(random.integers(2, 5)), int(random.integers(2, 4)))
    return random.negative_binomial(1.2, 1.2 / (1.2 + random.uniform(4, 25)), shape)


@pytest.mark.parametrize("profile", ["share", pytest.param("public", marks=pytest.mark.long)])
def test_no_hidden_cell_of_a_table_of_counts_is_recovered(profile: Profile) -> None:
    """150 tables of groups by response. With a true total instead, the same attacker recovers most of them."""
    random, disclosure = np.random.default_rng(8), Disclosure(profile, 8)
    given_away, hidden, with_true_totals = 0, 0, 0
    for number in range(150):
        table = random_table(random)
        frame = pd.DataFrame(table, index=[f"g{n}" for n in range(len(table))])
        safe = disclosure.cross(frame.rename(columns=str)).frame.set_index("group")
        for totals in (False, True) if number < 75 else (False,):
            attack = Attack()
            for (row, column), true in np.ndenumerate(table):
                shown = float(safe.iloc[row, column])
                few = disclosure.least_cell - 1
                low, high = (0, few) if shown != shown else (shown - 2, shown + 2)
                assert low <= true <= high
                attack.unknown(f"{row},{column}", low, high)
            columns = table.shape[1]
            for row, name in enumerate(safe.index[:-1]):
                printed_total = float(safe.loc[name, "total of cells shown"])
                cells = [float(safe.iloc[row, column]) for column in range(columns)]
                assert (printed_total if printed_total == printed_total else 0) == np.nansum(cells)
                if totals:
                    true_total = int(table[row].sum())
                    terms = {row * columns + column: 1.0 for column in range(columns)}
                    attack.between(terms, true_total, true_total)
            for at, (place, _) in enumerate(np.ndenumerate(table)):
                if float(safe.iloc[place]) == float(safe.iloc[place]):
                    continue
                narrow = attack.width(at) < LEAST_WIDTH
                hidden += not totals
                given_away += narrow and not totals
                with_true_totals += narrow and totals
    assert hidden > 150
    assert given_away == 0
    assert with_true_totals >= 5, "the attacker is one who would find something"


# ---- the comparison by headache type: everyone, the types, and how many respond ----


def clinic(random: np.random.Generator) -> pd.DataFrame:
    """An endpoint table of up to five types of any size, some without a follow-up."""
    rows = []
    for kind in range(int(random.integers(1, 6))):
        for number in range(int(random.negative_binomial(1.1, 0.06))):
            before = float(random.integers(0, 25))
            after = (
                float("nan") if random.random() < 0.3 else max(0.0, before - float(random.integers(-6, 14)))
            )
            common = {
                "patient_id": f"{kind}-{number}",
                "mode": "diary",
                "recorded_days": 28.0,
                "covered": True,
            }
            common |= {"headache_type": f"type{kind}"}
            rows.append({**common, "period": "baseline", ENDPOINT: before})
            rows.append({**common, "period": "followup", ENDPOINT: after})
    return pd.DataFrame(rows)


def counts_in(text: str) -> tuple[str, str]:
    """`35 of 120` → both; a single number is how many there are to count out of."""
    first, _, second = text.partition(" of ")
    return (first, second) if second else ("", first)


def attack_on_responders(block: TableBlock, attack: Attack, everyone: int, started: int) -> dict[str, int]:
    """Unknowns for each count of responders, out of those evaluable and of all who started."""
    found: dict[str, int] = {}
    for row in block.rows:
        label, _, evaluable_text, _, started_text = (plain_words(cell) for cell in row)
        count = found.setdefault(label, attack.unknown(label))
        attack.between({everyone: 1.0, count: -1.0}, 0, MOST)
        for text, total in ((evaluable_text, everyone), (started_text, started)):
            if text == "–":
                continue
            counted, of = counts_in(text)
            attack.between({total: 1.0}, *printed(of))
            if counted.startswith("all but"):
                attack.between({total: 1.0, count: -1.0}, *printed(counted.removeprefix("all but ")))
            elif counted:
                attack.between({count: 1.0}, *printed(counted))
    fewer = [found[label] for label in found if "fewer" in label or label == "none left"]
    for many, few in itertools.pairwise(fewer):
        attack.between({many: 1.0, few: -1.0}, 0, MOST)
    worse = [found[label] for label in found if "more" in label]
    for many, few in itertools.pairwise(worse):
        attack.between({many: 1.0, few: -1.0}, 0, MOST)
    if fewer and worse:
        attack.between({everyone: 1.0, fewer[0]: -1.0, worse[0]: -1.0}, 0, MOST)
    return found


@pytest.mark.parametrize("profile", ["share", "public"])
@pytest.mark.parametrize("clinics", [15, pytest.param(200, marks=pytest.mark.long)])
def test_nothing_hidden_in_the_report_of_a_clinic_is_recovered(profile: Profile, clinics: int) -> None:
    """All tables of one report together: everyone, the types, the others, the responders of both denominators."""
    random, disclosure = np.random.default_rng(21), Disclosure(profile, 8)
    looked_at = 0
    for _ in range(clinics):
        endpoints = clinic(random)
        if endpoints.empty:
            continue
        changes = compare_groups(endpoints, ENDPOINT, "headache_type", AnalysisPlan()).changes
        attack = Attack()
        parts = {change.group: attack.unknown(change.group) for change in changes[1:]}
        compared, not_eligible = attack.unknown("compared"), attack.unknown("not eligible")
        evaluable, started = attack.unknown("evaluable"), attack.unknown("started")
        attack.between({compared: 1.0, **dict.fromkeys(parts.values(), -1.0)}, 0, 0)
        attack.between({compared: 1.0, evaluable: -1.0, not_eligible: -1.0}, 0, 0)
        attack.between({started: 1.0, evaluable: -1.0}, 0, MOST)
        total = tables.changes_block(changes[:1], disclosure)
        attack.between({compared: 1.0}, *printed(plain_words(total.rows[0][-1])))
        groups = tables.groups_block(changes[1:], disclosure)
        for row in groups.rows:
            name, count = plain_words(row[0]), plain_words(row[-1])
            shown = {tables.label_of(change.group): change.group for change in changes[1:]}
            together = disclosure.apart(changes[1:])[1]
            inside = [shown[name]] if name in shown else [change.group for change in together]
            attack.between({parts[group]: 1.0 for group in inside}, *printed(count))
        responders = attack_on_responders(
            tables.responders_block(changes[0], disclosure), attack, evaluable, started
        )
        _, together = disclosure.apart(changes[1:])
        for change in together:
            assert attack.width(parts[change.group]) >= LEAST_WIDTH, change.group
            looked_at += 1
        first = changes[0]
        for label, at in responders.items():
            texts = [plain_words(cell) for row in tables.responders_block(first, disclosure).rows
                     if plain_words(row[0]) == label for cell in row]  # fmt: skip
            if re.search(r"too few|not shown", texts[1]):
                assert attack.width(at) >= LEAST_WIDTH, (label, texts)
                others = attack.unknown(f"others {label}")
                attack.between({others: 1.0, at: 1.0, evaluable: -1.0}, 0, 0)
                assert attack.width(others) >= LEAST_WIDTH, (label, texts)
                looked_at += 1
    assert looked_at > clinics


@pytest.mark.parametrize("clinics", [40, pytest.param(300, marks=pytest.mark.long)])
def test_nothing_hidden_in_the_flow_is_recovered(clinics: int) -> None:
    random, disclosure = np.random.default_rng(4), Disclosure("share", 8)
    names = [reason for reason in REASONS if "summary" not in reason and "recall" not in reason]
    for _ in range(clinics):
        counts: Sequence[int] = [int(n) for n in random.negative_binomial(0.8, 0.08, len(names))]
        compared = int(random.integers(0, 120))
        left_out = tuple((name, n) for name, n in zip(names, counts, strict=True) if n)
        flow = PatientFlow("diary", sum(counts) + compared, left_out, compared)
        block = tables.flow_block_rounded(flow, names, disclosure)
        attack = Attack()
        shown = [plain_words(row[1]) for row in block.rows[:-1]]
        for text in shown:
            attack.unknown("", *printed(text))
        total = plain_words(block.rows[-1][1])
        told = sum(float(text.replace(",", "")) for text in shown if not text.startswith("≤"))
        assert total == (f"{told:,.0f}" if told else "–")
        for at, text in enumerate(shown):
            if text.startswith("≤"):
                assert attack.width(at) >= LEAST_WIDTH
