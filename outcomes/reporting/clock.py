"""What the time is for a run: the machine's clock, or SOURCE_DATE_EPOCH where the same bytes are wanted."""

from __future__ import annotations

import datetime as dt
import os

from outcomes.errors import PlanError


def source_date_epoch() -> int | None:
    """Seconds since 1970 (UTC) as SOURCE_DATE_EPOCH gives them; None where it is not set. Raises PlanError."""
    given = os.environ.get("SOURCE_DATE_EPOCH", "").strip()
    if not given:
        return None
    # Up to the year 9999, which is as far as dates reach.
    if not given.isdecimal() or int(given) > 253_402_300_799:
        raise PlanError("SOURCE_DATE_EPOCH is a whole number of seconds since 1970.")
    return int(given)


def now() -> dt.datetime:
    """Now, in UTC and whole seconds."""
    epoch = source_date_epoch()
    moment = dt.datetime.now(dt.UTC) if epoch is None else dt.datetime.fromtimestamp(epoch, dt.UTC)
    return moment.replace(microsecond=0)


def today() -> dt.date:
    """The day on the wall; that of SOURCE_DATE_EPOCH in UTC where it is set."""
    return dt.date.today() if source_date_epoch() is None else now().date()


def month_before(day: dt.date) -> str:
    """The last calendar month that is over on `day`, as YYYY-MM."""
    return (day.replace(day=1) - dt.timedelta(days=1)).strftime("%Y-%m")
