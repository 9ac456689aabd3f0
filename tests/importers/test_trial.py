"""The contract test catches each breach that it says it catches, and lets a good importer pass."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from outcomes.errors import InvalidRecords, PlanError
from outcomes.records.importers import registry
from outcomes.records.importers.contract import Dropped, Imported, ImportSettings, NotRead
from outcomes.records.importers.delimited import read_text
from outcomes.records.importers.forms import broken_forms
from outcomes.records.importers.trial import ContractBroken, hold_to_contract

ONE = ImportSettings(patient="A1")
TEXT = "date,headache,note\n2024-01-01,yes,Canary Finch called\n2024-01-02,no,all well today\n"

Change = Callable[["Good", list[list[str]], dict[str, Any]], None]


class Good:
    """An importer as anybody may write one: dates and yes or no, notes left out."""

    name: str = "plain_list"
    title: str = "A plain list"
    confidence: str = "C"
    one_patient: bool = True

    def __init__(self, change: Change | None = None):
        self.change = change
        self.reads = 0

    def read(self, files: Sequence[Path], settings: ImportSettings) -> Imported:
        self.reads += 1
        rows: list[list[str]] = []
        for path in sorted(files):
            header, *lines = read_text(path).split("\n")
            if header != "date,headache,note":
                raise InvalidRecords([f"{path.name}: not a plain list."])
            rows += [line.split(",") for line in lines if line]
        if any(len(row) != 3 for row in rows):
            raise InvalidRecords([f"{files[0].name}: ragged."])
        good = [row for row in sorted(rows) if _date(row[0]) and row[1] in ("yes", "no")]
        content: dict[str, Any] = {
            "columns": {
                "patient_id": [settings.patient for _ in good],
                "date": [row[0] for row in good],
                "headache": [row[1] for row in good],
            },
            "why": "a cell is not in the form",
            "warnings": (),
            "table": "diary",
            "file": files[0].name,
        }
        if self.change:
            self.change(self, good, content)
        bad = tuple(range(1, len(rows) - len(good) + 1))
        return Imported(
            tables={content["table"]: pd.DataFrame(content["columns"], dtype=object)},
            rows_in=len(rows),
            rows_used=len(good),
            not_read=(NotRead(content["file"], content["why"], bad),) if bad else (),
            dropped=(Dropped(content["file"], "note", "free text", len(good)),),
            warnings=content["warnings"],
        )


def _date(text: str) -> bool:
    try:
        pd.Timestamp(text)
    except ValueError:
        return False
    return len(text) == 10 and text[:4].isdigit() and text[:4].isascii() and text[4] == "-" and text[7] == "-"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "list.csv"
    path.write_text(TEXT)
    return path


def test_a_good_importer_passes(path: Path, tmp_path: Path) -> None:
    bad = tmp_path / "bad.csv"
    bad.write_text("x")
    imported = hold_to_contract(Good(), [path], ONE, broken_files=[bad], private=["Canary"])
    assert imported.rows_used == 2


def _set(name: str, value: Any) -> Change:
    def change(self: Good, rows: list[list[str]], content: dict[str, Any]) -> None:
        content[name] = value

    return change


def _column(name: str, cells: Callable[[list[list[str]]], list[Any]]) -> Change:
    def change(self: Good, rows: list[list[str]], content: dict[str, Any]) -> None:
        content["columns"][name] = cells(rows)

    return change


def _moody(self: Good, rows: list[list[str]], content: dict[str, Any]) -> None:
    content["columns"]["headache"] = ["yes" if self.reads % 2 else "no" for _ in rows]


def _ordered(self: Good, rows: list[list[str]], content: dict[str, Any]) -> None:
    content["warnings"] = (f"row {self.reads}",)


@pytest.mark.parametrize(
    ("change", "clause"),
    [
        (_set("table", "stuff"), "table is not in the data dictionary"),
        (_column("mood", lambda rows: ["x"] * len(rows)), "column 4 is not in the data dictionary"),
        (_column("intensity", lambda rows: [5] * len(rows)), "neither text nor None"),
        (_column("intensity", lambda rows: ["11"] * len(rows)), "'intensity' are not a number from 0 to 10"),
        (_column("headache", lambda rows: ["maybe"] * len(rows)), "'headache'"),
        (_column("date", lambda rows: ["01/02/2024"] * len(rows)), "'date'"),
        (
            _column("acute_medication_class", lambda rows: [row[2] for row in rows]),
            "'acute_medication_class'",
        ),
        (_column("day", lambda rows: ["1"] * len(rows)), "not both"),
        (_column("patient_id", lambda rows: ["B2"] * len(rows)), "declared patient only"),
        (_column("patient_id", lambda rows: ["Canary Finch"] * len(rows)), "'patient_id'"),
        (_set("warnings", ("the note says Canary Finch called",)), "stands in a warning"),
        (_set("warnings", ("something about all well today",)), "stands in a warning"),
        (_set("file", "elsewhere.csv"), "name of its file"),
        (_moody, "two readings"),
        (_ordered, "two readings"),
    ],
)
def test_each_breach_is_caught(path: Path, change: Change, clause: str) -> None:
    with pytest.raises(ContractBroken, match=clause):
        hold_to_contract(Good(change), [path], ONE, private=["Canary"])


class Ordered(Good):
    """Takes the first row as it comes for the patient's state."""

    def read(self, files: Sequence[Path], settings: ImportSettings) -> Imported:
        imported = super().read(files, settings)
        first = read_text(files[0]).split("\n")[1].split(",")[1]
        imported.tables["diary"]["headache"] = [first] * len(imported.tables["diary"])
        return imported


