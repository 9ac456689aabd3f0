"""Headache treatment outcomes from a clinic's own records.

The public names, in the order the data travels: plan, records, periods, endpoints, comparison, words.
They load when first used, so that the command line answers at once.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

_HOME = {
    "AnalysisPlan": "outcomes.plan",
    "load_records": "outcomes.records.reading",
    "Records": "outcomes.records.checked",
    "split_periods": "outcomes.analysis.periods",
    "Periods": "outcomes.analysis.periods",
    "PatientFlow": "outcomes.analysis.periods",
    "Cohort": "outcomes.analysis.periods",
    "month_endpoints": "outcomes.registry",
    "close_month": "outcomes.registry",
    "closed_months": "outcomes.registry",
    "measure_endpoints": "outcomes.analysis.endpoints",
    "measure_by_period": "outcomes.analysis.further_endpoints",
    "CATALOGUE": "outcomes.analysis.catalogue",
    "measure_course": "outcomes.analysis.course",
    "pair_by_patient": "outcomes.analysis.comparison",
    "compare": "outcomes.analysis.comparison",
    "compare_groups": "outcomes.analysis.comparison",
    "compare_all": "outcomes.analysis.comparison",
    "responders": "outcomes.analysis.comparison",
    "ask": "outcomes.analysis.questions",
    "TOPICS": "outcomes.analysis.questions",
    "score_items": "outcomes.analysis.instruments",
    "score_msq": "outcomes.analysis.instruments",
    "read_value_set": "outcomes.analysis.instruments",
    "one_patient": "outcomes.analysis.one_patient",
    "window_counts": "outcomes.analysis.day_counts",
    "repeat_baseline": "outcomes.analysis.regression_to_mean.repeat_baseline",
    "null_simulation": "outcomes.analysis.regression_to_mean.null_simulation",
    "missing_diary_analyses": "outcomes.analysis.missing_diaries.analyses",
    "group_frame": "outcomes.analysis.models.covariance_adjusted",
    "ancova": "outcomes.analysis.models.covariance_adjusted",
    "responder_difference": "outcomes.analysis.models.covariance_adjusted",
    "beta_binomial_model": "outcomes.analysis.models.beta_binomial",
    "mmrm": "outcomes.analysis.models.repeated_measures",
    "pooled_series": "outcomes.analysis.models.time_series",
    "daily_logit": "outcomes.analysis.models.daily_logit",
    "single_case": "outcomes.analysis.single_case",
    "smallest_detectable_change": "outcomes.analysis.planning",
    "in_families": "outcomes.analysis.multiplicity",
    "multiverse": "outcomes.analysis.multiverse",
    "PairedChange": "outcomes.analysis.results",
    "ComparisonTable": "outcomes.analysis.results",
    "Course": "outcomes.analysis.results",
    "Answers": "outcomes.analysis.answers",
    "OnePatient": "outcomes.analysis.one_patient",
    "Multiverse": "outcomes.analysis.results",
    "Statistic": "outcomes.analysis.results",
    "FittedModel": "outcomes.analysis.models.fitted",
    "describe_change": "outcomes.reporting.wording",
    "open_report": "outcomes.reporting.contents",
    "Heading": "outcomes.reporting.page",
    "ClinicTruth": "outcomes.simulation",
    "simulate_clinic": "outcomes.simulation",
    "special_clinic": "outcomes.simulation",
    "write_clinic": "outcomes.simulation",
    "OutcomesError": "outcomes.errors",
    "PlanError": "outcomes.errors",
    "InvalidRecords": "outcomes.errors",
    "TooManySetAside": "outcomes.errors",
    "FileProblem": "outcomes.errors",
}

__all__ = ["__version__", *_HOME]

if TYPE_CHECKING:
    from outcomes.analysis.answers import Answers as Answers
    from outcomes.analysis.catalogue import CATALOGUE as CATALOGUE
    from outcomes.analysis.comparison import compare as compare
    from outcomes.analysis.comparison import compare_all as compare_all
    from outcomes.analysis.comparison import compare_groups as compare_groups
    from outcomes.analysis.comparison import pair_by_patient as pair_by_patient
    from outcomes.analysis.comparison import responders as responders
    from outcomes.analysis.course import measure_course as measure_course
    from outcomes.analysis.day_counts import window_counts as window_counts
    from outcomes.analysis.endpoints import measure_endpoints as measure_endpoints
    from outcomes.analysis.further_endpoints import measure_by_period as measure_by_period
    from outcomes.analysis.instruments import read_value_set as read_value_set
    from outcomes.analysis.instruments import score_items as score_items
    from outcomes.analysis.instruments import score_msq as score_msq
    from outcomes.analysis.missing_diaries.analyses import missing_diary_analyses as missing_diary_analyses
    from outcomes.analysis.models.beta_binomial import beta_binomial_model as beta_binomial_model
    from outcomes.analysis.models.covariance_adjusted import ancova as ancova
    from outcomes.analysis.models.covariance_adjusted import group_frame as group_frame
    from outcomes.analysis.models.covariance_adjusted import responder_difference as responder_difference
    from outcomes.analysis.models.daily_logit import daily_logit as daily_logit
    from outcomes.analysis.models.fitted import FittedModel as FittedModel
    from outcomes.analysis.models.repeated_measures import mmrm as mmrm
    from outcomes.analysis.models.time_series import pooled_series as pooled_series
    from outcomes.analysis.multiplicity import in_families as in_families
    from outcomes.analysis.multiverse import multiverse as multiverse
    from outcomes.analysis.one_patient import OnePatient as OnePatient
    from outcomes.analysis.one_patient import one_patient as one_patient
    from outcomes.analysis.periods import Cohort as Cohort
    from outcomes.analysis.periods import PatientFlow as PatientFlow
    from outcomes.analysis.periods import Periods as Periods
    from outcomes.analysis.periods import split_periods as split_periods
    from outcomes.analysis.planning import smallest_detectable_change as smallest_detectable_change
    from outcomes.analysis.questions import TOPICS as TOPICS
    from outcomes.analysis.questions import ask as ask
    from outcomes.analysis.regression_to_mean.null_simulation import null_simulation as null_simulation
    from outcomes.analysis.regression_to_mean.repeat_baseline import repeat_baseline as repeat_baseline
    from outcomes.analysis.results import ComparisonTable as ComparisonTable
    from outcomes.analysis.results import Course as Course
    from outcomes.analysis.results import Multiverse as Multiverse
    from outcomes.analysis.results import PairedChange as PairedChange
    from outcomes.analysis.results import Statistic as Statistic
    from outcomes.analysis.single_case import single_case as single_case
    from outcomes.errors import FileProblem as FileProblem
    from outcomes.errors import InvalidRecords as InvalidRecords
    from outcomes.errors import OutcomesError as OutcomesError
    from outcomes.errors import PlanError as PlanError
    from outcomes.errors import TooManySetAside as TooManySetAside
    from outcomes.plan import AnalysisPlan as AnalysisPlan
    from outcomes.records.checked import Records as Records
    from outcomes.records.reading import load_records as load_records
    from outcomes.registry import close_month as close_month
    from outcomes.registry import closed_months as closed_months
    from outcomes.registry import month_endpoints as month_endpoints
    from outcomes.reporting.contents import open_report as open_report
    from outcomes.reporting.page import Heading as Heading
    from outcomes.reporting.wording import describe_change as describe_change
    from outcomes.simulation import ClinicTruth as ClinicTruth
    from outcomes.simulation import simulate_clinic as simulate_clinic
    from outcomes.simulation import special_clinic as special_clinic
    from outcomes.simulation import write_clinic as write_clinic


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'outcomes' has no attribute '{name}'")
    value = getattr(importlib.import_module(_HOME[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
