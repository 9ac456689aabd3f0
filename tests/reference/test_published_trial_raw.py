"""The raw file of a published trial as it lies on the web, with its traps, through the reader and a mapping.

Vickers et al., BMJ 2004;328:744; raw data Trials 2006;7:15. In the file 0 stands for diaries that never came
back, and a spreadsheet has swapped day and month of 127 dates. Read as they stand, the 49 of 161 and 21 of 140
who halved their headache days are 93 of 205 and 77 of 196. The numbers asked for here are the published ones.
"""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

import outcomes as oc
from outcomes.analysis.comparison import compare_all
from outcomes.cli import main

PLAN = """\
responder_reductions = [35, 50]
responder_min_baseline = 0
[endpoints.weekly_score]
unit = "points"
improvement = "decrease"
"""
#: Our columns of the raw file's own, per time point; what else the file holds is left out.
POINTS = (("baseline", "f1", "pk1"), ("month_3", "f2", "pk2"), ("followup", "f5", "pk5"))
NEEDED = ("id", "date_randomized", "group", *(name for _, *names in POINTS for name in names))
PATIENTS = """\
[[tables]]
source = "raw"
table = "patients"
ignore = ["*"]
[tables.columns]
patient_id = "id"
contact_date = {source = "date_randomized"%s}
group = {source = "group", codes = {1 = "treated", 0 = "usual_care"}}
[tables.constants]
allocation = "randomised"
"""
SUMMARIES = """\
[[tables]]
source = "raw"
table = "summaries"
ignore = ["*"]
%s[tables.columns]
patient_id = "id"
headache_days_per_28 = "%s"
weekly_score = "%s"
[tables.constants]
period = "%s"
"""
BLANK = 'missing_when = [{{column = "{days}", value = "0", blank = "{score}"}}]\n'
BOTH_WAYS = ', dates = ["DD/MM/YYYY", "YYYY-DD-MM"]'


def mapping(dates: str = "", missing: bool = False, more: str = "") -> str:
    """The mapping without an answer, or with the answers to what the reader asks."""
    parts = [PATIENTS % dates]
    for period, days, score in POINTS:
        answer = BLANK.format(days=days, score=score) if missing and period != "baseline" else ""
        parts.append(SUMMARIES % (answer + more, days, score, period))
    return "\n".join(parts)


