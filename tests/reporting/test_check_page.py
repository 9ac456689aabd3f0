"""The page that a person at the desk works through: all that was found, a box each, and nothing of the records."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from diaries import write_folder

from outcomes.records.check_result import CheckResult, checked_result, in_runs, way_through
from outcomes.records.findings import MAX_POSITIONS, Finding, TableCounts
from outcomes.reporting.check_page import SHOWN_RUNS, build_check_page


class Reader(HTMLParser):
    """Tags, and the text outside the style sheet."""

    def __init__(self, html: str):
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self._style = False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._style = tag == "style"

    def handle_endtag(self, tag: str) -> None:
        self._style = False

    def handle_data(self, data: str) -> None:
        if not self._style:
            self.text += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


def _finding(level: str = "set aside", **changes: object) -> Finding:
    given = {
        "level": level,
        "rule": "range",
        "table": "diary",
        "file": "diary.csv",
        "column": "intensity",
        "problem": "must be a number from 0 to 10.",
        "remedy": "Correct it.",
        "count": 1,
        "rows": (7,),
    }
    return Finding(**{**given, **changes})  # type: ignore[arg-type]


NAMED_LIST = "Name,E-Mail,patient_id,day,headache\nGeheim Anna,g@example.org,Geheim Anna,-1,yes\n"


class TestThePage:
    def test_it_is_self_contained_without_a_script(self) -> None:
        html = build_check_page(CheckResult(4, findings=(_finding(),)))
        read = Reader(html)
        policy = "default-src 'none'; img-src data:; font-src data:; style-src 'unsafe-inline'"
        policy += "; base-uri 'none'; form-action 'none'"
        assert {"http-equiv": "Content-Security-Policy", "content": policy} in read.all("meta")
        for tag in ("script", "link", "iframe", "object", "form", "base", "a", "img"):
            assert not read.all(tag)
        assert not [name for _, attributes in read.tags for name in attributes if name.startswith("on")]
        without_fonts = re.sub(r"base64,[A-Za-z0-9+/=]+", "", html)
        assert not re.search(r"https?://|//[a-z]+\.[a-z]|@import", without_fonts)
        assert "@media print" in html

    def test_nothing_to_do(self) -> None:
        read = Reader(
            build_check_page(CheckResult(0, counts=(TableCounts("diary", "diary.csv", 9, 9, 0, 0, 0, 0),)))
        )
        assert "Nothing to do." in read.text
        assert not read.all("input")

    def test_each_problem_has_a_box_and_its_label(self) -> None:
        findings = [_finding(file=f"part{n % 3}.csv", column=f"c{n}") for n in range(9)]
        findings += [_finding("warning"), _finding("collapsed"), _finding("mended")]
        result = CheckResult(
            4, problems=("a.csv: odd.",), stops=("b.csv: odd too.",), findings=tuple(findings)
        )
        read = Reader(build_check_page(result))
        boxes = read.all("input")
        assert {box["type"] for box in boxes} == {"checkbox"}
        # What was read in another form asks for nothing.
        assert len(boxes) == len(read.all("label")) == 2 + len(findings) - 1
        assert len({box["id"] for box in boxes}) == len(boxes)

    def test_identities_come_first_and_what_was_mended_last(self) -> None:
        result = CheckResult(
            3,
            identity=(_finding("identity", problem="IDENTITY"),),
            problems=("a.csv: PROBLEM.",),
            stops=("STOP.",),
            findings=tuple(
                _finding(level, problem=level.upper())
                for level in ("mended", "warning", "collapsed", "set aside")
            ),
        )
        text = Reader(build_check_page(result)).text
        order = [
            "IDENTITY",
            "outcomes key new",
            "PROBLEM",
            "STOP",
            "SET ASIDE",
            "COLLAPSED",
            "WARNING",
            "MENDED",
        ]
        assert [text.index(word) for word in order] == sorted(text.index(word) for word in order)

    def test_neighbouring_rows_are_one_and_the_rest_is_counted(self) -> None:
        every_second = tuple(range(2, 2 + 2 * MAX_POSITIONS, 2))
        html = build_check_page(
            CheckResult(
                5,
                findings=(
                    _finding(rows=(3, 4, 5, 9), count=4),
                    _finding(column="b", rows=every_second, count=25_000),
                ),
            )
        )
        text = Reader(html).text
        assert "Rows 3–5, 9" in text
        assert f"{every_second[SHOWN_RUNS - 1]} +{25_000 - SHOWN_RUNS:,} more" in text
        assert f", {every_second[SHOWN_RUNS]}" not in text

    def test_everything_is_escaped(self) -> None:
        evil = "<script>alert(1)</script>\"'&"
        finding = _finding(file=evil, column=evil, problem=evil, remedy=evil)
        identity = _finding("identity", file=evil, column=evil, problem=evil, remedy=evil)
        counts = (TableCounts("diary", evil, 1, 1, 0, 0, 0, 0),)
        html = build_check_page(
            CheckResult(3, (identity,), (evil, f"{evil}: {evil}"), (evil,), (finding,), counts, (evil,)),
            name=evil,
        )
        read = Reader(html)
        assert not read.all("script")
        assert read.text.count("<script>alert(1)</script>") >= 13

    def test_where_every_row_went(self) -> None:
        counts = (TableCounts("diary", "diary.csv", 12345, 12000, 300, 15, 20, 10),)
        text = Reader(build_check_page(CheckResult(4, counts=counts))).text
        assert all(number in text for number in ("12,345", "12,000", "300", "15", "20", "10"))
        assert "20 rows were set aside." in text

    def test_ten_thousand_findings(self) -> None:
        findings = tuple(_finding(file=f"part{n % 50}.csv", column=f"c{n}") for n in range(10_000))
        html = build_check_page(CheckResult(5, findings=findings))
        assert html.count('type="checkbox"') == 10_000 and html.count("<h3>") == 50

    def test_the_words_that_are_never_printed(self) -> None:
        results = [
            CheckResult(0),
            CheckResult(3, identity=(_finding("identity"),), checks_run=("file names",)),
        ]
        for result in results:
            text = Reader(build_check_page(result)).text.lower()
            assert "anonym" not in text and "complian" not in text
        assert "file names" in Reader(build_check_page(results[1])).text
        assert "did not run" in Reader(build_check_page(results[0])).text


class TestWhatIsKeptWhereTheReadingStops:
    def test_a_named_list(self, tmp_path: Path) -> None:
        result = checked_result(write_folder(tmp_path, diary=NAMED_LIST))
        assert (result.ok, result.exit_code) == (False, 3)
        assert {finding.level for finding in result.identity} == {"identity"}
        assert len(result.identity) >= 2 and result.problems and not result.counts and result.records is None
        for text in (build_check_page(result), str(result.to_dict()), way_through(result.identity)):
            assert "Geheim" not in text and "example.org" not in text
        text = Reader(build_check_page(result)).text
        assert "outcomes deidentify" in text and "outcomes key new" in text and "--suggest" in text

    def test_files_that_cannot_be_read(self, tmp_path: Path) -> None:
        result = checked_result(
            write_folder(tmp_path, diary=b"patient_id,day\nP1,\x00\n", sessions="patient_id\nP1\n")
        )
        assert result.exit_code == 4 and len(result.problems) == 2
        text = Reader(build_check_page(result)).text
        assert "diary.csv, row 2" in text and "A NUL byte." in text and "sessions.csv" in text
        assert "cannot be used yet" in text

    def test_what_only_shows_in_the_cells_keeps_what_was_found_before(self, tmp_path: Path) -> None:
        """The diary is on another scale; that the patients' file has a typing error is known all the same."""
        rows = "".join(f"P1,{n},yes,65\n" for n in range(1, 60))
        folder = write_folder(
            tmp_path, diary=f"patient_id,day,headache,intensity\n{rows}", patients="patient_id,sex\nP1,odd\n"
        )
        result = checked_result(folder)
        assert result.exit_code == 4 and any("scale" in problem for problem in result.problems)
        assert any(finding.file == "patients.csv" and finding.rows == (2,) for finding in result.findings)
        assert result.checks_run

    def test_the_same_codes_as_the_command_has(self, tmp_path: Path, sample: Path) -> None:
        fine = write_folder(tmp_path / "a", diary="patient_id,day,headache\nP1,-1,yes\nP1,1,no\n")
        rows = "".join(f"P1,{n},maybe\n" for n in range(9))
        lost = write_folder(tmp_path / "b", diary=f"patient_id,day,headache\nP2,1,no\n{rows}")
        assert (checked_result(fine).exit_code, checked_result(fine).ok) == (0, True)
        assert checked_result(sample).exit_code == 4
        assert checked_result(lost).exit_code == 5
        assert checked_result(lost).stops, "why it is 5 stands on the page"

    def test_scripts_get_the_same(self, sample: Path) -> None:
        result = checked_result(sample)
        told = result.to_dict()
        assert list(told) == [
            "ok",
            "exit_code",
            "identity",
            "stops",
            "problems",
            "findings",
            "tables",
            "checks_run",
        ]
        assert sum(table["set_aside"] for table in told["tables"]) == 13
        assert len(told["findings"]) == len(result.findings) > 0


