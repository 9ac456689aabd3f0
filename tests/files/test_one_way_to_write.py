"""The house rule behind all other tests here: whatever is written goes through `outcomes.files`."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[2] / "outcomes"
MODULES = sorted(path for path in PACKAGE.rglob("*.py") if "files" not in path.relative_to(PACKAGE).parts[:1])

#: Who may write otherwise, and why that is no danger.
OTHERWISE = {
    "simulation/writing.py": "made-up records, to be read by anybody",
    "records/scanning.py": "the engine's own scratch folder",
    "records/archives.py": "the engine's own scratch folder",
    "records/importers/trial.py": "a made-up export in a temporary folder",
    "records/pseudonyms.py": "a key, which may not be there yet",
    "engine.py": "makes the scratch folder",
    "reporting/disclosure/release.py": "lines in the run's own scratch folder",
    "reporting/disclosure/ledger.py": "an empty file of the owner's alone, which SQLite then writes",
}
WRITING = {"write_text", "write_bytes", "touch", "symlink_to", "hardlink_to", "mkdir"}
OF_OS = {"rename", "replace", "open", "mkdir", "makedirs", "link", "symlink", "fdopen"}
#: What runs code that a file brings along.
RUNS_CODE = {"pickle", "marshal", "shelve", "dill", "joblib", "yaml"}
#: Who may use one of these, and why that is no danger.
NO_FILE = {
    "reporting/drawings.py": "messages of the run's own process; what they may name is listed, and tested beside it",
}


def _name(path: Path) -> str:
    return path.relative_to(PACKAGE).as_posix()


def _calls(path: Path) -> Iterator[ast.Call]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return (node for node in ast.walk(tree) if isinstance(node, ast.Call))


def _writes(call: ast.Call) -> bool:
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    owner = getattr(call.func.value, "id", "") if isinstance(call.func, ast.Attribute) else ""
    if name == "open" and owner != "os":
        modes = [argument.value for argument in call.args if isinstance(argument, ast.Constant)]
        modes += [
            key.value.value
            for key in call.keywords
            if key.arg == "mode" and isinstance(key.value, ast.Constant)
        ]
        return any(isinstance(mode, str) and set(mode) & set("wax+") and len(mode) < 4 for mode in modes)
    if owner == "os":
        return name in OF_OS
    if owner == "shutil":
        return name.startswith(("copy", "move"))
    if name in ("to_csv", "to_parquet", "to_json", "to_excel", "to_pickle", "to_html"):
        return bool(call.args)
    return isinstance(call.func, ast.Attribute) and name in WRITING


@pytest.mark.parametrize("path", MODULES, ids=_name)
def test_files_are_written_in_one_way(path: Path) -> None:
    if _name(path) in OTHERWISE:
        return
    assert not [call.lineno for call in _calls(path) if _writes(call)]


@pytest.mark.parametrize("name", OTHERWISE)
def test_the_exceptions_are_still_needed(name: str) -> None:
    assert any(_writes(call) for call in _calls(PACKAGE / name))


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=_name)
def test_no_file_brings_code_along(path: Path) -> None:
    """Settings are TOML, tables are text or Parquet, and nothing of them is ever run."""
    if _name(path) in NO_FILE:
        return
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            assert not {alias.name.split(".")[0] for alias in node.names} & RUNS_CODE, node.lineno
        if isinstance(node, ast.ImportFrom):
            assert (node.module or "").split(".")[0] not in RUNS_CODE, node.lineno
        if isinstance(node, ast.Call):
            assert getattr(node.func, "id", "") not in ("eval", "exec", "compile", "__import__"), node.lineno
            assert not any(
                key.arg in ("allow_pickle", "shell") and getattr(key.value, "value", None) is True
                for key in node.keywords
            ), node.lineno
