"""Ages in ten-year bands, wider ones where few are so old, and codes that the configuration makes one."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from outcomes.records.code_lists import AGE_BANDS
from outcomes.records.deidentify.config import DeidentifySettings
from outcomes.records.deidentify.fields import each_cell, refuse_if_emptied
from outcomes.records.deidentify.ledger import Ledger

if TYPE_CHECKING:
    import pandas as pd

OLDEST = 120
#: The column that takes the place of `age_band` where its bands are not the dictionary's.
WIDER_BANDS = "age_group"

_NUMBER = re.compile(r"[0-9]{1,3}(\.[0-9]+)?")
_STRPTIME = {"YYYY": "%Y", "YY": "%y", "MMM": "%b", "MM": "%m", "M": "%m", "DD": "%d", "D": "%d"}


def with_age_bands(
    patients: pd.DataFrame,
    reference: Mapping[str, int],
    exported: int,
    dates: tuple[str, ...],
    settings: DeidentifySettings,
    ledger: Ledger,
) -> pd.DataFrame:
    """Ages, or dates of birth, as the dictionary's ten-year bands.

    `reference`: patient → day (as an ordinal) at which the age counts, the first session; `exported` is the
    day for those without one.
    """
    if "age_band" not in patients.columns or settings.age == "band":
        return patients
    import pandas as pd

    exported = exported or (settings.exported_on.toordinal() if settings.exported_on else 0)

    told = patients["age_band"].notna()
    if settings.age == "years":
        bands = each_cell(patients["age_band"], _band_of_years)
    else:
        days = patients["patient_id"].map(lambda patient: reference.get(patient, exported))
        found = [
            _band_of_birth(born, day, dates) for born, day in zip(patients["age_band"], days, strict=True)
        ]
        bands = pd.Series(found, patients.index, dtype=object)
    unread = int((told & bands.isna()).sum())
    refuse_if_emptied(int(told.sum()), unread, settings)
    ledger.cell("patients", f"age_band: no {settings.age.replace('_', ' ')} could be read, emptied", unread)
    return patients.assign(age_band=bands)


def _band_of_years(text: str) -> str | None:
    return _band(float(text)) if _NUMBER.fullmatch(text) else None


def _band_of_birth(born: str | None, day: int, forms: tuple[str, ...]) -> str | None:
    if born is None or born != born or not day:
        return None
    there = dt.date.fromordinal(day)
    for form in forms or ("YYYY-MM-DD",):
        pattern = re.sub(r"[A-Z]+", lambda found: _STRPTIME.get(found[0], found[0]), form)
        try:
            date = dt.datetime.strptime(born.split("T")[0].split(" 0")[0], pattern).date()
        except ValueError:
            continue
        if form.startswith("YY") is False and "YYYY" not in form and date > there:
            date = date.replace(
                year=date.year - 100, day=min(date.day, 28)
            )  # two digits: nobody is born later
        return _band(there.year - date.year - ((there.month, there.day) < (date.month, date.day)))
    return None


def _band(age: float) -> str | None:
    if not 0 <= age <= OLDEST:
        return None
    return next(band for band in reversed(AGE_BANDS) if lowest(band) <= age)


def lowest(band: str) -> int:
    """The youngest age of a band, of the dictionary or wider."""
    return int(band.rstrip("+").partition("-")[0])


def label_of(bands: list[str]) -> str:
    """Neighbouring bands as one."""
    ordered = sorted(bands, key=lowest)
    last = ordered[-1]
    return (
        f"{lowest(ordered[0])}+" if last.endswith("+") else f"{lowest(ordered[0])}-{last.partition('-')[2]}"
    )


def bands_in(label: str) -> list[str]:
    """The dictionary's bands that a band, wider or not, is made of."""
    low, _, high = label.rstrip("+").partition("-")
    return [band for band in AGE_BANDS if int(low) <= lowest(band) <= int(high or OLDEST)]


def merged(patients: pd.DataFrame, settings: DeidentifySettings, ledger: Ledger) -> pd.DataFrame:
    """The codes that the configuration makes one: neighbouring age bands, else "other"."""
    for name, codes in settings.merge:
        if name in patients.columns:
            label = label_of(list(codes)) if name == "age_band" else "other"
            chosen = patients[name].isin(codes)
            ledger.cell("patients", f"{name}: merged as configured", int(chosen.sum()))
            patients = patients.assign(**{name: patients[name].where(~chosen, label)})
    return patients


def top_coded(patients: pd.DataFrame, lowest_age: int) -> pd.DataFrame:
    """The bands from that age on as one. A merged band that reaches over it begins the last one."""
    if "age_band" not in patients.columns:
        return patients
    old = patients["age_band"].map(
        lambda band: isinstance(band, str) and any(lowest(one) >= lowest_age for one in bands_in(band))
    )
    if not old.any():
        return patients
    begin = min(lowest_age, *(lowest(band) for band in patients.loc[old, "age_band"]))
    return patients.assign(age_band=patients["age_band"].where(~old.astype(bool), f"{begin}+"))
