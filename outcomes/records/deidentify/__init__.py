"""Records without what says who somebody is: run at the clinic, before anything leaves it.

config.py reads what is wanted, reading.py the raw tables, fields.py and ages.py the cells, origins.py where they
stood; spans.py, dates.py and windows.py place the days; risk.py counts how alike patients are, attacks.py tries to
find them all the same, writing.py writes what may leave, report.py what must stay, and run.py is the order of it.
"""

from __future__ import annotations

from outcomes.records.deidentify.report import DeidentifyReport
from outcomes.records.deidentify.run import deidentify
from outcomes.records.deidentify.writing import declared_days_in, verify_provenance

__all__ = ["DeidentifyReport", "declared_days_in", "deidentify", "verify_provenance"]
