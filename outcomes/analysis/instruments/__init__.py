"""Questionnaires and measurements: what each is, how it is scored, and which change matters.

Definitions and sources: docs/method.md#questionnaires-and-measurements. No wording of any questionnaire is here.
"""

from __future__ import annotations

from outcomes.analysis.instruments.definitions import INSTRUMENTS as INSTRUMENTS
from outcomes.analysis.instruments.definitions import Instrument as Instrument
from outcomes.analysis.instruments.definitions import find_instrument as find_instrument
from outcomes.analysis.instruments.scoring import Scored as Scored
from outcomes.analysis.instruments.scoring import compare_profiles as compare_profiles
from outcomes.analysis.instruments.scoring import score_items as score_items
from outcomes.analysis.instruments.scoring import score_msq as score_msq
from outcomes.analysis.instruments.value_sets import ValueSet as ValueSet
from outcomes.analysis.instruments.value_sets import read_value_set as read_value_set
