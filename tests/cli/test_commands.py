"""The commands as a script and as a clinic meet them: exit codes, what is printed where, and what never is."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from diaries import WEEK_PLAN, dated, drawn, write_folder

import outcomes as oc
from outcomes.cli import main

ROW = [
    "endpoint",
    "group",
    "statistic",
    "value",
    "low",
    "high",
    "p",
    "n",
    "n_left_out",
    "unit",
    "method",
    "notes",
]
STATISTICS = {"baseline_mean", "followup_mean", "change", "rate_ratio", "responders_50"}
ENVIRONMENT = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}


@pytest.fixture
def clinic(tmp_path: Path) -> Path:
    """Six patients in a week's plan, one of them without a follow-up, one without a type."""
    tables = drawn("""
        p1 : 3333333 | . 0000000
        p2 : 3333300 | . 3300000
        p3 : 3330000 | . 3000000
        p4 : 5555555 | . 5555550
        p5 : 4444440 | . 4400000
        p6 : 3330000 | . .......
    """)  # fmt: skip
    types = ["migraine", "migraine", "tension_type", "tension_type", "migraine", ""]
    patients = pd.DataFrame({"patient_id": [f"p{n}" for n in range(1, 7)], "headache_type": types})
    folder = write_folder(tmp_path / "clinic", **tables, patients=patients)
    (folder / "outcomes.toml").write_text(
        "baseline_days = 7\nfollowup_first_day = 1\nfollowup_last_day = 7\n"
    )
    return folder


