"""`outcomes report` as a whole: files that are safe to hand on, and failures that leave no trace of the records."""

from __future__ import annotations

import base64
import datetime as dt
import html
import io
import re
import shutil
import zipfile
import zlib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from diaries import write_folder
from pypdf import PdfReader

from outcomes.cli import main
from outcomes.reporting import reports
from outcomes.reporting.contents import open_report
from outcomes.reporting.manifest import read_manifest
from outcomes.reporting.page import KeyFigures, Lead, TableBlock, plain_words
from outcomes.reporting.wording import LIMITATION

MONTH = "2026-06"
#: Planted: pseudonyms with letters of their own, an intensity that is one patient's alone, and a type that is none.
CANARY, VALUE, TYPE = "CANARY005", "7.37", "canarytype"
LETTERS = "CANARY"
PROFILES = ("internal", "share")
FILES = ("report.html", "report.pdf")


def tables() -> dict[str, pd.DataFrame]:
    """47 patients of whom 33 are compared: 17 with migraine, 13 tension-type, 3 mixed. Two rows are wrong."""
    random = np.random.default_rng(11)
    days = np.array([*range(-28, 0), *range(1, 84)])
    kinds = ["migraine"] * 17 + ["tension_type"] * 13 + ["mixed"] * 3 + ["migraine"] * 14
    rows, people = [], []
    for number, kind in enumerate(kinds):
        patient = f"{LETTERS}{number + 1:03d}"
        first = dt.date(2026, 1, 5) + dt.timedelta(days=number % 40)
        people.append({"patient_id": patient, "date": first.isoformat(), "headache_type": kind})
        # Of the last fourteen nine stop at the first session and five begin with it.
        kept = days < 0 if number in range(33, 42) else days > 0 if number >= 42 else days == days
        for day in days[kept].tolist():
            has = random.random() < (0.55 if day < 0 else 0.25)
            date = (first + dt.timedelta(days=day)).isoformat()
            worst = float(random.integers(3, 9)) if has else 0.0
            rows.append(
                {"patient_id": patient, "date": date, "headache": "yes" if has else "no", "intensity": worst}
            )
    listed = pd.DataFrame(people)
    diary = pd.DataFrame(rows)
    own = diary.index[(diary["patient_id"] == CANARY) & (diary["headache"] == "yes")]
    diary.loc[own[0], "intensity"] = float(VALUE)
    diary.loc[own[1], "intensity"] = 70.37
    patients = listed[["patient_id", "headache_type"]].copy()
    patients.loc[40, "headache_type"] = TYPE
    return {"diary": diary, "sessions": listed[["patient_id", "date"]], "patients": patients}


def report(*arguments: str) -> int:
    return main(["report", *arguments])


