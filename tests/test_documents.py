"""What is generated is what the code says, and what a page points at is there."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import pytest

from outcomes.plan import AnalysisPlan
from outcomes.records.dictionary import data_dictionary


def test_the_data_dictionary_page_is_the_codes(root: Path) -> None:
    """`make dictionary` writes it anew."""
    assert (root / "docs" / "data-dictionary.md").read_text(encoding="utf-8") == data_dictionary()


def _pages(root: Path) -> list[Path]:
    return [*root.glob("*.md"), *root.glob("docs/**/*.md"), root / "data" / "sample" / "README.md"]


def test_links_between_pages_lead_somewhere(root: Path) -> None:
    broken = []
    for page in _pages(root):
        for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
            if not target.startswith("http") and not (page.parent / target).exists():
                broken.append(f"{page.name}: {target}")
    assert not broken


def test_anchors_that_the_code_names_stand_in_the_method(root: Path) -> None:
    headings = re.findall(
        r"^#+ (.+)$", (root / "docs" / "method.md").read_text(encoding="utf-8"), re.MULTILINE
    )
    anchors = {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
    named = set()
    for path in (root / "outcomes").rglob("*.py"):
        named |= set(re.findall(r"docs/method\.md#([\w-]+)", path.read_text(encoding="utf-8")))
    assert named and named <= anchors


def test_every_key_of_the_plan_stands_in_the_methods_table(root: Path) -> None:
    text = (root / "docs" / "method.md").read_text(encoding="utf-8")
    table = text[text.index("| key | default | section |") : text.index("## Day")]
    told = set(
        re.findall(r"`([a-z_0-9]+)`", " ".join(row.split("|")[1] for row in table.splitlines() if "|" in row))
    )
    assert {item.name for item in dataclasses.fields(AnalysisPlan)} == told


def test_the_readmes_ten_lines_work(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    readme = (root / "README.md").read_text(encoding="utf-8")
    code = re.search(r"```python\n(.+?)```", readme, re.DOTALL)
    assert code is not None and code.group(1).count("\n") <= 10
    monkeypatch.chdir(root)
    names: dict[str, object] = {}
    exec(code.group(1), names)
    assert "oc" in names and "change" in names


def test_the_lock_file_names_no_registry_and_hashes_everything(root: Path) -> None:
    text = (root / "requirements.lock").read_text(encoding="utf-8")
    assert not re.search(r"https?://|--index|--extra-index|--find-links|file:", text)
    pins = re.findall(r"^[a-z0-9][\w.\-]*==", text, re.MULTILINE | re.IGNORECASE)
    assert len(pins) > 50 and text.count("--hash=sha256:") >= len(pins)