class TestTheWayThrough:
    def test_it_is_only_said_where_it_is_needed(self) -> None:
        assert way_through([_finding()]) == ""
        text = way_through([_finding("identity")], "my list.xlsx")
        for command in ("outcomes key new", "outcomes check 'my list.xlsx' --suggest", "outcomes deidentify"):
            assert command in text
        assert "secret" not in way_through([_finding("identity")], "postgresql://desk:secret@host/db")

    def test_it_leads_through(self, tmp_path: Path) -> None:
        """A list with names: the draft, the lines that the text adds, the key; and records that are let in."""
        from outcomes.records.deidentify import deidentify
        from outcomes.records.deidentify.output_gate import hold_output_gate
        from outcomes.records.pseudonyms import new_key
        from outcomes.records.suggesting import write_suggestion

        folder = _named_practice(tmp_path / "list")
        assert not checked_result(folder).ok
        draft = write_suggestion(folder, output=tmp_path / "deid.toml")
        draft.write_text(draft.read_text() + '\n[deidentify]\ndates = "relative"\nage = "years"\n')
        (tmp_path / "keys").mkdir(mode=0o700)
        key, clean = tmp_path / "keys" / "key", tmp_path / "clean"
        new_key(key)
        deidentify(folder, clean, draft, key, "audit-2026", gate=hold_output_gate)
        result = checked_result(clean)
        assert result.ok, result
        assert "Geheim" not in "".join(path.read_text() for path in clean.glob("*.csv"))


