"""The report command holds claims.toml against claims.json beside the reports; no kernel runs here."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest

from outcomes.errors import PlanError, ReportStopped
from outcomes.reporting import reports

CLAIM = """
[[claims]]
id = "fewer"
says = "Fewer headaches"
kind = "change"
endpoint = "headache_days_per_28"
margin = {margin}
declared_on = 2025-12-15
"""


@pytest.fixture
def clinic(tmp_path: Path) -> Path:
    folder = tmp_path / "records"
    folder.mkdir()
    (folder / "diary.csv").write_text("patient_id,date,headache\nP-0001,2026-01-01,no\n", "utf-8")
    return folder


def run(clinic: Path, monkeypatch: pytest.MonkeyPatch, *, stops: bool = False) -> Any:
    """What the notebook is given for its claims."""
    seen: list[Any] = []

    def template(name: str, parameters: list[dict[str, Any]], made: Any) -> list[object]:
        seen.append(parameters[0]["claims_since"])
        if stops:
            raise ReportStopped("stopped")
        return [made(place, object()) for place in range(len(parameters))]

    monkeypatch.setattr(reports, "run_template", template)
    monkeypatch.setattr(reports, "_files", lambda *given: {"report.html": b"page"})
    output = clinic.parent / "reports"
    reports.write_reports(
        str(clinic),
        output=str(output),
        month="2026-10",
        plan_file=None,
        profiles=["internal"],
        formats=["html"],
    )
    return seen[0]


def test_without_claims_nothing_is_kept(clinic: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert run(clinic, monkeypatch) == {}
    assert not (clinic.parent / "reports" / "claims.json").exists()


def test_an_edit_between_two_reports_starts_the_claim_again(
    clinic: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (clinic / "claims.toml").write_text(CLAIM.format(margin="1.0"), "utf-8")
    assert run(clinic, monkeypatch) == {"fewer": ["2025-12-15", ""]}
    assert run(clinic, monkeypatch) == {"fewer": ["2025-12-15", ""]}
    (clinic / "claims.toml").write_text(CLAIM.format(margin="0.5"), "utf-8")
    edited = {"fewer": [dt.date.today().isoformat(), "edited"]}
    assert run(clinic, monkeypatch) == edited
    assert run(clinic, monkeypatch) == edited


def test_a_report_that_stopped_keeps_nothing(clinic: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (clinic / "claims.toml").write_text(CLAIM.format(margin="1.0"), "utf-8")
    with pytest.raises(ReportStopped):
        run(clinic, monkeypatch, stops=True)
    assert not (clinic.parent / "reports" / "claims.json").exists()


def test_a_file_that_cannot_be_followed_stops_the_report_before_it_begins(
    clinic: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (clinic / "claims.toml").write_text(CLAIM.format(margin="-1.0"), "utf-8")
    with pytest.raises(PlanError, match="above 0"):
        run(clinic, monkeypatch)
