"""docs/validity.md, the long run: `python -m outcomes.selfcheck > docs/validity.md`, or `make simulate`."""

from __future__ import annotations

from outcomes.selfcheck.running import selfcheck
from outcomes.selfcheck.wording import validity_page

#: Monte-Carlo bounds of 0.6 points either way on a coverage of 95%.
LONG_REPLICATES, LONG_BAD_MONTH_CLINICS = 10_000, 100

if __name__ == "__main__":
    import sys

    check = selfcheck(replicates=LONG_REPLICATES, bad_month_clinics=LONG_BAD_MONTH_CLINICS)
    sys.stdout.write(validity_page(check))