@pytest.fixture(scope="module")
def clinic(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_folder(tmp_path_factory.mktemp("clinic") / "records", **tables())


@pytest.fixture(scope="module")
def written(clinic: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Both profiles, written once for all tests."""
    output = tmp_path_factory.mktemp("written")
    assert report(str(clinic), "--month", MONTH, "--output", str(output)) == 0
    return output / MONTH


def pages(written: Path, profile: str) -> list[str]:
    return [page.extract_text() for page in PdfReader(written / profile / "report.pdf").pages]


def squeezed(text: str) -> str:
    return re.sub(r"\s+", "", text)


def page_of(written: Path, profile: str) -> str:
    return (written / profile / "report.html").read_text("utf-8")


def words_of(page: str) -> str:
    """What a page says: its text and its text alternatives, without styles and drawings."""
    page = re.sub(r"<style.*?</style>", " ", page, flags=re.DOTALL)
    alternatives = " ".join(re.findall(r'alt="([^"]*)"', page))
    return html.unescape(re.sub(r"<[^>]+>", " ", page) + " " + alternatives)


def inside(content: bytes) -> bytes:
    """A file with all that is packed in it: PDF streams inflated, data addresses decoded."""
    unpacked = [content]
    for stream in re.findall(rb"stream\r?\n(.*?)\r?\nendstream", content, flags=re.DOTALL):
        try:
            unpacked.append(zlib.decompress(stream))
        except zlib.error:
            unpacked.append(stream)
    unpacked += [base64.b64decode(data) for data in re.findall(rb"base64,([A-Za-z0-9+/=]+)", content)]
    return b"\n".join(unpacked)


each_profile = pytest.mark.parametrize("profile", PROFILES)


# ---- what is there ----


def test_two_profiles_in_folders_of_their_names(written: Path) -> None:
    found = sorted(path.relative_to(written).as_posix() for path in written.rglob("*") if path.is_file())
    in_profiles = [f"{profile}/{name}" for profile in PROFILES for name in (*FILES, "results.json")]
    assert found == sorted([*in_profiles, "manifest.json"])


@each_profile
def test_the_limitation_and_the_mark_are_on_every_page(written: Path, profile: str) -> None:
    text = pages(written, profile)
    assert 2 <= len(text) <= 14
    mark = {"internal": "not to leave the clinic", "share": "small numbers hidden"}[profile]
    for number, page in enumerate(text, start=1):
        assert squeezed(LIMITATION) in squeezed(page)
        assert mark in page
        assert f"{number} / {len(text)}" in page
    said = " ".join(words_of(page_of(written, profile)).split())
    assert said.count(LIMITATION) >= 2
    assert mark in said


@each_profile
def test_nothing_is_lost_between_the_two_forms(clinic: Path, written: Path, profile: str) -> None:
    """Every row of every table, the lead and the key figures can be read back from both."""
    month = open_report(str(clinic), month=MONTH, profile=profile, plan={})  # type: ignore[arg-type]
    text = squeezed(" ".join(pages(written, profile))).replace("\u200b", "")
    said = squeezed(words_of(page_of(written, profile)))
    lead, key = month.lead(), month.key_figures()
    assert isinstance(lead, Lead)
    assert isinstance(key, KeyFigures)
    expected = [
        lead.as_text(),
        *(line for item in key.items for line in (item.label, item.value, *item.lines)),
    ]
    blocks = [month.flow_table(), month.before_after_table(), month.responders_table()]
    for block in (*blocks, month.by_type_table(), month.data_quality()):
        assert isinstance(block, TableBlock)
        expected += ["".join(plain_words(cell) for cell in row) for row in block.rows]
    for words in expected:
        assert squeezed(words) in text, words
        assert squeezed(words) in said, words


@each_profile
def test_the_page_holds_no_script_and_no_outside_address(written: Path, profile: str) -> None:
    page = page_of(written, profile)
    assert "default-src 'none'" in html.unescape(page)
    assert not re.search(r"<script|javascript:|<link|<iframe|\son\w+\s*=|@import", page, re.IGNORECASE)
    assert not re.search(r"(src|href|url\()\s*=?\s*[\"'(]*\s*(https?:|//|file:)", page, re.IGNORECASE)
    assert "<!--" not in page.replace("<!--[if", "")


@each_profile
def test_the_files_hold_no_record_and_no_place(written: Path, clinic: Path, profile: str) -> None:
    for name in (*FILES, "results.json"):
        content = inside((written / profile / name).read_bytes())
        for planted in (LETTERS, TYPE, str(clinic.parent), "open_report"):
            assert planted.encode() not in content, (name, planted)
            assert planted.lower().encode() not in content.lower(), (name, planted)
    for text in (" ".join(pages(written, profile)), words_of(page_of(written, profile))):
        assert VALUE not in text
        assert "70.37" not in text
    metadata = PdfReader(written / profile / "report.pdf").metadata
    assert metadata is not None
    assert dict(metadata) == {
        "/Title": "Headache outcomes, 2026-06",
        "/Creator": metadata["/Creator"],
        "/CreationDate": "D:20260630000000Z",
        "/ModDate": "D:20260630000000Z",
    }


# ---- disclosure, on the files themselves ----


def test_share_holds_no_exact_number_of_patients(written: Path) -> None:
    """47 in the records, 33 compared, 17 and 13 of a type: the internal report has these, the shared one none."""
    exact = r"(?<![\w.,−])(47|33|17|13)(?![\w.,%]| to \d+%)"
    internal, shared = (words_of(page_of(written, profile)) for profile in PROFILES)
    assert {"47", "33", "17", "13"} <= set(re.findall(exact, internal))
    assert not re.findall(exact, shared)
    assert not re.findall(exact, " ".join(pages(written, "share")))
    assert "about 35 patients" in shared


def test_share_holds_no_small_number_of_patients(written: Path) -> None:
    for shared in (words_of(page_of(written, "share")), " ".join(pages(written, "share"))):
        assert not re.search(r"(?<![\w.,−≤])[0-7] (patients?|of)\b", shared)
        assert not re.search(r"\b[0-7] of \d|of [0-7]\b(?! to)", re.sub("≤[0-9]+", "", shared))
        assert not re.search(r"(?<!\d)(0|100)% \(", shared)
        assert "Mixed" not in shared


def test_share_has_no_rows_of_the_table_of_patients(written: Path) -> None:
    assert re.search(r"patients\s+47\s+46", words_of(page_of(written, "internal")))
    assert "Tables with a row per patient are not in it" in words_of(page_of(written, "share"))


# ---- the same again ----


def test_shuffled_rows_and_other_names_give_the_same_report(
    clinic: Path, written: Path, tmp_path: Path
) -> None:
    """All but the run's name: the page byte for byte, the PDF as it reads; no pseudonym and no fingerprint is in it."""
    shuffled = {
        name: table.sample(frac=1, random_state=7).assign(
            patient_id=lambda rows: [renamed(one) for one in rows["patient_id"]]
        )
        for name, table in tables().items()
    }
    folder = write_folder(tmp_path / "records", **shuffled)
    output = tmp_path / "out"
    assert report(str(folder), "--month", MONTH, "--output", str(output), "--profile", "share") == 0
    # The run's name is a digest of the input, among others.
    before, after = ([read_manifest(one).run_id] for one in (written, output / MONTH))
    assert not set(before) & set(after)
    again, first = (page_of(folder, "share") for folder in (output / MONTH, written))
    assert without(again, after) == without(first, before)
    again, first = ("".join(pages(folder, "share")) for folder in (output / MONTH, written))
    assert without(again, after) == without(first, before)


def without(text: str, fingerprints: list[str]) -> str:
    """The text with these fingerprints cut out, wherever a line may break in them."""
    for fingerprint in fingerprints:
        text, times = re.subn(r"(<wbr>|\s|\u200b)*".join(fingerprint), "", text)
        assert times == 1
    return text


def renamed(patient: str) -> str:
    """Another code of the same kind, in another order."""
    return f"PERSON{997 - int(patient.removeprefix(LETTERS)) * 7:03d}"


@pytest.mark.long
def test_the_same_records_give_the_same_bytes(clinic: Path, written: Path, tmp_path: Path) -> None:
    assert report(str(clinic), "--month", MONTH, "--output", str(tmp_path), "--profile", "share") == 0
    for name in (*FILES, "results.json"):
        assert (tmp_path / MONTH / "share" / name).read_bytes() == (written / "share" / name).read_bytes()


# ---- what is refused, and what a failure leaves ----


def said(capsys: pytest.CaptureFixture[str]) -> str:
    """What was said, after a look that nothing of the records is in it."""
    captured = capsys.readouterr()
    text = captured.out + captured.err
    for planted in (LETTERS, TYPE, VALUE, "70.37", "Traceback"):
        assert planted not in text
    return captured.err


@pytest.mark.parametrize(
    "month", ["2026", "2026-13", "2026-1", "June", "2026-06-01", "", "../../x", "2026-W23"]
)
def test_a_month_that_is_none(
    clinic: Path, tmp_path: Path, month: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert report(str(clinic), "--month", month, "--output", str(tmp_path / "out")) == 2
    assert "YYYY-MM" in said(capsys)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("inside_it", [".", "reports", "a/../b"])
def test_an_output_inside_the_records(
    clinic: Path, inside_it: str, capsys: pytest.CaptureFixture[str]
) -> None:
    before = sorted(clinic.rglob("*"))
    assert report(str(clinic), "--month", MONTH, "--output", str(clinic / inside_it)) == 7
    assert "inside the records" in said(capsys)
    assert sorted(clinic.rglob("*")) == before


def test_an_output_inside_the_records_by_a_link(clinic: Path, tmp_path: Path) -> None:
    link = tmp_path / "link"
    try:
        link.symlink_to(clinic, target_is_directory=True)
    except OSError:
        pytest.skip("links need a right on this system")
    assert report(str(clinic), "--month", MONTH, "--output", str(link)) == 7


def test_an_output_that_cannot_be_written(
    clinic: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(
        reports,
        "run_template",
        lambda _, parameters, made: [made(place, None) for place in range(len(parameters))],
    )
    monkeypatch.setattr(reports, "_files", lambda *_: {"report.html": b"x"})
    taken = tmp_path / "taken"
    taken.write_text("mine")
    assert report(str(clinic), "--month", MONTH, "--output", str(taken)) == 7
    assert "could not be written" in said(capsys)
    assert taken.read_text() == "mine"
    own = tmp_path / "out" / MONTH / "internal" / "thesis.txt"
    own.parent.mkdir(parents=True)
    own.write_text("mine")
    assert report(str(clinic), "--month", MONTH, "--output", str(tmp_path / "out")) == 7
    assert own.read_text() == "mine"


@pytest.fixture
def older(written: Path, tmp_path: Path) -> Path:
    """An output folder in which a report stands already."""
    shutil.copytree(written, tmp_path / "out" / MONTH)
    return tmp_path / "out"


def contents(folder: Path) -> dict[str, bytes]:
    """Every file but the status of the last run, which changes with each."""
    files = [path for path in folder.rglob("*") if path.is_file() and path.name != "status.json"]
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def test_records_that_are_broken_leave_the_older_report(
    older: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = tables()
    broken["diary"] = broken["diary"].rename(columns={"headache": CANARY.lower()})
    folder = write_folder(tmp_path / "broken", **broken)
    before = contents(older)
    assert main(["check", str(folder)]) == 4
    checked = said(capsys)
    assert report(str(folder), "--month", MONTH, "--output", str(older)) == 4
    assert said(capsys) == checked
    assert "column 'headache' is missing" in checked
    assert contents(older) == before


def test_too_many_rows_set_aside_leave_the_older_report(
    older: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong = tables()
    wrong["diary"].loc[wrong["diary"].index[::5], "headache"] = TYPE
    folder = write_folder(tmp_path / "wrong", **wrong)
    before = contents(older)
    assert report(str(folder), "--month", MONTH, "--output", str(older)) == 5
    assert "outcomes check" in said(capsys)
    assert contents(older) == before


def test_a_month_of_records_without_dates(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    summaries = f"patient_id,period,headache_days_per_28\n{CANARY},baseline,7.37\n{CANARY},followup,3\n"
    folder = write_folder(tmp_path / "records", summaries=summaries)
    assert report(str(folder), "--month", MONTH, "--output", str(tmp_path / "out")) == 2
    assert "--all" in said(capsys)
    assert [path.name for path in (tmp_path / "out").rglob("*")] == ["status.json"]


def test_a_report_of_nobody_is_written_all_the_same(
    clinic: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["--month", "2024-06", "--output", str(tmp_path), "--profile", "share", "--format", "pdf"]
    assert report(str(clinic), *arguments) == 0
    said(capsys)
    content = (tmp_path / "2024-06" / "share" / "report.pdf").read_bytes()
    text = " ".join(page.extract_text() for page in PdfReader(io.BytesIO(content)).pages)
    assert "Too few patients to show safely" in text


@pytest.mark.parametrize("profile", ["internal", "share"])
def test_the_first_page_is_one_page_and_the_last_says_what_is_next(written: Path, profile: str) -> None:
    first, second, *_, last = pages(written, profile)
    assert "what the records say" in first and "Who is in the comparison" not in first
    assert "Who is in the comparison" in second
    assert re.search(r"(?m)^Next$", last)


# ---- the further forms ----


def test_workbook_tables_and_figures_hold_no_record_and_go_when_not_asked_for(
    clinic: Path, tmp_path: Path
) -> None:
    arguments = (str(clinic), "--month", MONTH, "--output", str(tmp_path), "--profile", "share")
    assert report(*arguments, "--format", "xlsx,csv,figures") == 0
    folder = tmp_path / MONTH / "share"
    assert sorted(one.name for one in folder.iterdir()) == [
        "figures",
        "report.xlsx",
        "results.json",
        "tables",
    ]
    with zipfile.ZipFile(folder / "report.xlsx") as packed:
        contents = {name: packed.read(name) for name in packed.namelist()}
    contents |= {
        one.name: one.read_bytes()
        for one in folder.rglob("*.*")
        if one.suffix in (".csv", ".txt", ".svg", ".png")
    }
    assert {Path(name).suffix for name in contents} >= {".xml", ".csv", ".txt", ".svg", ".png"}
    for name, content in contents.items():
        # In a drawing's coordinates any two digits may stand by chance.
        numbers = () if name.endswith((".svg", ".png")) else (VALUE, "70.37")
        for planted in (LETTERS, TYPE, str(clinic), *numbers):
            assert planted.encode() not in content, (name, planted)
    for one in folder.rglob("*"):
        assert one.stat().st_mode & 0o777 == (0o700 if one.is_dir() else 0o600)
    assert report(*arguments, "--format", "html") == 0
    assert sorted(one.name for one in folder.iterdir()) == ["report.html", "results.json"]


def test_a_form_that_is_none(clinic: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert report(str(clinic), "--month", MONTH, "--output", str(tmp_path / "new"), "--format", "docx") == 2
    assert "html, pdf, xlsx, csv, figures" in capsys.readouterr().err
    assert not (tmp_path / "new").exists()
