"""A real browser, Debian's Chromium, and the sample's report to open in it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from outcomes.cli import main

MONTH = "2026-10"

#: No sandbox where everything runs as root, and nothing that would call home of its own accord.
SWITCHES = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def _chromium() -> str:
    place = shutil.which("chromium") or "/usr/bin/chromium"
    if not Path(place).is_file():
        pytest.skip("there is no Chromium here: apt-get install chromium")
    return place


@pytest.fixture(scope="session")
def reports(sample: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Both profiles of the sample's report, in folders of their names."""
    _chromium()
    output = tmp_path_factory.mktemp("opened")
    assert main(["report", str(sample), "--month", MONTH, "--output", str(output), "--format", "html"]) == 0
    return output / MONTH


@pytest.fixture(scope="session")
def further(sample: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`letter.html` and `research-summary.html`, this one in Spanish, which is begun and not whole."""
    _chromium()
    output = tmp_path_factory.mktemp("further")
    (output / "es.toml").write_text('language = "es"\n', "utf-8")
    folder = output / "written"
    wanted = (str(sample), "--output", str(folder), "--quiet", "--format", "html")
    assert main(["summary", *wanted, "--plan", str(output / "es.toml")]) == 0
    assert main(["letter", str(sample), "P-0002", "--output", str(folder / "letter.html"), "--quiet"]) == 0
    return folder


@pytest.fixture(scope="module")
def browser(reports: Path, further: Path) -> Iterator[Any]:
    # After the reports: while the browser is open, this thread's event loop counts as running.
    playwright = pytest.importorskip(
        "playwright.sync_api", reason="the test extra 'playwright' is not installed"
    )
    with playwright.sync_playwright() as driver:
        opened = driver.chromium.launch(executable_path=_chromium(), args=SWITCHES)
        yield opened
        opened.close()
