"""`write_kit`: whole or not at all, private, the same each time, and with the key somewhere else."""

from __future__ import annotations

import re
import stat
import tomllib
from pathlib import Path

import pytest

from outcomes.errors import FileProblem, OutcomesError, PlanError
from outcomes.first_day import pages, texts
from outcomes.first_day.kit import CODE_LIST, KEY_NAME, MACOS_RUNNER, kit_contents, write_kit
from outcomes.first_day.settings import mapping_file, plan_file
from outcomes.plan import AnalysisPlan
from outcomes.records.mapping import SourceMapping

FILES = {
    "start-here.pdf",
    "clinic.xlsx",
    "diary.xlsx",
    "outcomes.toml",
    "mapping.toml",
    "check-and-report.bat",
    "check-and-report.command",
    "to-print/diary-28-days.pdf",
    "to-print/recall-card.pdf",
    "to-print/information-and-consent.pdf",
    "to-print/information-and-consent.md",
}


def _key(path: Path) -> None:
    path.write_text("a key", encoding="ascii")
    path.chmod(0o600)


def _everything(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


def test_the_kit_is_there_and_the_key_is_not_in_it(tmp_path: Path) -> None:
    written = write_kit(tmp_path / "Praxis Müller", make_key=_key)
    kit, beside = tmp_path / "Praxis Müller", tmp_path / "Praxis Müller-key"
    assert set(_everything(kit)) == FILES
    assert set(_everything(beside)) == {KEY_NAME, CODE_LIST}
    assert set(written) == {path for path in tmp_path.rglob("*") if path.is_file()}
    assert {path.name for path in tmp_path.iterdir()} == {kit.name, beside.name}


def test_only_the_owner_may_open_anything(tmp_path: Path) -> None:
    write_kit(tmp_path / "kit", make_key=_key)
    for path in tmp_path.rglob("*"):
        wanted = 0o700 if path.is_dir() or path.name == MACOS_RUNNER else 0o600
        assert stat.S_IMODE(path.stat().st_mode) == wanted, path.name


def test_the_key_that_is_made_by_default_is_a_key(tmp_path: Path) -> None:
    from outcomes.records.pseudonyms import read_key

    write_kit(tmp_path / "kit")
    read_key(tmp_path / "kit-key" / KEY_NAME, away_from=[tmp_path / "kit"])


def test_two_kits_are_the_same_byte_for_byte(tmp_path: Path) -> None:
    for name in ("one", "two"):
        write_kit(tmp_path / name, make_key=_key)
    assert _everything(tmp_path / "one") == _everything(tmp_path / "two")


def test_a_folder_that_holds_something_is_left_alone(tmp_path: Path) -> None:
    kit = tmp_path / "kit"
    kit.mkdir()
    (kit / "clinic.xlsx").write_text("a year of work", encoding="utf-8")
    with pytest.raises(FileProblem):
        write_kit(kit, make_key=_key)
    assert _everything(tmp_path) == {"kit/clinic.xlsx": b"a year of work"}
    assert not (tmp_path / "kit-key").exists()


def test_an_empty_folder_is_filled(tmp_path: Path) -> None:
    (tmp_path / "kit").mkdir()
    write_kit(tmp_path / "kit", make_key=_key)
    assert set(_everything(tmp_path / "kit")) == FILES


def test_without_a_key_there_is_no_kit(tmp_path: Path) -> None:
    def broken(path: Path) -> None:
        raise FileProblem("no room")

    with pytest.raises(FileProblem):
        write_kit(tmp_path / "kit", make_key=broken)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("place", ["kit/pseudonym.key", "kit/deep/down.key", "kit/../kit/up.key"])
def test_the_key_never_lies_in_the_folder_of_the_records(tmp_path: Path, place: str) -> None:
    with pytest.raises(PlanError):
        write_kit(tmp_path / "kit", key_file=tmp_path / place, make_key=_key)
    assert not list(tmp_path.iterdir())


def test_the_key_never_lies_where_a_link_leads_into_the_folder(tmp_path: Path) -> None:
    (tmp_path / "kit").mkdir()
    (tmp_path / "elsewhere").symlink_to(tmp_path / "kit")
    with pytest.raises(PlanError):
        write_kit(tmp_path / "kit", key_file=tmp_path / "elsewhere" / "a.key", make_key=_key)
    assert not list((tmp_path / "kit").iterdir())


def test_no_key_in_a_git_work_tree(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    with pytest.raises(OutcomesError):
        write_kit(tmp_path / "kit")
    assert [path.name for path in tmp_path.iterdir()] == [".git"]


def test_a_key_that_is_there_stays(tmp_path: Path) -> None:
    key = tmp_path / "safe" / "ours.key"
    key.parent.mkdir()
    key.write_text("years of linked records", encoding="ascii")
    written = write_kit(tmp_path / "kit", key_file=key, make_key=_key)
    assert key.read_text(encoding="ascii") == "years of linked records"
    assert key not in written and key.with_name(CODE_LIST) in written
    assert not (tmp_path / "kit-key").exists()


def test_fourteen_days_change_the_plan_and_add_their_diary(tmp_path: Path) -> None:
    write_kit(tmp_path / "kit", clinic_days=14, make_key=_key)
    assert set(_everything(tmp_path / "kit")) == FILES | {"to-print/diary-14-days.pdf"}
    plan = AnalysisPlan.from_toml(tmp_path / "kit" / "outcomes.toml")
    assert plan == AnalysisPlan(baseline_days=14)
    assert plan.min_recorded_in(14) == 10, "what the comment says"


@pytest.mark.parametrize("asked", [{"clinic_days": 21}, {"language": "tlh"}])
def test_what_is_not_there_is_refused(tmp_path: Path, asked: dict[str, object]) -> None:
    with pytest.raises(PlanError):
        write_kit(tmp_path / "kit", make_key=_key, **asked)  # type: ignore[arg-type]
    assert not list(tmp_path.iterdir())


def test_the_plan_is_the_default_and_explains_each_of_its_keys(tmp_path: Path) -> None:
    write_kit(tmp_path / "kit", make_key=_key)
    assert AnalysisPlan.from_toml(tmp_path / "kit" / "outcomes.toml") == AnalysisPlan()
    keys = set(AnalysisPlan().to_dict()) - {"endpoints", "patients"}
    assert set(texts.PLAN_COMMENTS) == keys
    assert set(tomllib.loads(plan_file())) == keys - {"min_recorded_days"}


def test_the_mapping_reads_the_kits_own_sheets_and_lets_them_start_empty(tmp_path: Path) -> None:
    write_kit(tmp_path / "kit", make_key=_key)
    mapping = SourceMapping.from_toml(tmp_path / "kit" / "mapping.toml")
    assert mapping == SourceMapping(allow_empty=("patients", "sessions", "scores", "events", "diary"))


def _without_marks(text: str) -> str:
    """The file with its examples switched on: `# key = …` and `# [table]`, not sentences."""
    return re.sub(r"^# (?=(\w+ = |\[))", "", text, flags=re.MULTILINE)


def test_the_examples_in_both_files_can_be_used() -> None:
    plan = AnalysisPlan.from_mapping(tomllib.loads(_without_marks(plan_file())))
    assert plan.min_recorded_days == 20 and plan.patients[0].codes == ("doctor", "self", "other")
    mapping = SourceMapping.from_mapping(tomllib.loads(_without_marks(mapping_file())))
    assert mapping.attestation is not None and mapping.exported_on is not None
    (visits,) = mapping.tables
    assert (visits.source, visits.table, len(visits.columns)) == ("visits", "sessions", 4)


def test_the_guide_in_the_documentation_is_the_guide_in_the_kit(root: Path) -> None:
    assert (root / "docs" / "first-day.md").read_text(encoding="utf-8") == pages.long_text("guide")


def test_the_guide_names_files_that_are_there() -> None:
    named = set(re.findall(r"`([\w/-]+\.(?:xlsx|pdf|toml|bat|command|md))`", pages.long_text("guide")))
    assert named - {CODE_LIST} <= set(kit_contents()) and len(named) > 8
    assert set(kit_contents()) - named == {"to-print/information-and-consent.md"}, "written as `.md` there"


def test_the_guides_numbers_are_right() -> None:
    """Twelve patients: the reach of the interval, a share's interval, and no event in 60 sessions."""
    from scipy.stats import binomtest, t

    guide = pages.long_text("guide")
    reach = t.ppf(0.975, 11) * 4 / 12**0.5
    assert f"{reach:.1f} days to either side" in guide and f"({t.ppf(0.975, 11):.2f} × 4" in guide
    assert f"{3 - reach:.1f} to {3 + reach:.1f} fewer" in guide
    half = binomtest(6, 12).proportion_ci(method="wilson")
    assert f"from {half.low:.0%} to {half.high:.0%}" in guide
    assert round(1 / (1 - 0.05 ** (1 / 60))) in (20, 21) and "one in 20 sessions" in guide
