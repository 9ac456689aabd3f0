"""What the tests of the clinic systems share: a key for pseudonyms, and files written where a test wants them."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from outcomes.records.importers.contract import ImportSettings
from outcomes.records.pseudonyms import Key

# `redcap_project.py` is imported by name, whichever way pytest finds the test modules.
sys.path.insert(0, str(Path(__file__).resolve().parent))


@pytest.fixture(scope="session")
def pseudonym() -> Callable[[str], str]:
    """The pseudonyms of one key for one recipient."""
    return Key("K-00000000", bytes(range(32))).pseudonymiser("clinic-tests")


@pytest.fixture
def settings(pseudonym: Callable[[str], str]) -> Callable[..., ImportSettings]:
    """Settings with the key, the options given as a dictionary, and whatever else is named."""

    def make(options: dict[str, str] | None = None, **others: str) -> ImportSettings:
        return ImportSettings(pseudonym=pseudonym, options=options or {}, **others)

    return make


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str, str | bytes], Path]:
    """Write a file and give its path."""

    def written(name: str, content: str | bytes) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
        return path

    return written