class Crashing(Good):
    """Lets the faults of other libraries through."""

    def read(self, files: Sequence[Path], settings: ImportSettings) -> Imported:
        text = files[0].read_text()
        text.index("date")
        return super().read(files, settings)


class Quoting(Good):
    """Repeats the file in its messages."""

    def read(self, files: Sequence[Path], settings: ImportSettings) -> Imported:
        try:
            return super().read(files, settings)
        except InvalidRecords:
            raise InvalidRecords([files[0].read_bytes().decode("latin-1")]) from None


class Writing(Good):
    """Leaves a file beside the one it reads."""

    def read(self, files: Sequence[Path], settings: ImportSettings) -> Imported:
        imported = super().read(files, settings)
        (files[0].parent / "cache.bin").write_bytes(b"")
        return imported


class Greedy(Good):
    """Takes any file for its own."""

    def read(self, files: Sequence[Path], settings: ImportSettings) -> Imported:
        try:
            return super().read(files, settings)
        except InvalidRecords:
            return Imported({}, 0, 0)


@pytest.mark.parametrize(
    ("importer", "clause"),
    [
        (Ordered(), "another order"),
        (Crashing(), "no OutcomesError"),
        (Quoting(), "repeats a text"),
        (Writing(), "as they were"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_each_bad_habit_is_caught(path: Path, importer: Good, clause: str) -> None:
    with pytest.raises(ContractBroken, match=clause):
        hold_to_contract(importer, [path], ONE)


def test_a_broken_file_must_be_refused(path: Path, tmp_path: Path) -> None:
    bad = tmp_path / "bad.csv"
    bad.write_text("x")
    with pytest.raises(ContractBroken, match="as if it were good"):
        hold_to_contract(Greedy(), [path], ONE, broken_files=[bad])


@pytest.mark.parametrize(
    ("attribute", "value"),
    [("name", "Plain List"), ("title", " "), ("confidence", "D"), ("one_patient", "yes")],
)
def test_its_description_is_looked_at(path: Path, attribute: str, value: str) -> None:
    importer = Good()
    setattr(importer, attribute, value)
    with pytest.raises(ContractBroken):
        hold_to_contract(importer, [path], ONE)


def test_a_clinic_systems_numbers_become_pseudonyms(path: Path) -> None:
    importer = Good(_column("patient_id", lambda rows: ["4711"] * len(rows)))
    importer.one_patient = False
    settings = ImportSettings(pseudonym=lambda raw: f"A{len(raw)}")
    with pytest.raises(ContractBroken, match="pseudonyms of the system's own numbers"):
        hold_to_contract(importer, [path], settings)


def test_free_codes_are_words_and_never_phrases() -> None:
    frame = pd.DataFrame(
        {"patient_id": ["A1"], "date": ["2024-01-01"], "kind": ["other"], "detail": ["Mr Finch"]}
    )
    assert broken_forms({"events": frame.astype(object)})


class TestRegistry:
    def test_an_unknown_name_lists_the_known_ones(self) -> None:
        with pytest.raises(PlanError, match="Known: "):
            registry.find_importer("migraine_baddy")

    def test_what_is_installed_is_found(self) -> None:
        if "migraine_buddy" not in registry.names():
            pytest.skip("the entry points are not installed: install the project again")
        found = {item.name: item.importer for item in registry.listed()}
        assert {"apple_health", "bearable", "cluster_headache_tracker", "daylio", "paper_grid"} <= set(found)
        assert all(importer is not None and importer.name == name for name, importer in found.items())
        assert registry.find_importer("Migraine-Buddy") is found["migraine_buddy"]

    def _points(self, monkeypatch: pytest.MonkeyPatch, **values: str) -> None:
        from importlib.metadata import EntryPoint

        points = tuple(
            EntryPoint(name.rstrip("0"), value, "outcomes.importers") for name, value in values.items()
        )
        monkeypatch.setattr(registry, "entry_points", lambda group: points)

    def test_a_plug_in_that_fails_hides_no_other(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._points(
            monkeypatch,
            daylio="outcomes.records.importers.daylio:IMPORTER",
            absent="no_such_module:IMPORTER",
            other="outcomes.records.importers.daylio:HEADACHE_WORDS",
        )
        lines = {item.name: item.sentence() for item in registry.listed()}
        assert "confidence B" in lines["daylio"]
        assert "cannot be loaded" in lines["absent"] and "cannot be loaded" in lines["other"]

    def test_two_packages_with_one_name_are_refused(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._points(
            monkeypatch,
            daylio="outcomes.records.importers.daylio:IMPORTER",
            daylio0="outcomes.records.importers.bearable:IMPORTER",
        )
        with pytest.raises(PlanError, match="More than one"):
            registry.find_importer("daylio")
