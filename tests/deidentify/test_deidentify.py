"""The whole way from raw records to the folder that leaves: what is in it, what is not, and what stops it."""

from __future__ import annotations

import hashlib
import json
import os
import re
import stat
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest
from clinics import EXPORTED, Desk, Gate, day, twins
from hypothesis import given
from hypothesis import strategies as st

import outcomes as oc
from outcomes.errors import (
    DisclosureHold,
    FileProblem,
    IdentityError,
    InvalidRecords,
    OutcomesError,
    PlanError,
)
from outcomes.plan import AnalysisPlan
from outcomes.records.deidentify import fields, verify_provenance
from outcomes.records.deidentify.config import DeidentifySettings, read_config
from outcomes.records.deidentify.ledger import Ledger
from outcomes.records.deidentify.output_gate import hold_output_gate
from outcomes.records.deidentify.reading import RawRecords
from outcomes.records.deidentify.run import Names, prepared
from outcomes.records.deidentify.writing import cell_text
from outcomes.records.findings import Finding
from outcomes.records.mapping import SourceMapping
from outcomes.records.pseudonyms import PSEUDONYM, Key, read_key


def _all_bytes(folder: Path) -> str:
    """All that is written, without pseudonyms and hashes, which hold any few signs by chance."""
    text = "\n".join(path.read_text(encoding="utf-8") for path in folder.iterdir())
    return re.sub(rf'{PSEUDONYM.pattern}|"[0-9a-f]{{16,64}}"', "", text)


