"""Whether the default numbers keep their promises: clinics with a planted truth, at the size of one's own.

promises.py says what is promised and when a promise counts as kept, clinics.py makes patients and months,
intervals.py, shares.py and bad_months.py ask the questions, running.py puts them together, wording.py writes them.
"""

from outcomes.selfcheck.promises import Promise
from outcomes.selfcheck.running import SelfCheck, selfcheck

__all__ = ["Promise", "SelfCheck", "selfcheck"]
