"""Every combination of the choices, one row each, in a fixed order: the planned one first."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from outcomes.analysis.catalogue import CATALOGUE, Endpoint, find_endpoint
from outcomes.analysis.multiverse.analyses import ANALYSES, MEAN, OBSERVED, Analysis, Outcome
from outcomes.analysis.multiverse.choices import Asked, Choice, Option, cut_choices
from outcomes.analysis.multiverse.cuts import Cut, WindowDays, cut_values
from outcomes.analysis.periods import Cohort, Periods, split_periods
from outcomes.analysis.results import Multiverse, MultiverseRow
from outcomes.plan import AnalysisPlan
from outcomes.records.checked import Records

#: The endpoint whose days can be counted, so that every method for missing days can be tried.
COUNTED_ENDPOINT = "headache_days_per_28"

#: Keys by which the windows are cut.
_WINDOW_KEYS = ("baseline_days", "followup_first_day", "followup_last_day")

#: Analyses that fit a model run where at most so many of the cut's choices depart from the plan.
MOVED_WITH_A_MODEL = 1

#: What a quick run does without: each takes longer than all the rest together.
SLOW_CHOICES = ("headache_day_rule",)
QUICK_ANALYSES = tuple(
    one for one in ANALYSES if not one.fits_model and one.estimator not in ("bootstrap-t", "Hodges–Lehmann")
)


def multiverse(
    records: Records,
    plan: AnalysisPlan | None = None,
    endpoint: str | None = None,
    *,
    mode: str | None = None,
    cohort: Cohort | None = None,
    models_everywhere: bool = False,
    quick: bool = False,
) -> Multiverse:
    """The change of one endpoint under every combination of choices that could have been made otherwise.

    Crossed in full: follow-up window × baseline window × minimum of recorded days × (missing-data method ×
    estimator, where both fit each other: `analyses.ANALYSES`). Analyses that fit a model (multiple imputation, the
    beta-binomial) run where at most one of windows and minimum departs from the plan; `models_everywhere` runs
    them throughout, at three times the time. `quick` leaves out what takes long: those models, the bootstrap,
    Hodges–Lehmann and the rules by which a day counts, and says so.
    Without `plan` the records' own, without `endpoint` the plan's
    primary one. Endpoints other than headache days of a daily diary have the observed days only; summaries
    cannot be cut otherwise. With `cohort`, each follow-up window has its own patients: those for whom it closed
    in these months.

    What cannot be estimated has a row with a note. Raises PlanError for an endpoint, mode or cohort that these
    records do not have.
    """
    plan = plan if plan is not None else records.plan
    found = find_endpoint(endpoint or plan.primary_endpoint, plan)
    world = _World(records, plan, found, mode, cohort)
    choices = tuple(
        choice for choice in cut_choices(world.asked) if not (quick and choice.name in SLOW_CHOICES)
    )
    analyses = QUICK_ANALYSES if quick else ANALYSES
    rows = list(_rows(world, choices, analyses, models_everywhere))
    rows += [_not_varied(choices, choice) for choice in choices if choice.not_varied]
    if not world.counted:
        rows.append(_missing_not_varied(choices))
    notes = _notes(models_everywhere, world.counted, quick)
    return Multiverse(found, mode or "diary", tuple(rows), plan, notes)


@dataclass(frozen=True, eq=False)
class _World:
    """What is looked at, with the windows that were cut last: several minimums share them."""

    records: Records
    plan: AnalysisPlan
    endpoint: Endpoint
    mode: str | None
    cohort: Cohort | None
    _periods: dict[AnalysisPlan, Periods] = field(default_factory=dict)
    _days: dict[AnalysisPlan, WindowDays] = field(default_factory=dict)

    @property
    def asked(self) -> Asked:
        daily = self.endpoint.name in CATALOGUE and self.endpoint.held_by(self._diary_columns())
        columns = frozenset(self._diary_columns())
        return Asked(self.plan, self.endpoint, daily and self.mode in (None, "diary"), columns)

    @property
    def counted(self) -> bool:
        return self.asked.from_days and self.endpoint.name == COUNTED_ENDPOINT

    def _diary_columns(self) -> tuple[str, ...]:
        return tuple(self.records.columns("diary")) if self.records.has("diary") else ()

    def cut(self, options: tuple[Option, ...]) -> Cut:
        """The patients and values under these options."""
        moved: dict[str, Any] = {key: value for option in options for key, value in option.plan.items()}
        rule = {key: moved.pop(key) for key in list(moved) if key not in _WINDOW_KEYS}
        # A minimum in days would be too many for the shorter window: here it is a share, and set aside.
        plan = replace(self.plan, **moved, min_recorded_days=None) if moved else self.plan
        minimum = next(option.minimum for option in options if option.minimum is not None)
        endpoint = next((option.endpoint for option in options if option.endpoint), self.endpoint.name)
        if self.counted and endpoint == COUNTED_ENDPOINT:
            return self._window_days(plan).cut(minimum.days(plan))
        # Rules of days need no other windows: rows that differ by them alone share one pair.
        return cut_values(self._split(plan), minimum, endpoint, self.mode, replace(plan, **rule))

    def _window_days(self, plan: AnalysisPlan) -> WindowDays:
        if plan not in self._days:
            periods = self._split(plan)
            self._days.clear()
            self._days[plan] = WindowDays.of(periods)
        return self._days[plan]

    def _split(self, plan: AnalysisPlan) -> Periods:
        if plan not in self._periods:
            # Minimums of the same windows come one after another: one pair of windows is enough to keep.
            self._periods.clear()
            self._periods[plan] = split_periods(self.records, plan, self.cohort)
        return self._periods[plan]


def _rows(
    world: _World, choices: tuple[Choice, ...], analyses: tuple[Analysis, ...], models_everywhere: bool
) -> Iterator[MultiverseRow]:
    for options in itertools.product(*(choice.options for choice in choices)):
        moved = sum(not option.is_default for option in options)
        cut = world.cut(options)
        for analysis in analyses:
            if analysis.needs_days and cut.days is None:
                continue
            if analysis.fits_model and moved > MOVED_WITH_A_MODEL and not models_everywhere:
                continue
            yield _row(choices, options, analysis, analysis.run(cut), cut, moved == 0)


def _row(
    choices: tuple[Choice, ...],
    options: tuple[Option, ...],
    analysis: Analysis,
    outcome: Outcome,
    cut: Cut,
    planned: bool,
) -> MultiverseRow:
    found = outcome.estimate
    return MultiverseRow(
        choices=(*_named(choices, options), ("missing_data", analysis.missing_data), ("estimator", analysis.estimator)),
        value=found.value, low=found.low, high=found.high, n=outcome.n, n_left_out=cut.n_patients - outcome.n,
        method=found.method, status=outcome.status, notes=found.notes,
        is_default=planned and analysis is ANALYSES[0], is_bound=analysis.is_bound,
    )  # fmt: skip


def _named(choices: tuple[Choice, ...], options: tuple[Option, ...]) -> tuple[tuple[str, str], ...]:
    return tuple((choice.name, option.name) for choice, option in zip(choices, options, strict=True))


def _not_varied(choices: tuple[Choice, ...], choice: Choice) -> MultiverseRow:
    """A row that says why a choice has one option."""
    defaults = tuple(each.options[0] for each in choices)
    named = tuple(
        (name, "not varied" if name == choice.name else option) for name, option in _named(choices, defaults)
    )
    return _without_numbers((*named, ("missing_data", OBSERVED), ("estimator", MEAN)), choice.not_varied)


def _missing_not_varied(choices: tuple[Choice, ...]) -> MultiverseRow:
    named = _named(choices, tuple(each.options[0] for each in choices))
    why = "not_varied: methods for missing days need the days of a daily diary counted, which only headache days are"
    return _without_numbers((*named, ("missing_data", "not varied"), ("estimator", MEAN)), why)


def _without_numbers(named: tuple[tuple[str, str], ...], why: str) -> MultiverseRow:
    return MultiverseRow(named, None, None, None, 0, 0, "not varied", "not_varied", (why,), False, False)


def _notes(models_everywhere: bool, counted: bool, quick: bool) -> tuple[str, ...]:
    notes = ["rows share patients and days: they are not independent, and their share is not a probability"]
    if quick:
        return (
            *notes,
            "a quick run: without models, bootstrap, Hodges–Lehmann and other rules by which a day counts",
        )
    if counted and not models_everywhere:
        notes.append(
            "multiple imputation and the beta-binomial model: only where at most one of windows and minimum moves"
        )
    return tuple(notes)