def test_everybody_has_the_pseudonym_of_the_key_in_every_table(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.run()
    name = read_key(desk.key, away_from=[]).pseudonymiser("leeds-2026")
    wanted = {name(patient) for patient in twins()["patients"]["patient_id"]}
    for table in ("diary", "sessions", "patients"):
        assert set(desk.read(table)["patient_id"]) == wanted
    staff = set(desk.read("sessions")["practitioner_id"])
    assert len(staff) == 1 and PSEUDONYM.fullmatch(staff.pop())
    assert list(desk.read("patients")["patient_id"]) == sorted(wanted)


def test_sites_have_pseudonyms_of_their_own(tmp_path: Path) -> None:
    """A branch may bear the name of a village, or the same short code as a therapist."""
    tables = twins()
    place = range(len(tables["sessions"]))
    tables["sessions"]["site_id"] = ["Little Snoring" if row % 2 else "Dr Who" for row in place]
    desk = Desk(tmp_path, tables)
    desk.run()
    sessions = desk.read("sessions")
    sites = set(sessions["site_id"])
    assert len(sites) == 2 and all(PSEUDONYM.fullmatch(site) for site in sites)
    assert not sites & {*sessions["practitioner_id"], *sessions["patient_id"]}
    assert "Snoring" not in _all_bytes(desk.out)


def test_scores_and_events_leave_with_days_and_without_details(tmp_path: Path) -> None:
    tables = twins()
    ids = list(tables["patients"]["patient_id"])
    scores = [(patient, day(number), "hit6", "60", "10") for patient in ids for number in (0, 60)]
    tables["scores"] = pd.DataFrame(scores, columns=["patient_id", "date", "instrument", "score", "item_1"])
    events = [(patient, day(20), "adverse_event", "fell at home", "mild", "yes") for patient in ids]
    columns = ["patient_id", "date", "kind", "detail", "grade", "expected"]
    tables["events"] = pd.DataFrame(events, columns=columns)
    tables["patients"]["diagnosed_date"] = day(-10)
    tables["patients"]["ichd3_code"] = "1.1"
    desk = Desk(tmp_path, tables)
    desk.run()
    assert set(desk.read("scores")["day"]) == {"0", "60"} and set(desk.read("scores")["item_1"]) == {"10"}
    events = desk.read("events")
    assert set(events["day"]) == {"20"} and "detail" not in events and set(events["expected"]) == {"yes"}
    # A diagnosis is told in whole windows of 28 days towards day 0.
    assert set(desk.read("patients")["diagnosed_day"]) == {"0"}
    assert set(desk.read("patients")["ichd3_code"]) == {"1.1"}


def test_nothing_of_the_raw_ids_dates_names_or_notes_is_left(tmp_path: Path) -> None:
    tables = twins()
    tables["patients"]["Surname"] = "Zaphod"
    tables["patients"]["Notes"] = "called Mrs Zaphod on the phone about her daughter's wedding"
    tables["patients"]["07700 900123"] = "x"
    tables["diary"]["device_serial"] = ["SN-CANARY"] + [""] * (len(tables["diary"]) - 1)
    desk = Desk(tmp_path, tables)
    report = desk.run()
    leaving = _all_bytes(desk.out)
    for canary in (
        "MRN",
        "mrn",
        "00001",
        "Who",
        "2026-0",
        "Zaphod",
        "CANARY",
        "Surname",
        "900123",
        "wedding",
    ):
        assert canary not in leaving.replace("leeds-2026", ""), canary
    kept = {one.column: one for one in report.left_behind}
    assert kept["'Surname'"].cells == 24 and not kept["'Surname'"].free_text
    assert kept["'Notes'"].cells == 24 and kept["'Notes'"].free_text
    assert kept["column 7"].cells == 24, "a header that may be a value is told by its place"
    assert kept["'device_serial'"].cells == 1
    for canary in ("MRN", "Zaphod", "CANARY", "900123", "wedding", "2026-0"):
        assert canary not in desk.private.replace("leeds-2026", ""), canary


def test_rows_come_out_even_and_the_provenance_says_where_they_went(tmp_path: Path) -> None:
    tables = twins()
    tables["diary"].loc[0, "headache"] = "perhaps"
    tables["diary"].loc[1, "date"] = "31/12/2025"
    tables["diary"].loc[2, "patient_id"] = ""
    tables["diary"].loc[3, "date"] = "2031-01-01"
    desk = Desk(tmp_path, tables)
    desk.run()
    told = json.loads((desk.out / "provenance.json").read_text())["tables"]
    for name, frame in tables.items():
        assert told[name]["rows_in"] == len(frame)
        assert told[name]["written"] == len(desk.read(name))
        assert told[name]["rows_in"] == told[name]["written"] + sum(told[name]["not_written"].values())
    # Days -40 to 100 hold the whole windows -28 to 83: 29 days of each of 24 diaries are outside; the four
    # spoilt rows are among them.
    assert told["diary"]["not_written"] == {
        "date does not fit its column": 2,
        "headache does not fit its column": 1,
        "no patient id": 1,
        "outside the whole 28-day windows": 24 * 29 - 4,
    }


def test_the_files_are_the_owners_alone_and_nothing_in_them_tells_the_day(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    previous = os.umask(0)
    try:
        desk.run('age = "years"\nopening_days = ["mon", "tue"]')
    finally:
        os.umask(previous)
    if os.name == "posix":
        assert stat.S_IMODE(desk.out.stat().st_mode) == 0o700
        for path in [*desk.out.iterdir(), tmp_path / "out-private-report.txt"]:
            assert stat.S_IMODE(path.stat().st_mode) == 0o600
    provenance = (desk.out / "provenance.json").read_text()
    assert EXPORTED.isoformat() not in provenance and "opening" not in provenance
    assert "leeds-2026" not in provenance
    secret = next(line for line in desk.key.read_text().splitlines() if line.startswith("secret")).split()[1]
    for text in (_all_bytes(desk.out), desk.private):
        assert secret not in text
        assert "anonymous" not in text.lower() and "compliant" not in text.lower()


def test_the_order_of_the_rows_says_nothing(tmp_path: Path) -> None:
    tables = twins()
    mixed = {name: frame.sample(frac=1, random_state=5) for name, frame in tables.items()}
    Desk(tmp_path / "one", tables).run()
    other = Desk(tmp_path / "two", mixed)
    other.key.unlink()
    other.key.write_bytes((tmp_path / "one" / "clinic.key").read_bytes())
    other.key.chmod(0o600)
    other.run()
    for name in tables:
        assert (tmp_path / "one" / "out" / f"{name}.csv").read_bytes() == (
            other.out / f"{name}.csv"
        ).read_bytes()


def test_a_hash_shows_any_changed_missing_or_added_table(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.run()
    told = json.loads((desk.out / "provenance.json").read_text())["files"]
    for name, digest in told.items():
        assert hashlib.sha256((desk.out / name).read_bytes()).hexdigest() == digest
    assert verify_provenance(desk.out) == []
    with (desk.out / "diary.csv").open("a") as file:
        file.write("\n")
    (desk.out / "sessions.csv").unlink()
    (desk.out / "scores.csv").write_text("patient_id\n")
    assert verify_provenance(desk.out) == ["diary.csv", "sessions.csv", "scores.csv"]


@pytest.mark.parametrize(
    "content",
    ["", "[]", "{", '{"provenance_version": 2, "files": {}}', '{"provenance_version": 1}', "[" * 10**5],
)
def test_a_damaged_provenance_attests_nothing(tmp_path: Path, content: str) -> None:
    (tmp_path / "provenance.json").write_text(content)
    assert verify_provenance(tmp_path) == ["provenance.json"]


def test_a_provenance_reads_no_file_outside_its_folder(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    (tmp_path / "secret").write_text("x")
    digest = hashlib.sha256(b"x").hexdigest()
    (folder / "provenance.json").write_text(
        json.dumps({"provenance_version": 1, "files": {"../secret": digest}})
    )
    assert verify_provenance(folder) == ["../secret"]


def test_the_gate_sees_the_output_and_has_the_last_word(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    gate = Gate([Finding("warning", "G7", "patients", "patients.csv", "", "a warning.", "Look.", 1, ())])
    report = desk.run(gate=gate)
    assert {"diary.csv", "sessions.csv", "patients.csv"} == set(gate.seen)
    assert gate.seen["diary.csv"] == (desk.out / "diary.csv").read_text()
    assert report.gate_ran and "a warning." in desk.private


def test_what_the_gate_blocks_is_not_written(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    blocks = Finding(
        "identity", "G5a", "diary", "diary.csv", "intensity", "an e-mail address.", "Stop.", 1, ()
    )
    with pytest.raises(IdentityError, match="Nothing was written"):
        desk.run(gate=Gate([blocks]))
    assert not desk.out.exists()


def test_the_real_gate_passes_the_output_and_stops_what_is_put_into_it(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    report = desk.run(gate=hold_output_gate)
    assert report.gate_ran
    patients = desk.read("patients").assign(surname="Zaphod")
    patients.to_csv(desk.out / "patients.csv", index=False)
    assert any(finding.level == "identity" for finding in hold_output_gate(desk.out))
    assert verify_provenance(desk.out) == ["patients.csv"]


def test_the_output_is_read_like_any_other_records(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.run('age = "years"\nage_top = 40\nk = 5')
    records = oc.load_records(desk.out)
    periods = oc.split_periods(records)
    change = oc.compare(oc.measure_endpoints(periods), "headache_days_per_28", records.plan)
    # 14 headache days in every baseline window. Half the clinic falls to 4 of 28, the others stay at 14.
    assert change.n == 24 and (change.pairs["followup"] - change.pairs["baseline"]).mean() == -5.0


def _lone(tables: dict[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    tables["patients"].loc[[0, 2, 4], "age_band"] = "85"
    return tables


def test_where_k_does_not_hold_only_the_private_report_is_written(tmp_path: Path) -> None:
    desk = Desk(tmp_path, _lone(twins()))
    with pytest.raises(DisclosureHold) as held:
        desk.run()
    assert not desk.out.exists() and held.value.exit_code == 6
    assert "--accept-k" in str(held.value) and "3 patients in smaller classes" in str(held.value)
    assert "85" not in str(held.value) and "80-89" not in str(held.value)
    # Three men over 80 beside nine of 45: what is between is named as well, so that nobody need think twice.
    wanted = 'age_band = [["40-49", "50-59", "60-69", "70-79", "80-89"]]: 24 cells change; k becomes 12'
    assert wanted in desk.private
    report = desk.run(accept_k=True)
    assert report.accepted and len(desk.read("patients")) == 24, "nobody is deleted to make k hold"
    assert json.loads((desk.out / "provenance.json").read_text())["accepted_as_it_is"] is True


def test_the_proposed_merge_can_be_configured_and_makes_k_hold(tmp_path: Path) -> None:
    desk = Desk(tmp_path, _lone(twins()))
    merge = '[deidentify.merge]\nage_band = [["40-49", "50-59", "60-69", "70-79", "80-89"]]'
    report = desk.run(f'age = "years"\n{merge}')
    assert report.classes.k == 12 and report.holds
    # The merged band is none of the dictionary's: it stands in a column that the folder's own plan declares.
    assert set(desk.read("patients")["age_group"]) == {"40-89"}
    plan = AnalysisPlan.from_toml(desk.out / "outcomes.toml")
    assert [(item.name, item.codes) for item in plan.patients] == [("age_group", ("40-89",))]
    assert "outcomes.toml" in json.loads((desk.out / "provenance.json").read_text())["files"]


def test_the_top_band_can_be_lowered_until_k_holds(tmp_path: Path) -> None:
    tables = twins(48)
    for place, age in enumerate(("95", "88", "77", "72")):
        tables["patients"].loc[[2 * place, 2 * place + 1], "age_band"] = age
    desk = Desk(tmp_path, tables)
    with pytest.raises(DisclosureHold):
        desk.run('age = "years"')
    # Four men and four women over 70 are fewer than five of each sex.
    with pytest.raises(DisclosureHold):
        desk.run('age = "years"\nage_top = 70')
    report = desk.run('age = "years"\nage_top = "auto"')
    assert report.holds and set(desk.read("patients")["age_group"]) == {"40+"}


def test_a_public_release_needs_eleven_and_no_true_dates(tmp_path: Path) -> None:
    desk = Desk(tmp_path, twins(16))
    with pytest.raises(DisclosureHold, match="at least 11 wanted"):
        desk.run(public=True)
    with pytest.raises(PlanError, match="keep"):
        desk.run('dates = "keep"', public=True)
    assert desk.run().classes.k == 8


def test_random_pseudonyms_need_no_key_and_stay_the_same_through_their_table(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    settings = 'age = "years"\npseudonyms = "random"'
    table = tmp_path / "table.json"
    desk.run(settings, key_file=None, table_file=table)
    first = desk.read("patients")
    if os.name == "posix":
        assert stat.S_IMODE(table.stat().st_mode) == 0o600
    desk.out.rename(tmp_path / "earlier")
    desk.run(settings, key_file=None, table_file=table)
    pd.testing.assert_frame_equal(desk.read("patients"), first)
    table.unlink()
    desk.out.rename(tmp_path / "second")
    desk.run(settings, key_file=None, table_file=table)
    assert not set(desk.read("patients")["patient_id"]) & set(first["patient_id"])


def test_a_parquet_folder_holds_the_same(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.run()
    as_csv = {name: desk.read(name) for name in ("diary", "sessions", "patients")}
    desk.out.rename(tmp_path / "csv")
    desk.run('age = "years"\nformat = "parquet"')
    for name, frame in as_csv.items():
        table = pq.read_table(desk.out / f"{name}.parquet")
        pd.testing.assert_frame_equal(table.to_pandas().fillna("").astype(str), frame, check_dtype=False)
        assert not table.schema.metadata
    assert verify_provenance(desk.out) == []


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("=1+1", "'=1+1"),
        ("@x", "'@x"),
        ("\tx", "'\tx"),
        ("+44 7700", "'+44 7700"),
        ("-x", "'-x"),
        ("-28", "-28"),
        (-28, "-28"),
        ("-2.5", "-2.5"),
        ("deep", "deep"),
        (None, ""),
    ],
)
def test_no_cell_is_a_formula(value: object, written: str) -> None:
    assert cell_text(value) == written


def test_a_formula_in_the_raw_records_does_not_leave(tmp_path: Path) -> None:
    tables = twins()
    tables["sessions"].loc[0, "technique"] = '=HYPERLINK("http://x")'
    tables["sessions"].loc[1, "practitioner_id"] = "=cmd|' /C calc'!A0"
    desk = Desk(tmp_path, tables)
    desk.run()
    assert "=" not in _all_bytes(desk.out).replace('" = ', "")


def test_places_that_would_mix_records_output_key_or_report_are_refused(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    inside, outside = desk.raw / "out", desk.out
    desk.out = inside
    with pytest.raises(FileProblem, match="inside the records"):
        desk.run()
    (tmp_path / "elsewhere").mkdir()
    desk.out = tmp_path / "link"
    desk.out.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(FileProblem, match="link"):
        desk.run()
    desk.out = outside
    with pytest.raises(FileProblem, match="private report"):
        desk.run(report_file=outside / "report.txt")
    with pytest.raises(FileProblem):
        desk.run(report_file=desk.raw / "report.txt")
    desk.key.rename(desk.raw / "k")
    with pytest.raises(IdentityError, match="key"):
        desk.run(key_file=desk.raw / "k")
    assert not outside.exists() and not list((tmp_path / "elsewhere").iterdir())


def test_a_folder_that_is_there_is_not_written_over(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.run()
    before = _all_bytes(desk.out)
    with pytest.raises(FileProblem):
        desk.run('age = "years"\ncoarsen_visits = "week"')
    assert _all_bytes(desk.out) == before


@pytest.mark.parametrize(
    ("settings", "given"),
    [
        ("", {"key_file": None}),
        ("", {"table_file": "t"}),
        ('pseudonyms = "random"', {"key_file": None}),
        ('pseudonyms = "random"\ndates = "shift"', {"key_file": None, "table_file": "t"}),
        ("", {"domain": "Leeds"}),
        ("k = 4", {}),
        ("l = 1", {}),
        ("k = true", {}),
        ("merge_rare = 1", {}),
        ('keep_diary_start = "yes"', {}),
        ('dates = "fuzzy"', {}),
        ("age_top = 70.0", {}),
        ('opening_days = ["monday"]', {}),
        ('quasi_identifiers = ["muscles"]', {}),
        ('exported_on = "2026-01-01"', {}),
        ("datse = 1", {}),
        ('[deidentify.merge]\nage_band = [["0-17", "40-49"]]', {}),
        ('[deidentify.merge]\nsex = [["male"]]', {}),
        ('[deidentify.merge]\ntechnique = [["deep", "mixed"]]', {}),
    ],
)
def test_what_cannot_be_followed_is_refused(tmp_path: Path, settings: str, given: dict[str, object]) -> None:
    desk = Desk(tmp_path)
    with pytest.raises(PlanError):
        desk.run(settings, **given)
    assert not desk.out.exists()


def test_the_configuration_of_the_guide_can_be_followed(tmp_path: Path, root: Path) -> None:
    guide = (root / "docs" / "deidentify.md").read_text(encoding="utf-8")
    shown = re.search(r"```toml\n(.+?)```", guide, re.DOTALL)
    assert shown is not None
    (tmp_path / "deid.toml").write_text(shown.group(1), encoding="utf-8")
    mapping, settings = read_config(tmp_path / "deid.toml")
    assert [table.source for table in mapping.tables] == ["Clients"]
    assert (settings.age, settings.exported_on) == ("date_of_birth", EXPORTED)
    listed = set(re.findall(r"`(\w+)`", " ".join(re.findall(r"^\| (`.+?) \|", guide, re.MULTILINE))))
    assert set(settings.to_dict()) - {"public", "merge"} <= listed, "every key stands in the guide"


# What a raw table may hold: any text in any column, in any number of rows.
CELLS = st.one_of(
    st.none(),
    st.text(max_size=12),
    st.sampled_from(
        ["yes", "no", "2026-05-01", "2026-06-31", "0", "-7", "1e9", "45", "other", "=1", "P-1", "#N/A"]
    ),
)


def _any_frame(table: str) -> st.SearchStrategy[pd.DataFrame]:
    names = [*fields.columns_of(table), "anything"]
    if table in ("diary", "sessions", "scores", "events"):
        names.remove("day")
    row = st.fixed_dictionaries(
        dict.fromkeys(names, CELLS) | {"patient_id": st.sampled_from(["a", "A ", "b", None])}
    )
    return st.lists(row, min_size=1, max_size=6).map(
        lambda rows: pd.DataFrame(rows, columns=names, dtype=object)
    )


@given(
    st.fixed_dictionaries(
        {"diary": _any_frame("diary")},
        optional={
            name: _any_frame(name) for name in ("sessions", "patients", "scores", "events", "summaries")
        },
    ),
    st.sampled_from(["relative", "shift", "month", "keep"]),
    st.sampled_from(["band", "years", "date_of_birth"]),
    st.sampled_from(["", "week"]),
)
def test_any_cells_become_a_whole_output_or_an_error_in_words(
    frames: dict[str, pd.DataFrame], mode: str, age: str, coarse: str
) -> None:
    settings = DeidentifySettings(
        dates=mode, age=age, age_top="auto", coarsen_visits=coarse, exported_on=EXPORTED
    )
    if "patients" in frames:
        # Where not one age can be read nothing is written: the rest would hardly ever be looked at.
        known = {"band": "40-49", "years": "45", "date_of_birth": "1980-02-01"}[age]
        frames["patients"].loc[0, "age_band"] = known
    for table, frame in frames.items():
        # Nor where most words of a column of codes are its own.
        for name, one in fields.columns_of(table).items():
            ours = ("yes",) if one.kind == "yes_no" else one.codes
            if ours and name != "age_band":
                frame.loc[::2, name] = ours[0]
    key, ledger = Key("K-TEST0000", bytes(32)), Ledger()
    name, *others = (key.pseudonymiser("leeds", label) for label in ("id", "practitioner", "site"))
    names = Names(name, *others, (lambda _: 14) if mode == "shift" else None, key.id, "")
    try:
        made = prepared(RawRecords(frames, ()), SourceMapping(), settings, names, ledger)
    except OutcomesError:
        return
    for table in frames:
        ledger.check(table, len(made.frames.get(table, ())))
    for table, frame in made.frames.items():
        assert not set(frame["patient_id"]) - {name("a"), name("b")}
        known = fields.columns_of(table)
        for column in set(frame.columns) & set(known):
            if known[column].kind in ("code", "codes") and known[column].codes and column != "age_band":
                assert {code for text in frame[column].dropna() for code in text.split(";")} <= set(
                    known[column].codes
                )


def test_a_mapped_export_with_birth_dates_becomes_ours(tmp_path: Path) -> None:
    tables = twins()
    # 45 on 1 June 2026: born between 2 June 1980 and 1 June 1981; on the birthday itself 46.
    births = ["02/06/1980", "01/06/1981", "01/06/1980"] * 8
    export = pd.DataFrame(
        {
            "Client no": tables["patients"]["patient_id"],
            "DOB": births,
            "Surname": "Zaphod",
            "Sex": ["F", "M"] * 12,
        }
    )
    tables.pop("patients")
    desk = Desk(tmp_path, {**tables, "Clients": export})
    mapping = (
        '[[tables]]\nsource = "Clients"\ntable = "patients"\n[tables.columns]\npatient_id = "Client no"\n'
        'age_band = { source = "DOB", dates = "DD/MM/YYYY" }\n'
        'sex = { source = "Sex", codes = { F = "female", M = "male" } }\n'
    )
    report = desk.run('age = "date_of_birth"', mapping=mapping)
    assert list(desk.read("patients").columns) == ["patient_id", "sex", "age_band"]
    assert set(desk.read("patients")["age_band"]) == {"40-49"}
    assert [one.column for one in report.left_behind] == ["'Surname'"]
    assert "Zaphod" not in _all_bytes(desk.out) and "1980" not in _all_bytes(desk.out)


def test_an_endpoint_that_is_written_is_not_told_to_be_left_behind(tmp_path: Path) -> None:
    rows = [
        (patient, period, "8", "7")
        for patient in twins()["patients"]["patient_id"]
        for period in ("baseline", "followup")
    ]
    columns = ["patient_id", "period", "headache_days_per_28", "visit fee"]
    desk = Desk(tmp_path, {**twins(), "summaries": pd.DataFrame(rows, columns=columns)})
    report = desk.run()
    assert set(desk.read("summaries")["headache_days_per_28"]) == {"8"}
    assert [(one.file, one.column, one.cells) for one in report.left_behind] == [
        ("summaries.csv", "'visit fee'", 48)
    ]


@pytest.mark.parametrize(
    ("cells", "age", "wrong"),
    [
        (["01/02/1980"] * 24, "years", "ages in years"),
        (["01/02/1980"] * 24, "band", "the bands of the data dictionary"),
        (["46"] * 24, "date_of_birth", "dates of birth"),
        (["46"] * 24, "band", "the bands of the data dictionary"),
        (["01.02.1980"] * 24, "date_of_birth", "dates = "),
    ],
)
def test_a_column_of_ages_that_would_be_lost_whole_stops_everything(
    tmp_path: Path, cells: list[str], age: str, wrong: str
) -> None:
    tables = twins()
    tables["patients"]["age_band"] = cells
    desk = Desk(tmp_path, tables)
    with pytest.raises(InvalidRecords) as refused:
        desk.run(f'age = "{age}"')
    told = str(refused.value)
    assert "'age_band'" in told and wrong in told and "1980" not in told and "46" not in told
    assert all(f'age = "{other}"' in told for other in ("date_of_birth", "years", "band"))
    assert not desk.out.exists()


def test_one_slip_among_the_ages_is_emptied_and_counted(tmp_path: Path) -> None:
    tables = twins()
    tables["patients"].loc[3, "age_band"] = "forty-five"
    desk = Desk(tmp_path, tables)
    report = desk.run(accept_k=True)
    assert report.ledger.cells["patients"] == {"age_band: no years could be read, emptied": 1}


def test_records_without_anything_to_write_are_refused(tmp_path: Path) -> None:
    tables = twins()
    desk = Desk(tmp_path, {"diary": tables["diary"], "sessions": tables["sessions"].assign(date=day(5000))})
    with pytest.raises(InvalidRecords):
        desk.run()
    assert not desk.out.exists()


@pytest.mark.parametrize("name", ["diary", "sessions", "patients"])
def test_a_broken_file_is_an_outcomes_error(tmp_path: Path, name: str) -> None:
    desk = Desk(tmp_path)
    (desk.raw / f"{name}.csv").write_bytes(b'patient_id,date,headache\n"a,b\x00')
    with pytest.raises(OutcomesError):
        desk.run()
    assert not desk.out.exists()


_SEX = (
    '[[tables]]\nsource = "patients"\ntable = "patients"\n[tables.columns]\npatient_id = "patient_id"\n'
    'headache_type = "headache_type"\nage_band = "age_band"\nsex = { source = "Sex", codes = { KLUDGE } }\n'
)


def _with_sex(words: list[str]) -> dict[str, pd.DataFrame]:
    tables = twins()
    tables["patients"]["sex"] = words * (24 // len(words))
    return tables


def test_a_column_of_words_of_its_own_stops_everything_and_is_asked_about(tmp_path: Path) -> None:
    desk = Desk(tmp_path, _with_sex(["Zaphodine", "Zaphod"]))
    with pytest.raises(InvalidRecords) as refused:
        desk.run()
    told = str(refused.value)
    assert told.startswith("patients.csv, rows 2, 3, 4,") and "'sex' holds words of your own" in told
    assert "24 of 24 filled cells (different words: 2); wanted: female, male, other." in told
    assert 'codes = { "your word" = "female" }' in told and 'leave_out = ["patients.sex"]' in told
    assert "zaphod" not in told.lower() and "MRN" not in told
    assert not desk.out.exists() and not (tmp_path / "out-private-report.txt").exists()


def test_all_columns_of_words_of_their_own_are_asked_about_at_once(tmp_path: Path) -> None:
    tables = _with_sex(["F", "M"])
    tables["patients"]["headache_type"] = "Spannung"
    tables["sessions"]["electrical"] = "aan"
    with pytest.raises(InvalidRecords) as refused:
        Desk(tmp_path, tables).run()
    assert len(refused.value.problems) == 4
    assert 'leave_out = ["sessions.electrical"]' in str(refused.value)


def test_codes_that_name_too_few_words_are_asked_about_by_the_words_of_the_file(tmp_path: Path) -> None:
    tables = twins()
    tables["patients"]["Sex"] = ["F", "M", "w", "m"] * 6
    tables["patients"] = tables["patients"].drop(columns="sex")
    desk = Desk(tmp_path, tables)
    with pytest.raises(InvalidRecords, match=r"18 of 24 filled cells \(different words: 2\)") as refused:
        desk.run(mapping=_SEX.replace("KLUDGE", 'F = "female"'))
    assert "'Sex' holds" in str(refused.value) and '{ source = "Sex", codes' in str(refused.value)
    desk.run(mapping=_SEX.replace("KLUDGE", 'F = "female", w = "female", M = "male"'))
    assert set(desk.read("patients")["sex"]) == {"female", "male"}


def test_a_column_can_be_left_out_on_purpose(tmp_path: Path) -> None:
    desk = Desk(tmp_path, _with_sex(["F", "M"]))
    report = desk.run('age = "years"\nleave_out = ["patients.sex"]')
    assert "sex" not in desk.read("patients").columns
    assert report.ledger.cells["patients"]["sex: left out as configured"] == 24
    assert "24 cells: sex: left out as configured" in desk.private


def test_a_few_slips_among_codes_are_emptied_and_counted(tmp_path: Path) -> None:
    tables = twins()
    tables["patients"].loc[[1, 5], "sex"] = "F"
    report = Desk(tmp_path, tables).run(accept_k=True)
    assert report.ledger.cells["patients"]["sex: does not fit its column, emptied"] == 2


@pytest.mark.parametrize(
    "given", ['"patients.sex"', '["sex"]', '["patients.patient_id"]', '["diary.date"]', "[1]"]
)
def test_only_columns_that_are_not_needed_can_be_left_out(tmp_path: Path, given: str) -> None:
    with pytest.raises(PlanError, match="leave_out is a list"):
        Desk(tmp_path).run(f"leave_out = {given}")


def test_a_span_that_ends_after_the_export_is_told_with_its_rows(tmp_path: Path) -> None:
    tables = twins()
    tables["patients"]["recorded_from"] = day(-40)
    tables["patients"]["recorded_to"] = day(100)
    tables["patients"].loc[[3, 7], "recorded_to"] = "2026-10-01"
    report = Desk(tmp_path, tables).run()
    (told,) = [line for line in report.summary() if "recorded_to" in line and "row" in line]
    assert told == (
        "patients.csv, rows 5, 9: 'recorded_to' lies after the day of the export (exported_on). The declared span is "
        "not used. Correct the date, or exported_on, and repeat with another output."
    )
    assert told in (tmp_path / "out-private-report.txt").read_text(encoding="utf-8")


def test_rows_after_the_export_are_told_on_the_screen(tmp_path: Path) -> None:
    tables = twins()
    tables["diary"].loc[3, "date"] = "2031-01-01"
    told = "\n".join(Desk(tmp_path, tables).run().summary())
    assert (
        "diary.csv, row 5: 'date' lies after the day of the export (exported_on). The row is not written."
        in told
    )
    assert "2031" not in told


def test_the_screen_says_how_many_can_no_longer_be_compared(tmp_path: Path) -> None:
    tables = twins()
    first = tables["diary"]["patient_id"].isin(["MRN 00001", "MRN 00002"])
    tables["diary"] = tables["diary"][~(first & (tables["diary"]["date"] < day(-27)))]
    desk = Desk(tmp_path, tables)
    (told,) = [line for line in desk.run().summary() if line.startswith("Before and after")]
    assert (
        "24 patients of the raw records can be compared" in told
        and "2 of them no longer in the output" in told
    )
    assert "2 because the diary begins within the window before: keep_diary_start = true" in told
    assert told in desk.private and "no longer" not in _all_bytes(desk.out)
    desk.out.rename(tmp_path / "earlier")
    kept = "\n".join(desk.run('age = "years"\nkeep_diary_start = true').summary())
    assert "and all of them in the output." in kept
