"""What a person declares for an import, from the texts of a command line to settings."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from pathlib import Path

from outcomes.errors import PlanError
from outcomes.records.importers.contract import ImportSettings
from outcomes.records.pseudonyms import PRACTITIONER_LABEL, read_key


def settings_from(
    *,
    patient: str = "",
    dates: str = "",
    timezone: str = "",
    recorded_from: str = "",
    recorded_to: str = "",
    headache_words: Sequence[str] = (),
    options: Sequence[str] = (),
    key_file: str = "",
    domain: str = "",
    away_from: Sequence[Path] = (),
) -> ImportSettings:
    """The settings of one import. `options` are `name=value`; `away_from` are the folders where no key may lie.

    Raises PlanError, IdentityError or FileProblem. No message repeats what was typed.
    """
    if bool(key_file) != bool(domain):
        raise PlanError("--key-file and --domain belong together: the key, and for whom the pseudonyms are.")
    key = read_key(key_file, away_from=away_from) if key_file else None
    return ImportSettings(
        patient=patient,
        pseudonym=key.pseudonymiser(domain) if key else None,
        practitioner=key.pseudonymiser(domain, PRACTITIONER_LABEL) if key else None,
        dates=dates,
        timezone=timezone,
        recorded_from=_date("--recorded-from", recorded_from),
        recorded_to=_date("--recorded-to", recorded_to),
        headache_words=tuple(headache_words),
        options=_options(options),
    )


def _date(name: str, text: str) -> dt.date | None:
    if not text:
        return None
    try:
        # Python reads further forms, such as week dates, that nobody here means.
        return dt.datetime.strptime(text, "%Y-%m-%d").date()
    except ValueError:
        raise PlanError(f"{name} takes a date written YYYY-MM-DD.") from None


def _options(given: Sequence[str]) -> dict[str, str]:
    options: dict[str, str] = {}
    for text in given:
        name, mark, value = text.partition("=")
        if not mark or not name.strip():
            raise PlanError("--option takes name=value.")
        if name.strip() in options:
            raise PlanError("--option names the same choice twice.")
        options[name.strip()] = value.strip()
    return options
