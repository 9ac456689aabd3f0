"""How alike patients are: k and l over classes of patients, and the cheapest merge where they do not hold.

One row is one patient, whatever tables tell of them; fed with diary rows, k would count days. What is missing
is a value of its own, since an empty cell can be known like any other.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from outcomes.records.deidentify.ages import bands_in, label_of, lowest

if TYPE_CHECKING:
    import pandas as pd

    Frames = dict[str, pd.DataFrame]

#: The risk of one in eleven and of one in five: what agencies call low for the public and under agreement.
RISKS = (0.09, 0.2)
#: Who is told to have responded: the share of headache days lost, by the plan's defaults.
RESPONSE = 0.5
BASELINE, FOLLOWUP, LEAST_RECORDED, LEAST_BASELINE = (-28, -1), (56, 83), 20, 4

_SENSITIVE = ("headache_type", "response")


@dataclass(frozen=True)
class Classes:
    """Patients who cannot be told apart by what may be known of them.

    `sizes`: size of a class → number of such classes. `diversity`: sensitive column → the fewest different
    values in any class; columns that nobody has are absent.
    """

    columns: tuple[str, ...]
    sizes: Mapping[int, int]
    diversity: Mapping[str, int]
    k_wanted: int
    l_wanted: int
    patients_below_l: Mapping[str, int]

    @property
    def patients(self) -> int:
        return sum(size * count for size, count in self.sizes.items())

    @property
    def k(self) -> int:
        return min(self.sizes, default=0)

    @property
    def holds(self) -> bool:
        """Whether every class has its k patients and its l values."""
        enough = all(value >= self.l_wanted for value in self.diversity.values())
        return not self.sizes or (self.k >= self.k_wanted and enough)

    @property
    def patients_below_k(self) -> int:
        return sum(size * count for size, count in self.sizes.items() if size < self.k_wanted)

    @property
    def highest_risk(self) -> float:
        return 1 / self.k if self.k else 0.0

    @property
    def mean_risk(self) -> float:
        return sum(self.sizes.values()) / self.patients if self.sizes else 0.0

    def share_above(self, risk: float) -> float:
        """Share of patients whose class is so small that one in its size is a greater risk."""
        above = sum(size * count for size, count in self.sizes.items() if 1 / size > risk)
        return above / self.patients if self.sizes else 0.0

    def to_dict(self) -> dict[str, Any]:
        return {
            "columns": list(self.columns),
            "patients": self.patients,
            "class_sizes": {str(size): self.sizes[size] for size in sorted(self.sizes)},
            "k": self.k,
            "k_wanted": self.k_wanted,
            "patients_below_k": self.patients_below_k,
            "l": dict(self.diversity),
            "l_wanted": self.l_wanted,
            "patients_below_l": dict(self.patients_below_l),
            "highest_risk": round(self.highest_risk, 4),
            "mean_risk": round(self.mean_risk, 4),
            **{f"share_of_patients_above_{risk}": round(self.share_above(risk), 4) for risk in RISKS},
        }


@dataclass(frozen=True)
class Merge:
    """One step that makes classes larger: codes of a column that become one, or all of it left out."""

    column: str
    codes: tuple[str, ...]
    cells: int
    result: Classes

    def sentence(self) -> str:
        """The step as a person would write it into the configuration."""
        if not self.codes:
            how = f"take '{self.column}' out of the mapping"
        else:
            listed = ", ".join(f'"{code}"' for code in self.codes)
            how = f"write under [deidentify.merge]  {self.column} = [[{listed}]]"
        after = f"k becomes {self.result.k}, with {self.result.patients_below_k} patients in classes below it"
        return f"{how}: {self.cells} cells change; {after}."


def people_of(frames: Frames) -> pd.DataFrame:
    """One row per patient of any table, with what `patients` says of them and whether they responded."""
    import pandas as pd

    ids = sorted({patient for frame in frames.values() for patient in frame["patient_id"]})
    people = pd.DataFrame({"patient_id": pd.Series(ids, dtype=object)})
    if "patients" in frames:
        people = people.merge(frames["patients"], on="patient_id", how="left")
    return people.assign(response=people["patient_id"].map(responses(frames)))


def measured_classes(people: pd.DataFrame, quasi: tuple[str, ...], k: int, l_least: int) -> Classes:
    """k and l over the columns that may be known. Without any of them all patients are one class."""
    known = [name for name in quasi if name in people.columns]
    keys = [people[name].astype(object).where(people[name].notna(), "\0") for name in known]
    whole = people["patient_id"].map(lambda _: 0)
    groups = people.groupby(keys or [whole], dropna=False, sort=False)
    sizes = groups.size()
    diversity, below = {}, {}
    for name in _SENSITIVE:
        if name in people.columns and name not in known and people[name].notna().any():
            values = groups[name].agg(["nunique", "size"])
            values = values[values["nunique"] > 0]  # where nothing is said, nothing is given away
            diversity[name] = int(values["nunique"].min())
            below[name] = int(values.loc[values["nunique"] < l_least, "size"].sum())
    counts = dict(Counter(int(size) for size in sizes))
    return Classes(tuple(known), counts, diversity, k, l_least, below)


def cheapest_merge(people: pd.DataFrame, classes: Classes) -> Merge | None:
    """Of all merges of one step, the one that mends the classes with the fewest cells changed; where none
    does, the one that leaves the fewest patients in classes too small or too uniform."""
    merges = list(_merges(people, classes))
    mending = [merge for merge in merges if merge.result.holds]
    if mending:
        # To leave a column out loses more than to merge its codes, though as many cells change.
        return min(mending, key=lambda merge: (merge.cells, not merge.codes, merge.column, merge.codes))
    helping = [merge for merge in merges if _still_found(merge.result) < _still_found(classes)]
    return min(
        helping, key=lambda merge: (_still_found(merge.result), merge.cells, not merge.codes), default=None
    )


def _still_found(classes: Classes) -> int:
    return classes.patients_below_k + sum(classes.patients_below_l.values())


def _merges(people: pd.DataFrame, classes: Classes) -> Iterator[Merge]:
    for name in classes.columns:
        told = people[name].dropna()
        codes = sorted(told.unique())
        groups: list[list[str]] = []
        if name == "age_band":
            codes = sorted(codes, key=lowest)
            groups = [codes[start : start + 2] for start in range(len(codes) - 1)]
            groups += [codes[start:] for start in range(len(codes) - 2)]
        elif name in ("sex", "group", "headache_type"):
            groups = [[one, two] for place, one in enumerate(codes) for two in codes[place + 1 :]]
        for group in groups:
            label = _covering(group) if name == "age_band" else "other"
            chosen = people[name].isin(_covered(label) | set(group) if name == "age_band" else group)
            cells = int((chosen & people[name].ne(label)).sum())
            result = _again(people.assign(**{name: people[name].where(~chosen, label)}), classes)
            written = _dictionary_bands(group) if name == "age_band" else tuple(group)
            yield Merge(name, written, cells, result)
        yield Merge(name, (), len(told), _again(people.drop(columns=name), classes))


def _covering(group: list[str]) -> str:
    return label_of(list(_dictionary_bands(group)))


def _covered(label: str) -> set[str]:
    return set(bands_in(label))


def _dictionary_bands(group: list[str]) -> tuple[str, ...]:
    """The dictionary's bands from the first to the last: bands that nobody is in must be named as well."""
    low, last = min(lowest(band) for band in group), max(group, key=lowest)
    high = bands_in(last)[-1]
    return tuple(band for label in bands_in(f"{low}+") for band in [label] if lowest(band) <= lowest(high))


