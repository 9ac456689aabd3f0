"""What a row of `scores` may hold for each instrument: items, answers, range of the total, units. Numbers only.

What the numbers mean (bands, important changes, recall) belongs to the analysis: `outcomes.analysis.instruments`.
Sources: docs/method.md#questionnaires-and-measurements. No wording of any questionnaire stands here.
"""

from __future__ import annotations

from dataclasses import dataclass

#: Days in the longest three months: no answer that counts days of a quarter can be higher.
QUARTER_DAYS = 92

#: Above this a total of the neck disability index cannot be in points, so it proves percent.
NDI_POINTS = 50.0


@dataclass(frozen=True)
class AnswerSheet:
    """One instrument as a row of `scores` tells it.

    `minimum`, `maximum`: the range of the total, in the first of `units`; `whole`: only whole totals occur.
    `scored_items` answers make the total; each lies from `lowest_answer` to `highest_answer` as a whole number,
    or is one of `answers` where those are listed. `unscored` gives the range of items that the sheet asks beside
    them. `has_total` is False where the instrument has domains only.
    """

    name: str
    minimum: float
    maximum: float
    whole: bool = False
    scored_items: int = 0
    lowest_answer: float = 0.0
    highest_answer: float = 0.0
    answers: tuple[float, ...] = ()
    unscored: tuple[tuple[float, float], ...] = ()
    units: tuple[str, ...] = ("points",)
    has_total: bool = True

    @property
    def items(self) -> int:
        """Items that the sheet has, scored or not."""
        return self.scored_items + len(self.unscored)

    def range_in(self, unit: str | None) -> tuple[float, float]:
        """Range of the total in a unit; None is the widest that an untold unit leaves."""
        if self.name == "ndi":
            return (0.0, NDI_POINTS) if unit == "points" else (0.0, 2 * NDI_POINTS)
        if self.name == "ppt" and unit == "kg_per_cm2":
            return 0.0, 20.0
        return self.minimum, self.maximum

    def allows(self, answer: float) -> bool:
        """Whether that is an answer to a scored item."""
        if self.answers:
            return answer in self.answers
        return self.lowest_answer <= answer <= self.highest_answer and float(answer).is_integer()


def _quarter(name: str, scored_items: int) -> AnswerSheet:
    """Days lost in three months. The questions share days in a way that lets three of them fill a quarter."""
    return AnswerSheet(
        name,
        0,
        3 * QUARTER_DAYS,
        whole=True,
        scored_items=scored_items,
        highest_answer=QUARTER_DAYS,
        unscored=((0, QUARTER_DAYS), (0, 10)),
    )


def _domain(name: str, scored_items: int) -> AnswerSheet:
    return AnswerSheet(name, 0, 100, scored_items=scored_items, lowest_answer=1, highest_answer=6)


SHEETS: dict[str, AnswerSheet] = {
    sheet.name: sheet
    for sheet in (
        AnswerSheet(
            "hit6",
            36,
            78,
            whole=True,
            scored_items=6,
            lowest_answer=6,
            highest_answer=13,
            answers=(6, 8, 10, 11, 13),
        ),
        _quarter("midas", 5),
        _quarter("pedmidas", 6),
        AnswerSheet(
            "ndi", 0, NDI_POINTS, scored_items=10, highest_answer=5, units=("points", "percent")
        ),
        AnswerSheet(
            "msq", 0, 100, scored_items=14, lowest_answer=1, highest_answer=6, has_total=False
        ),
        _domain("msq_rr", 7),
        _domain("msq_rp", 4),
        _domain("msq_ef", 3),
        AnswerSheet(
            "hdi", 0, 100, whole=True, scored_items=25, highest_answer=4, answers=(0, 2, 4)
        ),
        AnswerSheet("pgic", 1, 7, whole=True),
        AnswerSheet("eq5d", -1, 1, scored_items=5, lowest_answer=1, highest_answer=5),
        AnswerSheet("eq_vas", 0, 100),
        AnswerSheet("nrs", 0, 10),
        *(
            AnswerSheet(f"rom_{movement}", 0, 120, units=("degrees",))
            for movement in ("flexion", "extension", "lateral_flexion", "rotation")
        ),
        AnswerSheet("ppt", 0, 2000, units=("kpa", "kg_per_cm2")),
    )
}  # fmt: skip

#: Items of the whole sheet of the MSQ 2.1 that make each domain: first and last, counted from 1.
MSQ_DOMAINS: dict[str, tuple[int, int]] = {"msq_rr": (1, 7), "msq_rp": (8, 11), "msq_ef": (12, 14)}