def _json(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    assert main(["compare", *arguments, "--json"]) == 0
    shown = capsys.readouterr()
    # Strict JSON: no NaN, no Infinity.
    return json.loads(shown.out, parse_constant=lambda word: pytest.fail(f"{word} is not JSON"))


class TestJson:
    def test_its_shape(self, clinic: Path, capsys: pytest.CaptureFixture[str]) -> None:
        found = _json(capsys, str(clinic), "--by", "headache_type")
        assert {"plan", "flow", "rows"} <= set(found)
        for row in found["rows"]:
            assert set(ROW) <= set(row)
            assert isinstance(row["n"], int) and isinstance(row["n_left_out"], int)
            assert isinstance(row["notes"], (list, str))
            for name in ("value", "low", "high", "p"):
                assert row[name] is None or isinstance(row[name], (int, float))
        for endpoint in {row["endpoint"] for row in found["rows"]} - {"intensity_on_headache_days"}:
            statistics = {row["statistic"] for row in found["rows"] if row["endpoint"] == endpoint}
            assert statistics >= STATISTICS

    def test_everyone_first_then_the_bare_categories(
        self, clinic: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        rows = _json(capsys, str(clinic), "--by", "headache_type")["rows"]
        for endpoint in dict.fromkeys(row["endpoint"] for row in rows):
            groups = list(dict.fromkeys(row["group"] for row in rows if row["endpoint"] == endpoint))
            assert groups == ["all", "migraine", "tension_type", "not recorded"]
        assert rows[0]["endpoint"] == "headache_days_per_28"

    def test_the_numbers_are_those_of_the_diary(
        self, clinic: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """By hand: 28, 20, 12, 28, 24 days before and 0, 8, 4, 24, 8 after; changes −28, −12, −8, −4, −16."""
        rows = {
            row["statistic"]: row
            for row in _json(capsys, str(clinic))["rows"]
            if (row["endpoint"], row["group"]) == ("headache_days_per_28", "all")
        }
        assert rows["baseline_mean"]["value"] == pytest.approx(22.4)
        assert rows["followup_mean"]["value"] == pytest.approx(8.8)
        assert rows["change"]["value"] == pytest.approx(-13.6)
        # SD of the changes: sqrt(339.2 / 4); t(4) 2.776445.
        half = 2.7764451051977987 * (339.2 / 4 / 5) ** 0.5
        assert (rows["change"]["low"], rows["change"]["high"]) == pytest.approx((-13.6 - half, -13.6 + half))
        assert (rows["change"]["n"], rows["change"]["n_left_out"]) == (5, 1)
        assert rows["rate_ratio"]["value"] == pytest.approx(8.8 / 22.4)
        assert rows["responders_50"]["value"] == pytest.approx(4 / 5)
        assert rows["change"]["unit"] == "days per 28"

    def test_the_flow_counts_everyone_once_with_reasons(
        self, clinic: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        flow = _json(capsys, str(clinic))["flow"]
        assert (flow["patients"], flow["analysed"]) == (6, 5)
        assert flow["left_out"] == {"no_followup_diary": 1}

    def test_the_plan_is_the_whole_plan(self, clinic: Path, capsys: pytest.CaptureFixture[str]) -> None:
        plan = _json(capsys, str(clinic))["plan"]
        assert oc.AnalysisPlan.from_mapping(plan) == WEEK_PLAN

    def test_undefined_is_null(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        folder = write_folder(tmp_path, **drawn("p1 : 3333333 | ."))
        rows = _json(capsys, str(folder))["rows"]
        change = next(row for row in rows if row["statistic"] == "change")
        assert (change["value"], change["low"], change["p"], change["n"]) == (None, None, None, 0)
        assert change["notes"]

    def test_the_csv_has_the_same_rows(
        self, clinic: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        target = tmp_path / "rows.csv"
        rows = _json(capsys, str(clinic), "--by", "headache_type", "--csv", str(target))["rows"]
        table = pd.read_csv(target, keep_default_na=False, dtype=str)
        assert set(ROW) <= set(table.columns)
        assert len(table) == len(rows)
        for row, line in zip(rows, table.to_dict("records"), strict=True):
            for name in ("endpoint", "group", "statistic", "unit", "method"):
                assert line[name] == row[name]
            for name in ("value", "low", "high", "p"):
                # Unrounded: the very same number.
                assert (float(line[name]) if line[name] else None) == row[name]
            assert int(line["n"]) == row["n"]

    def test_two_runs_print_the_same_bytes(self, clinic: Path, capsys: pytest.CaptureFixture[str]) -> None:
        shown = []
        for _ in range(2):
            assert main(["compare", str(clinic), "--json", "--by", "headache_type"]) == 0
            shown.append(capsys.readouterr().out)
        assert shown[0] == shown[1]

    def test_the_check_as_json(self, sample: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["check", str(sample), "--json"]) == 4
        found = json.loads(capsys.readouterr().out)
        for table in found["tables"]:
            parts = ("used", "not_recorded", "collapsed", "set_aside", "blank")
            assert table["rows_in"] == sum(table[name] for name in parts)
        for finding in found["findings"]:
            assert {"level", "file", "column", "count", "rows", "problem", "remedy"} <= set(finding)


class TestTheSample:
    def test_every_planted_error_is_named_with_its_row(
        self, sample: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """The sample's README lists what was planted; the check must find exactly that."""
        readme = (sample / "README.md").read_text(encoding="utf-8")
        planted = {
            (file, int(row))
            for file, row, what in re.findall(r"^\| (\w+\.csv) \| (\d+) \| [^|]+\| ([^|]+)\|", readme, re.M)
            if "never" not in what and "needle" not in what
        }
        assert main(["check", str(sample), "--json"]) == 4
        findings = json.loads(capsys.readouterr().out)["findings"]
        found = {(item["file"], row) for item in findings for row in item["rows"]}
        assert planted <= found
        # Of a repeated row the first one may be named as well, right before its copy; nothing else may be.
        assert all((file, row + 1) in planted for file, row in found - planted)

    def test_the_change_is_near_what_was_put_in(
        self, sample: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """The real change is −1.36 days; entering in a bad month and fuller diaries add to it, never take away."""
        rows = _json(capsys, str(sample))["rows"]
        change = next(row for row in rows if row["statistic"] == "change" and row["group"] == "all")
        assert change["value"] < -1.36
        assert change["n"] > 100


class TestExitCodes:
    def test_all_is_well(self, clinic: Path) -> None:
        assert main(["check", str(clinic)]) == 0

    @pytest.mark.parametrize(
        "arguments",
        [
            [],
            ["measure"],
            ["check"],
            ["compare", "x", "--wrong"],
            ["compare", "x", "--accept-set-aside", "many"],
        ],
    )
    def test_a_command_that_is_not_one(
        self, arguments: list[str], capsys: pytest.CaptureFixture[str]
    ) -> None:
        with pytest.raises(SystemExit) as stopped:
            main(arguments)
        assert stopped.value.code == 2
        assert capsys.readouterr().out == ""

    @pytest.mark.parametrize("column", ["typo", "patient_id", "period", "mode", "recorded_days"])
    def test_a_group_that_is_not_a_category(
        self, clinic: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], column: str
    ) -> None:
        target = tmp_path / "rows.csv"
        assert main(["compare", str(clinic), "--json", "--csv", str(target), "--by", column]) == 2
        assert capsys.readouterr().out == ""
        assert not target.exists()

    def test_data_that_cannot_be_read(self, tmp_path: Path) -> None:
        assert main(["compare", str(write_folder(tmp_path, diary=b"")), "--json"]) == 4

    def test_a_table_that_cannot_be_written(
        self, clinic: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert main(["compare", str(clinic), "--csv", str(tmp_path / "nowhere" / "rows.csv")]) == 7
        assert "rows.csv" in capsys.readouterr().err

    def test_an_interruption(self, clinic: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        def interrupted(*_: object, **__: object) -> None:
            raise KeyboardInterrupt

        monkeypatch.setattr("outcomes.records.check_result.begun", interrupted)
        assert main(["check", str(clinic)]) == 130

    def test_help_and_version(self, capsys: pytest.CaptureFixture[str]) -> None:
        for flag, words in (("--help", "compare"), ("--version", oc.__version__)):
            with pytest.raises(SystemExit) as stopped:
                main([flag])
            assert stopped.value.code == 0
            assert words in capsys.readouterr().out


class TestWhereThingsAreSaid:
    def test_results_on_one_stream_and_remarks_on_the_other(
        self, sample: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert main(["compare", str(sample), "--json"]) == 0
        shown = capsys.readouterr()
        json.loads(shown.out)
        assert "set aside" in shown.err

    def test_no_progress_where_nobody_watches(self, clinic: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["compare", str(clinic), "--json"]) == 0
        assert capsys.readouterr().err == ""

    def test_progress_on_a_terminal_unless_told_to_be_quiet(
        self, clinic: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
        assert main(["check", str(clinic)]) == 0
        assert capsys.readouterr().err != ""
        assert main(["check", str(clinic), "--quiet"]) == 0
        assert capsys.readouterr().err == ""

    def test_the_csv_alone_prints_nothing(
        self, clinic: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert main(["compare", str(clinic), "--csv", str(tmp_path / "rows.csv")]) == 0
        assert capsys.readouterr().out == ""

    def test_the_records_are_not_touched(self, clinic: Path, capsys: pytest.CaptureFixture[str]) -> None:
        before = {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in clinic.iterdir()}
        for arguments in (["check", str(clinic)], ["compare", str(clinic), "--json"]):
            assert main(arguments) == 0
        assert {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in clinic.iterdir()} == before


class TestTheCanary:
    """A planted identifier and odd values appear in no output, whatever happens."""

    NAMES = ("CANARY7", "canary7", "31.4159", "Geheimpraxis", "1931-07-13", "2015-07-13")

    def _folders(self, root: Path) -> list[Path]:
        text = drawn("CANARY7 : 3333333 | . 0000000\n CANARY77 : 3333333 | . 0000000")
        diary = dated(text, {"CANARY7": "2026-03-02", "CANARY77": "2026-03-02"})
        good = write_folder(root / "good", **diary)
        lines = (good / "diary.csv").read_text().splitlines()
        bad = [*lines, "CANARY7,maybe,31.4159,2026-03-05", "CANARY7,yes,3,2015-07-13", lines[1].replace("3.0", "4.0"),
               lines[2], "CANARY7,,,13.07.2015", "CANARY7,no,31.4159,2026-03-06"]  # fmt: skip
        patients = "patient_id,headache_type,group\nCANARY7,Geheimpraxis,treated\n"
        patients += "CANARY77,migraine,\nCANARY77,cluster,\n"
        sessions = (good / "sessions.csv").read_text() + "CANARY78,2015-07-13x\n"
        faulty = write_folder(
            root / "faulty", diary="\n".join(bad) + "\n", patients=patients, sessions=sessions
        )
        (faulty / "outcomes.toml").write_text("set_aside_limit = 1.0\n")
        headless = write_folder(root / "headless", diary="\n".join(lines[1:]) + "\n", sessions=sessions)
        ragged = write_folder(
            root / "ragged", diary="\n".join([*lines, "CANARY7,31.4159"]) + "\n", sessions=sessions
        )
        quoted = write_folder(
            root / "quoted", diary="\n".join([*lines, '"CANARY7,31.4159']) + "\n", sessions=sessions
        )
        nul = write_folder(
            root / "nul_byte", diary="\n".join([*lines, "CANARY7\0,31.4159"]) + "\n", sessions=sessions
        )
        latin = write_folder(
            root / "latin", diary="\n".join([*lines, "CANARY7é,x"]).encode("latin-1"), sessions=sessions
        )
        strict = write_folder(
            root / "strict", diary="\n".join(bad[:-1]) + "\n", patients=patients, sessions=sessions
        )
        # A birthday among the days of the diary is stopped by the privacy gate.
        born = [*lines, "CANARY7,yes,3,1931-07-13"]
        blocked = write_folder(root / "blocked", diary="\n".join(born) + "\n", sessions=sessions)
        return [good, faulty, headless, ragged, quoted, nul, latin, strict, blocked]

    def _silent(self, *texts: str) -> None:
        for text in texts:
            for name in self.NAMES:
                assert name not in text

    def test_in_no_run_good_or_failing(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
    ) -> None:
        codes = []
        for folder in self._folders(tmp_path):
            target = tmp_path / f"{folder.name}.csv"
            for arguments in (
                ["check", str(folder)],
                ["check", str(folder), "--json"],
                ["compare", str(folder), "--json", "--csv", str(target)],
                ["compare", str(folder), "--json", "--by", "headache_type"],
                ["compare", str(folder), "--json", "--by", "patient_id"],
            ):
                codes.append(main(arguments))
                shown = capsys.readouterr()
                self._silent(shown.out, shown.err, caplog.text)
            if target.exists():
                self._silent(target.read_text())
        assert set(codes) >= {0, 3, 4, 5} and 1 not in codes

    def test_in_no_exception_of_the_library(self, tmp_path: Path) -> None:
        for folder in self._folders(tmp_path):
            try:
                records = oc.load_records(folder)
                self._silent(repr(records), *[finding.sentence() for finding in records.findings])
                periods = oc.split_periods(records)
                self._silent(repr(oc.compare(oc.measure_endpoints(periods), "headache_days_per_28")))
            except oc.OutcomesError as error:
                self._silent(str(error), repr(error))
                # Nothing quotes the rows behind it either.
                assert (error.__cause__ is None and error.__suppress_context__) or error.__context__ is None

    @pytest.mark.parametrize(
        "place",
        [
            "outcomes.records.check_result.begun",
            "outcomes.records.reading.check_table",
            "outcomes.engine.Engine.run",
        ],
    )
    def test_in_no_fault_of_the_program(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, place: str
    ) -> None:
        folder = self._folders(tmp_path)[0]

        def broken(*_: object, **__: object) -> None:
            raise ValueError("could not convert CANARY7 / 31.4159")

        monkeypatch.setattr(place, broken)
        assert main(["check", str(folder)]) == 1
        shown = capsys.readouterr()
        self._silent(shown.out, shown.err)
        assert "fault of the program" in shown.err and "ValueError" in shown.err

    @pytest.mark.parametrize("place", ["split_periods", "measure_endpoints", "compare_all"])
    def test_in_no_fault_of_the_analysis(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, place: str
    ) -> None:
        home = {"split_periods": "periods", "measure_endpoints": "endpoints", "compare_all": "comparison"}[
            place
        ]

        def broken(*_: object, **__: object) -> None:
            raise KeyError("CANARY7")

        monkeypatch.setattr(f"outcomes.analysis.{home}.{place}", broken)
        assert main(["compare", str(self._folders(tmp_path)[0]), "--json"]) == 1
        self._silent(*capsys.readouterr())

    def test_in_no_message_of_the_engine(self, tmp_path: Path) -> None:
        """The library's own words quote the row; ours name the kind only."""
        from outcomes.engine import Engine

        engine = Engine()
        engine.run("CREATE TABLE t AS SELECT 'CANARY7' AS a")
        for call in (engine.run, engine.rows, engine.row, engine.arrow, engine.frame):
            with pytest.raises(oc.OutcomesError) as caught:
                call("SELECT CAST(a AS INTEGER) FROM t")
            self._silent(str(caught.value))
            assert caught.value.__suppress_context__


class TestTheEngineIsLocked:
    def test_nothing_but_the_source_can_be_read(self, tmp_path: Path) -> None:
        from outcomes.engine import Engine

        inside, outside = tmp_path / "inside", tmp_path / "outside"
        for folder in (inside, outside):
            write_folder(folder, table="a\n1\n")
        engine = Engine(readable=[inside])
        assert engine.rows(f"SELECT a FROM read_csv('{(inside / 'table.csv').as_posix()}')") == [(1,)]
        for statement in (
            f"SELECT * FROM read_csv('{(outside / 'table.csv').as_posix()}')",
            f"SELECT * FROM read_csv('{(inside / '..' / 'outside' / 'table.csv').as_posix()}')",
            f"COPY (SELECT 1) TO '{(outside / 'out.csv').as_posix()}'",
            "INSTALL httpfs",
            "SET enable_external_access = true",
            "SET memory_limit = '64GB'",
            f"ATTACH '{(outside / 'x.db').as_posix()}'",
        ):
            with pytest.raises(oc.OutcomesError):
                engine.run(statement)
        assert sorted(path.name for path in outside.iterdir()) == ["table.csv"]

    def test_the_spill_folder_goes_with_the_engine(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        import gc
        import tempfile

        from outcomes.engine import Engine

        monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
        engine = Engine()
        assert [path.name for path in tmp_path.iterdir()]
        del engine
        gc.collect()
        assert not list(tmp_path.iterdir())


def _run(*arguments: str, code: str = "", **more: Any) -> subprocess.CompletedProcess[str]:
    command = (
        [sys.executable, "-c", code, *arguments] if code else [sys.executable, "-m", "outcomes", *arguments]
    )
    return subprocess.run(
        command, capture_output=True, text=True, env=ENVIRONMENT, timeout=120, check=False, **more
    )


class TestProcesses:
    def test_as_a_module(self, clinic: Path) -> None:
        done = _run("check", str(clinic))
        assert (done.returncode, done.stderr) == (0, "")
        assert "diary.csv" in done.stdout

    def test_exit_codes_reach_the_shell(self, tmp_path: Path) -> None:
        done = _run("check", str(tmp_path / "nowhere"))
        assert done.returncode == 7 and done.stdout == ""
        assert "Traceback" not in done.stderr

    def test_records_in_a_folder_with_other_letters_and_a_relative_path(self, tmp_path: Path) -> None:
        write_folder(tmp_path / "Übung Köln", **drawn("p1 : 3333333 | . 0000000"))
        assert _run("check", "Übung Köln", cwd=tmp_path).returncode == 0

    def test_a_reader_that_leaves_early_is_no_fault(self, sample: Path) -> None:
        with subprocess.Popen(
            [sys.executable, "-m", "outcomes", "compare", str(sample), "--json", "--by", "headache_type"],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=ENVIRONMENT,
        ) as process:  # fmt: skip
            assert process.stdout is not None and process.stderr is not None
            process.stdout.read(10)
            process.stdout.close()
            errors = process.stderr.read()
            process.wait(60)
        assert "Traceback" not in errors and "Exception ignored" not in errors

    def test_help_answers_within_half_a_second(self) -> None:
        assert _best_of_three("--help") < 0.5

    def test_the_sample_is_checked_within_two_seconds(self, sample: Path) -> None:
        assert _best_of_three("check", str(sample)) < 2.0

    def test_help_imports_nothing_heavy(self) -> None:
        code = (
            "import sys\nfrom outcomes.cli import main\ntry:\n    main(['--help'])\nexcept SystemExit:\n    pass\n"
            "heavy = {'pandas', 'numpy', 'duckdb', 'scipy', 'matplotlib', 'pyarrow', 'statsmodels'}\n"
            "heavy &= set(sys.modules)\n"
            "assert not heavy, heavy"
        )
        done = _run(code=code)
        assert done.returncode == 0, done.stderr

    def test_a_comparison_draws_nothing_and_needs_no_statistics_package(self, clinic: Path) -> None:
        """`scipy.special` is enough: the others cost seconds on a slow machine."""
        code = (
            "import sys\nfrom outcomes.cli import main\ncode = main(['compare', sys.argv[1], '--json'])\n"
            "heavy = {'matplotlib', 'seaborn', 'statsmodels', 'scipy.stats'} & set(sys.modules)\n"
            "assert not heavy, heavy\nsys.exit(code)"
        )
        done = _run(str(clinic), code=code)
        assert done.returncode == 0, done.stderr

    def test_on_a_system_without_unix_modules(self, clinic: Path) -> None:
        """Windows has no fcntl, resource, pwd, grp or termios; nothing of ours may need them."""
        code = (
            "import sys\nfor name in ('fcntl', 'resource', 'pwd', 'grp', 'termios'):\n    sys.modules[name] = None\n"
            "import outcomes\nfrom outcomes.cli import main\n"
            "for name in outcomes.__all__:\n"
            "    if not outcomes._HOME.get(name, '').startswith('outcomes.reporting'):\n"
            "        getattr(outcomes, name)\n"
            "first = main(['check', sys.argv[1]])\nsecond = main(['compare', sys.argv[1], '--json'])\n"
            "sys.exit(first or second)"
        )
        done = _run(str(clinic), code=code)
        assert done.returncode == 0, done.stderr

    def test_a_simulated_clinic_can_be_checked_and_compared(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert (
            main(["simulate", "--patients", "30", "--seed", "5", "--output", str(tmp_path / "clinic")]) == 0
        )
        capsys.readouterr()
        assert main(["check", str(tmp_path / "clinic")]) in (0, 4)
        capsys.readouterr()
        assert _json(capsys, str(tmp_path / "clinic"))["flow"]["analysed"] > 0


def _best_of_three(*arguments: str) -> float:
    """Seconds of the fastest of three runs: a busy machine is not a slow program."""
    best = float("inf")
    for _ in range(3):
        start = time.perf_counter()
        _run(*arguments)
        best = min(best, time.perf_counter() - start)
    return best