def _again(people: pd.DataFrame, classes: Classes) -> Classes:
    return measured_classes(people, classes.columns, classes.k_wanted, classes.l_wanted)


def responses(frames: Frames) -> dict[str, str]:
    """Patient → yes or no: at least half of the headache days gone. Patients without both windows are absent."""
    told = _diary_days(frames) if "diary" in frames else None
    found = _from_diary(told) if told is not None else {}
    return found or (_from_summaries(frames["summaries"]) if "summaries" in frames else {})


def _diary_days(frames: Frames) -> pd.DataFrame | None:
    """The diary with `day`, counted from the first session where it has dates."""
    diary = frames["diary"]
    if "day" in diary.columns:
        return diary
    if "date" not in diary.columns or "date" not in frames.get("sessions", ()):
        return None
    import pandas as pd

    first = frames["sessions"].groupby("patient_id")["date"].min()
    days = pd.to_datetime(diary["date"]) - pd.to_datetime(diary["patient_id"].map(first))
    return diary.assign(day=days.dt.days)


def _from_diary(diary: pd.DataFrame) -> dict[str, str]:
    told = diary[diary["headache"].notna()]
    rates = []
    for first, last in (BASELINE, FOLLOWUP):
        window = told[told["day"].between(first, last)].drop_duplicates(["patient_id", "day"])
        by_patient = window["headache"].eq("yes").groupby(window["patient_id"])
        rates.append((by_patient.mean() * 28)[by_patient.size() >= LEAST_RECORDED])
    return _answers(rates[0], rates[1])


def _from_summaries(summaries: pd.DataFrame) -> dict[str, str]:
    if "headache_days_per_28" not in summaries.columns:
        return {}
    told = summaries[summaries["headache_days_per_28"].notna()].drop_duplicates(["patient_id", "period"])
    rates = [
        told[told["period"] == period].set_index("patient_id")["headache_days_per_28"].astype(float)
        for period in ("baseline", "followup")
    ]
    return _answers(rates[0], rates[1])


def _answers(before: pd.Series, after: pd.Series) -> dict[str, str]:
    later = {str(patient): float(rate) for patient, rate in after.items()}
    earlier = {str(patient): float(rate) for patient, rate in before.items() if rate >= LEAST_BASELINE}
    return {
        patient: "yes" if later[patient] <= (1 - RESPONSE) * rate + 1e-9 else "no"
        for patient, rate in earlier.items()
        if patient in later
    }
