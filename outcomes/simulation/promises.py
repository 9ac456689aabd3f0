"""What a made-up clinic says in public: claims.toml beside its tables, the same text for every clinic and seed.

The sentences are of the kind that clinics write; what is declared under each decides, and not the sentence.
"""

from __future__ import annotations

from typing import TypeAlias

_DECLARED_ON = "2025-12-15"

_HEAD = """\
# What this made-up clinic says in public, and what would have to be in its records for it: docs/claims.md.
# Declared before the data were read. An edit starts a claim again.
"""

_Keys: TypeAlias = dict[str, str | float]


def _of_type(kind: str, name: str) -> tuple[str, str, _Keys]:
    keys: _Keys = {"kind": "change", "population": kind, "endpoint": "headache_days_per_28", "margin": 1.0}
    return f"relieves_{kind}", f"Dry needling relieves {name}", keys


_OF_TYPES = (
    _of_type("migraine", "migraine"),
    _of_type("tension_type", "tension headache"),
    _of_type("cluster", "cluster headache"),
    _of_type("cervicogenic", "headache from the neck"),
    _of_type("sinus", "sinus headache"),
)

#: (id, sentence, the declared keys)
_BEFORE: tuple[tuple[str, str, _Keys], ...] = (
    (
        "fewer_headaches",
        "Fewer headaches",
        {"kind": "change", "endpoint": "headache_days_per_28", "margin": 1.0},
    ),
    (
        "milder_headaches",
        "Milder headaches",
        {"kind": "change", "endpoint": "intensity_on_headache_days", "margin": 0.5},
    ),
    (
        "shorter_headaches",
        "Shorter headaches",
        {"kind": "change", "endpoint": "hours_on_headache_days", "margin": 0.5},
    ),
)
_AFTER: tuple[tuple[str, str, _Keys], ...] = (
    (
        "best_for_tension",
        "Particularly good for tension headache",
        {
            "kind": "contrast",
            "population": "tension_type",
            "against": "rest",
            "endpoint": "headache_days_per_28",
            "margin": 1.0,
        },
    ),
    (
        "half_as_many",
        "Most patients halve their headaches",
        {"kind": "share", "endpoint": "headache_days_per_28", "reduction": 50, "at_least": 0.5},
    ),
    (
        "no_new_episodes",
        "Prevents new episodes",
        {"kind": "lasting", "endpoint": "headache_days_per_28", "margin": 2.0},
    ),
    (
        "lasting_relief",
        "Long-lasting relief",
        {"kind": "lasting", "endpoint": "headache_days_per_28", "margin": 1.0},
    ),
    (
        "less_medication",
        "Less medication",
        {"kind": "change", "endpoint": "acute_medication_days_per_28", "margin": 1.0},
    ),
    (
        "brief_soreness",
        "Only brief soreness",
        {"kind": "harm", "grade": "soreness_beyond_72h", "at_most": 0.1},
    ),
    (
        "no_serious_event",
        "No serious side effects",
        {"kind": "harm", "grade": "serious", "at_most": 0.01},
    ),
    (
        "better_function",
        "Get back to your life: better function and well-being",
        {"kind": "score", "instrument": "hit6", "margin": 2.5},
    ),
    (
        "six_sessions",
        "We recommend six sessions for best results",
        {"kind": "dose"},
    ),
    (
        "endorphins",
        "Releases endorphins, the body's natural painkillers",
        {"kind": "mechanism"},
    ),
)


_CLAIMS = (*_BEFORE, *_OF_TYPES, *_AFTER)


def promises() -> str:
    """The text of claims.toml: UTF-8, line ends LF."""
    return "\n".join([_HEAD, *(_entry(*claim) for claim in _CLAIMS)])


def _entry(name: str, says: str, keys: _Keys) -> str:
    lines = ["[[claims]]", f'id = "{name}"', f'says = "{says}"']
    lines += [
        f'{key} = "{value}"' if isinstance(value, str) else f"{key} = {value}" for key, value in keys.items()
    ]
    return "\n".join([*lines, f"declared_on = {_DECLARED_ON}", ""])