@pytest.fixture
def trial(tmp_path: Path, shared_data: Path) -> Path:
    """The columns of the raw file that the analysis needs, cell by cell as they stand there."""
    folder = tmp_path / "trial"
    folder.mkdir()
    with (shared_data / "vickers2006" / "raw.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    with (folder / "raw.csv").open("w", newline="", encoding="utf-8") as file:
        written = csv.DictWriter(file, NEEDED, extrasaction="ignore", lineterminator="\n")
        written.writeheader()
        written.writerows(rows)
    (folder / "outcomes.toml").write_text(PLAN)
    return folder


@pytest.fixture
def whole(tmp_path: Path, shared_data: Path) -> Path:
    """The whole raw file, with the answers to what the reader asks of its needed columns."""
    folder = tmp_path / "whole"
    folder.mkdir()
    (folder / "raw.csv").write_bytes((shared_data / "vickers2006" / "raw.csv").read_bytes())
    (folder / "outcomes.toml").write_text(PLAN)
    (folder / "mapping.toml").write_text(mapping(BOTH_WAYS, missing=True))
    return folder


def test_a_column_of_a_known_name_with_unknown_codes_is_not_let_pass(
    whole: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The file codes `sex` as 0 and 1, and its documentation alone says which is which: nothing is guessed."""
    answered = mapping(BOTH_WAYS, missing=True)
    (whole / "mapping.toml").write_text(
        answered.replace('patient_id = "id"\n', 'patient_id = "id"\nsex = "sex"\n', 1)
    )
    assert main(["check", str(whole)]) == 5
    told = "".join(capsys.readouterr())
    assert "'sex' must be one of the listed codes" in told and "401 of 401 rows" in told
    assert main(["compare", str(whole), "--json"]) == 5
    assert capsys.readouterr().out == ""


def test_a_column_that_is_left_out_stays_out_even_with_a_name_of_ours(
    whole: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check", str(whole)]) == 0
    assert "sex" not in "".join(capsys.readouterr())


def test_one_address_in_a_column_that_is_left_out_stops_the_whole_file(
    whole: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Leaving a column out of the mapping does not make it nobody's: the gate looks at all of them."""
    path = whole / "raw.csv"
    text = path.read_text(encoding="utf-8")
    row = 1 + text[: text.index("withdrew consent")].count("\n")
    path.write_text(text.replace("withdrew consent", "moved (geheim@example.org)", 1), encoding="utf-8")
    position = text.split("\n")[0].split(",").index("withdrawal_reason") + 1
    for command in (["check", str(whole)], ["compare", str(whole), "--json"]):
        assert main(command) == 3
        shown = capsys.readouterr()
        assert shown.out == ""
        assert f"row {row}: 'column {position}': 1 distinct value holds an e-mail address" in shown.err
        assert "geheim" not in shown.err


def test_both_traps_are_asked_about_at_once(trial: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The rows of the README of the data: 75 of 77 zeros at 3 months, 100 of 102 at 12, and mixed dates."""
    (trial / "mapping.toml").write_text(mapping())
    for command in (["check", str(trial)], ["compare", str(trial), "--json"]):
        assert main(command) == 4
        told = "".join(capsys.readouterr())
        assert "77 zeros, and in 75 of these rows column 7 is blank" in told
        assert "102 zeros, and in 100 of these rows column 9 is blank" in told
        assert "missing_when" in told
        # Row 2 is the first with day/month, row 5 the first that the spreadsheet took for a date.
        assert "'contact_date' holds dates written in two ways (rows 5 and 2" in told
        assert "24/03/2000" not in told and "2000-05-04" not in told


def test_one_answer_leaves_the_other_question(trial: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (trial / "mapping.toml").write_text(mapping(BOTH_WAYS))
    assert main(["check", str(trial)]) == 4
    told = "".join(capsys.readouterr())
    assert "102 zeros" in told and "two ways" not in told
    (trial / "mapping.toml").write_text(mapping(missing=True))
    assert main(["check", str(trial)]) == 4
    told = "".join(capsys.readouterr())
    assert "zeros" not in told and "two ways" in told


def test_read_as_the_spreadsheet_left_them_the_dates_leave_the_trial(trial: Path) -> None:
    """The dates that no spreadsheet touched run from 21 February 2000 to 13 February 2001, and so do all."""
    (trial / "mapping.toml").write_text(mapping(BOTH_WAYS, missing=True))
    read = oc.load_records(trial).frame("patients")["contact_date"].astype(str).str[:10]
    assert (len(read), read.min(), read.max()) == (401, "2000-02-21", "2001-02-13")
    (trial / "mapping.toml").write_text(mapping(BOTH_WAYS.replace("DD-MM", "MM-DD"), missing=True))
    taken = oc.load_records(trial).frame("patients")["contact_date"].astype(str).str[:10]
    assert (taken.min(), taken.max()) == ("2000-01-03", "2001-08-01")
    # Of the 127, those on the same day of the same month stay where they are.
    assert 100 < (taken != read).sum() <= 127


@pytest.fixture
def answered(trial: Path) -> Path:
    (trial / "mapping.toml").write_text(mapping(BOTH_WAYS, missing=True))
    return trial


def compared(capsys: pytest.CaptureFixture[str], folder: Path) -> dict[tuple[str, str, str], dict[str, Any]]:
    """(endpoint, group, statistic) → row of `outcomes compare --by group --json`."""
    capsys.readouterr()
    assert main(["compare", str(folder), "--by", "group", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["flow"]["patients"], told["flow"]["analysed"]) == (401, 301)
    return {(row["endpoint"], row["group"], row["statistic"]): row for row in told["rows"]}


def test_with_the_answers_the_published_numbers_come_out(
    answered: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check", str(answered)]) == 0
    rows = compared(capsys, answered)
    days, score = "headache_days_per_28", "weekly_score"
    for group, n, halved in (("treated", 161, 49), ("usual_care", 140, 21)):
        assert rows[days, group, "change"]["n"] == n
        assert rows[days, group, "responders_50"]["count"] == halved
    better = {group: rows[score, group, "responders_35"]["count"] for group in ("treated", "usual_care")}
    assert better == {"treated": 87, "usual_care": 45}
    for key, value in {
        (days, "treated", "baseline_mean"): 15.6315,
        (days, "treated", "followup_mean"): 11.3752,
        (days, "usual_care", "baseline_mean"): 16.1548,
        (days, "usual_care", "followup_mean"): 13.6095,
        (days, "treated", "change"): -4.2563,
        (score, "treated", "baseline_mean"): 24.5761,
        (score, "treated", "followup_mean"): 16.2468,
        (score, "usual_care", "baseline_mean"): 26.7107,
        (score, "usual_care", "followup_mean"): 22.3435,
        (score, "treated", "change"): -8.3293,
        (score, "usual_care", "change"): -4.3673,
    }.items():
        assert rows[key]["value"] == pytest.approx(value, abs=5e-5), key
    change = rows[days, "treated", "change"]
    assert (change["low"], change["high"]) == pytest.approx((-5.1236, -3.3891), abs=5e-5)


def test_the_whole_file_gives_the_same_numbers(
    whole: Path, answered: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    left_out = mapping(BOTH_WAYS, missing=True).replace('ignore = ["*"]', 'ignore = ["sex", "*"]')
    (whole / "mapping.toml").write_text(left_out)
    assert compared(capsys, whole) == compared(capsys, answered)


def test_the_rows_of_the_file_are_all_accounted_for(answered: Path) -> None:
    counts = {count.table: count for count in oc.load_records(answered).counts}
    assert (counts["summaries"].rows_in, counts["summaries"].used) == (3 * 401, 3 * 401)
    assert (counts["patients"].rows_in, counts["patients"].used) == (401, 401)


def test_zeros_that_are_said_to_be_true_hide_the_missing_diaries(answered: Path) -> None:
    """What would be published if nobody asked: 401 complete patients, and nearly twice as many halved."""
    more = 'zeros_are_true = ["headache_days_per_28"]\n'
    (answered / "mapping.toml").write_text(mapping(BOTH_WAYS, more=more))
    endpoints = oc.measure_endpoints(oc.split_periods(oc.load_records(answered)))
    table = compare_all(endpoints, oc.load_records(answered).plan, by=["group"])
    treated = table.find("headache_days_per_28", "treated")
    control = table.find("headache_days_per_28", "usual_care")
    assert (treated["responders_50"].count, treated.change.n) == (93, 205)
    assert (control["responders_50"].count, control.change.n) == (77, 196)
    wrong = treated.change.value - control.change.value
    assert abs(wrong) < 1.0
