"""The report's fixed text in the language of the plan: a catalogue per language, English whole, others begun.

`say` gives a sentence by its key, `translated` a fixed English text that the catalogue holds. What a language has
not yet comes in English, and a block that holds any such text is marked as English on the page, so that nobody
takes it for a translation and a screen reader speaks it rightly. Which language is spoken is one setting for the
whole process, since numbers are written in its manner too: `speak`, set when a report is opened.
"""

from __future__ import annotations

import contextlib
import dataclasses
import string
import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

ENGLISH = "en"
LANGUAGES = (ENGLISH, "es", "de")

T = TypeVar("T")

_spoken = ENGLISH


class Said(str):
    """A text that knows its language; joined to other text it forgets it again, and counts as English."""

    language: str

    def __new__(cls, text: str, language: str) -> Said:
        said = super().__new__(cls, text)
        said.language = language
        return said

    def __getnewargs__(self) -> tuple[str, str]:  # type: ignore[override]
        return str(self), self.language


def spoken() -> str:
    """Code of the language that is spoken now: en, es or de."""
    return _spoken


def speak(language: str) -> None:
    """From now on in this language. Raises ValueError for one without a catalogue."""
    global _spoken
    if language not in LANGUAGES:
        raise ValueError(f"there is no catalogue of {language!r}")
    _spoken = language


@contextlib.contextmanager
def speaking(language: str) -> Iterator[None]:
    """`speak` for the length of a block."""
    before = _spoken
    speak(language)
    try:
        yield
    finally:
        speak(before)


def say(key: str, **values: object) -> Said:
    """The text of this key with its values, in the spoken language, or in English where it has none.

    Raises KeyError for a key that English does not have.
    """
    own = catalogue(_spoken).get(key)
    language = ENGLISH if own is None else _spoken
    text = catalogue(ENGLISH)[key] if own is None else own
    return Said(text.format(**values), language)


def translated(text: str) -> str:
    """A fixed English text in the spoken language; any other text as it stands."""
    if _spoken == ENGLISH or isinstance(text, Said):
        return text
    key = _keys_of_english().get(text)
    return text if key is None or key not in catalogue(_spoken) else say(key)


@cache
def catalogue(language: str) -> Mapping[str, str]:
    """Key (`section.name`) → text, with places for values in braces."""
    told = tomllib.loads((Path(__file__).parent / f"{language}.toml").read_text(encoding="utf-8"))
    return {f"{section}.{name}": text for section, texts in told.items() for name, text in texts.items()}


@cache
def _keys_of_english() -> Mapping[str, str]:
    """Texts without places for values, by what they say in English."""
    return {text: key for key, text in catalogue(ENGLISH).items() if not places_in(text)}


def places_in(text: str) -> set[str]:
    """Names of the values that a text has places for."""
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


# ---- whole blocks ----

#: Fields that are no words.
_NO_WORDS = {"svg", "narrow_svg", "align", "width", "level", "tone", "sign"}


def in_spoken_language(thing: T) -> T:
    """A block, or any part of one, with each fixed text that the catalogue holds translated."""
    return thing if _spoken == ENGLISH else _translated_parts(thing)


def _translated_parts(thing: Any) -> Any:
    if isinstance(thing, str):
        return translated(thing)
    if isinstance(thing, tuple):
        return tuple(_translated_parts(part) for part in thing)
    if dataclasses.is_dataclass(thing) and not isinstance(thing, type):
        words = {
            item.name: _translated_parts(getattr(thing, item.name))
            for item in dataclasses.fields(thing)
            if item.name not in _NO_WORDS
        }
        return dataclasses.replace(thing, **words)
    return thing


def language_of(thing: object) -> str:
    """The spoken language where every text in a block is of it (numbers are of any); English otherwise."""
    texts = (text for text in _texts(thing) if any(sign.isalpha() for sign in text))
    whole = all(isinstance(text, Said) and text.language == _spoken for text in texts)
    return _spoken if whole else ENGLISH


def _texts(thing: object) -> Iterator[str]:
    if isinstance(thing, str):
        yield thing
    elif isinstance(thing, tuple):
        for part in thing:
            yield from _texts(part)
    elif dataclasses.is_dataclass(thing) and not isinstance(thing, type):
        for item in dataclasses.fields(thing):
            if item.name not in _NO_WORDS:
                yield from _texts(getattr(thing, item.name))
