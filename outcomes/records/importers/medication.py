"""Acute medication as apps write it: names become classes of the data dictionary, and are not kept.

The table holds generic names and a few common brands. A name it does not know becomes `other`: that
something was taken is certain, what it was is not.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from outcomes.errors import PlanError
from outcomes.records.importers.contract import ImportSettings

_CLASSES: dict[str, tuple[str, ...]] = {
    "paracetamol": ("paracetamol", "acetaminophen", "tylenol", "panadol", "doliprane"),
    "aspirin": ("aspirin", "acetylsalicylic", "asa"),
    "nsaid": (
        *("ibuprofen", "naproxen", "diclofenac", "ketoprofen", "dexketoprofen", "ketorolac", "indomethacin"),
        *(
            "indometacin",
            "tolfenamic",
            "mefenamic",
            "celecoxib",
            "etoricoxib",
            "advil",
            "nurofen",
            "motrin",
            "aleve",
        ),
        *("voltaren", "cambia"),
    ),
    "triptan": (
        "imigran",
        "imitrex",
        "maxalt",
        "zomig",
        "relpax",
        "naramig",
        "amerge",
        "treximet",
        "tosymra",
    ),
    "ergot": ("ergotamine", "dihydroergotamine", "dhe", "cafergot"),
    "gepant": ("nurtec", "ubrelvy", "vydura"),
    "ditan": ("lasmiditan", "reyvow"),
    "opioid": (
        *(
            "codeine",
            "tramadol",
            "morphine",
            "oxycodone",
            "hydrocodone",
            "dihydrocodeine",
            "tapentadol",
            "butorphanol",
        ),
        *("buprenorphine", "fentanyl", "methadone", "pethidine"),
    ),
    "combination_analgesic": (
        *("cocodamol", "codydramol", "excedrin", "fioricet", "fiorinal", "butalbital", "vicodin", "percocet"),
        *("thomapyrin", "migraleve", "anadin"),
    ),
}
_CLASS_OF = {name: medication for medication, names in _CLASSES.items() for name in names}
_ENDINGS = (("triptan", "triptan"), ("gepant", "gepant"))
#: Substances that make a combination analgesic when one product holds two of them.
_SIMPLE = frozenset(("paracetamol", "aspirin", "nsaid", "opioid"))
_NOTHING = frozenset(("none", "no medication", "no medications", "nothing", "no medicine"))
_RATING = re.compile(r"^\s*(somewhat helpful|helpful|unhelpful|unsure)\s+-\s+", re.IGNORECASE)
_COUNT = re.compile(r"^(\d{1,2}(?:\.\d{1,2})?)\s*[x×]\s*(?=\D)", re.IGNORECASE)


@dataclass(frozen=True)
class Medication:
    """What was taken for one attack. `doses` is None where the app does not say how many of each."""

    taken: bool
    classes: frozenset[str] = frozenset()
    doses: float | None = None


NONE_TAKEN = Medication(taken=False, doses=0.0)


def empty_means(settings: ImportSettings) -> Medication | None:
    """What an empty field of an attack says: nothing, unless `empty_medication=none` was declared."""
    declared = settings.options.get("empty_medication", "")
    if declared not in ("", "none"):
        raise PlanError("The option empty_medication takes none.")
    return NONE_TAKEN if declared else None


def read_medication(cells: list[str], empty: Medication | None) -> Medication | None:
    """The medication fields of one attack; `empty` where nothing stands in any of them."""
    items = [item for cell in cells for item in _items(cell)]
    taken = [item for item in items if item.casefold() not in _NOTHING]
    if not items:
        return empty
    if not taken:
        return NONE_TAKEN
    counts = [_COUNT.match(item) for item in taken]
    doses = sum(float(count[1]) for count in counts if count) if all(counts) else None
    classes: frozenset[str] = frozenset().union(*(_classes(item) for item in taken))
    return Medication(True, classes, doses)


def _items(cell: str) -> list[str]:
    lines = [_RATING.sub("", line) for line in cell.splitlines()]
    items = [part for line in lines for part in re.split(r"[,;|]", line)]
    return [" ".join(item.split()) for item in items if item.strip()]


def _classes(item: str) -> set[str]:
    name = _COUNT.sub("", item).casefold().replace("co-", "co")
    words = re.findall(r"[^\W\d_]+", name)
    found = {known for word in words if (known := _class_of(word))}
    simple = found & _SIMPLE
    caffeine = "caffeine" in words or "caffein" in words
    if len(simple) > 1 or (simple and caffeine) or "combination_analgesic" in found:
        found = (found - _SIMPLE) | {"combination_analgesic"}
    return found or {"other"}


def _class_of(word: str) -> str | None:
    ending = next((medication for end, medication in _ENDINGS if word.endswith(end)), None)
    return _CLASS_OF.get(word) or ending