def _named_practice(folder: Path) -> Path:
    """Twelve patients by number and name, from January to June; every second has no headache after 2 March."""
    diary = ["Patient,Name,Datum,Kopfschmerz,Bemerkungen"]
    sessions = ["Patient,Name,Datum,Anzahl Nadeln"]
    for n in range(1, 13):
        for month in range(1, 7):
            for day in range(1, 29):
                ill = day % 3 > 0 and (month < 3 or n % 2 > 0)
                answer = "ja" if ill else "nein"
                diary.append(f"{n:05d},Geheim {n},{day:02d}.{month:02d}.2026,{answer},rief an")
        sessions += [f"{n:05d},Geheim {n},{day:02d}.03.2026,12" for day in (2, 16)]
    return write_folder(folder, Tagebuch="\n".join(diary), Behandlungen="\n".join(sessions))


@pytest.mark.parametrize(
    ("rows", "runs"),
    [
        ((), []),
        ((5,), ["5"]),
        ((1, 2), ["1–2"]),
        ((9, 1, 2, 3, 3), ["1–3", "9"]),
        ((1, 3, 5), ["1", "3", "5"]),
    ],
)
def test_neighbours_as_one(rows: tuple[int, ...], runs: list[str]) -> None:
    assert in_runs(rows) == runs
