"""Who gave the care, and where: the unit that a patient belongs to, and how few patients a unit may not be shown by.

Sources: docs/method.md#practitioners.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from outcomes.errors import PlanError

if TYPE_CHECKING:
    from outcomes.analysis.periods import Periods

#: Columns of sessions that name a unit → what its entries are called, one and several.
UNITS = {"practitioner_id": ("practitioner", "practitioners"), "site_id": ("site", "sites")}

#: Columns that name who gave the care, or where, also in tables of patients that call them otherwise.
CARE_UNITS = (*UNITS, "practitioner", "site")

#: Below this a unit's figure says more about single patients than about the unit.
LEAST_PATIENTS = 5


def with_care_unit(endpoints: pd.DataFrame, periods: Periods, unit: str) -> pd.DataFrame:
    """The endpoint table with `practitioner_id` or `site_id`: whoever gave more than half of a patient's sessions.

    Missing where nobody did. A table that has the column already is given back as it is. Raises PlanError where the
    sessions do not name the unit.
    """
    if unit in endpoints.columns:
        return endpoints
    records = periods.records
    if not records.has("sessions") or unit not in records.columns("sessions"):
        raise PlanError(f"The sessions of these records name no {UNITS[unit][0]} ({unit}).")
    from outcomes.analysis.models.session_rows import main_unit

    of_patient = endpoints["patient_id"].map(main_unit(periods, unit)).astype("object")
    return endpoints.assign(**{unit: of_patient})
