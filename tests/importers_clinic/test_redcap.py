"""REDCap: fields named by a person and proven by the data dictionary become our tables, and nothing else does."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
import redcap_project as project

from outcomes.errors import InvalidRecords, OutcomesError, PlanError
from outcomes.records.importers.contract import Imported, ImportSettings
from outcomes.records.importers.redcap import CONFLICT, FLAGGED, OTHER_ROW, SAME_AGAIN, RedCap
from outcomes.records.importers.trial import hold_to_contract

Write = Callable[[str, str | bytes], Path]
Settings = Callable[..., ImportSettings]

NAMED = {"diary.date": "diary_date", "diary.headache": "headache"}


@pytest.fixture
def raw_files(write: Write) -> list[Path]:
    return [
        write("records.csv", project.table(project.RAW_HEADER, project.RAW)),
        write("dictionary.csv", project.dictionary()),
        write("fields.toml", project.TOML),
    ]


def rows(frame: pd.DataFrame) -> list[tuple[str | None, ...]]:
    return [tuple(row[1:]) for row in frame.itertuples(index=False)]


def read(files: list[Path], settings: ImportSettings) -> Imported:
    return RedCap().read(files, settings)


def test_a_project_becomes_a_diary_sessions_and_patients(raw_files: list[Path], settings: Settings) -> None:
    imported = read(raw_files, settings())
    diary, sessions, patients = (imported.tables[name] for name in ("diary", "sessions", "patients"))
    assert list(diary.columns) == [
        "patient_id",
        "date",
        "headache",
        "intensity",
        "acute_medication",
        "acute_medication_class",
    ]
    assert rows(diary) == [
        ("2026-01-05", "yes", "6", "yes", "paracetamol"),
        ("2026-01-06", "no", None, "no", None),
        ("2026-01-07", None, None, None, None),
        ("2026-01-08", "yes", "10", "yes", "paracetamol;triptan;other"),
    ]
    assert [row[0] for row in rows(sessions)] == ["2026-02-02"] and sessions["needles_inserted"][0] == "12"
    assert rows(patients) == [("female",), (None,)]
    assert set(diary["patient_id"]) == set(sessions["patient_id"]) == {patients["patient_id"][0]}
    assert (imported.rows_in, imported.rows_used, imported.out_of_scope) == (9, 7, 0)
    assert {item.why: item.rows for item in imported.not_read} == {
        "sessions: the session did not take place": (8,),
        "diary: no date": (10,),
    }


def test_what_the_dictionary_flags_and_what_nobody_named_is_dropped_and_counted(
    raw_files: list[Path], settings: Settings
) -> None:
    assert {(item.column, item.why, item.cells) for item in read(raw_files, settings()).dropped} == {
        ("redcap_data_access_group", "says where a record belongs", 9),
        ("full_name", FLAGGED, 2),
        ("dob", FLAGGED, 2),
        ("mail", "a way to reach somebody", 1),
        ("diary_notes", "free text", 1),
    }


@pytest.mark.parametrize("api", [False, True], ids=["web", "api"])
@pytest.mark.parametrize("labels", ["raw", "labels", "raw header, labels", "label header, raw"])
def test_raw_and_label_exports_and_both_headers_of_the_dictionary_say_the_same(
    write: Write, settings: Settings, raw_files: list[Path], api: bool, labels: str
) -> None:
    header = project.LABEL_HEADER if labels in ("labels", "label header, raw") else project.RAW_HEADER
    lines = project.LABELS if labels in ("labels", "raw header, labels") else project.RAW
    files = [
        write("fields.toml", project.TOML),
        write("dictionary.csv", project.dictionary(api=api)),
        write("other.csv", project.table(header, lines)),
    ]
    expected = read(raw_files, settings())
    imported = read(files, settings())
    for name, frame in expected.tables.items():
        pd.testing.assert_frame_equal(imported.tables[name], frame)
    assert (imported.rows_in, imported.rows_used) == (expected.rows_in, expected.rows_used)


def test_the_shared_sample_gives_two_diary_days_and_a_session(shared_data: Path, settings: Settings) -> None:
    sample = shared_data / "diary_exports" / "redcap_repeating_SYNTHETIC.csv"
    options = {
        **NAMED,
        "diary.headache.codes": "1:yes;0:no",
        "diary.intensity": "intensity",
        "diary.acute_medication": "meds",
        "diary.acute_medication.codes": "1:yes;2:yes",
        "sessions.date": "session_date",
    }
    imported = read([sample], settings(options))
    assert rows(imported.tables["diary"]) == [
        ("2024-01-01", "yes", "6", "yes"),
        ("2024-01-02", "no", None, None),
    ]
    assert rows(imported.tables["sessions"]) == [("2024-02-01",)]
    assert (imported.rows_in, imported.rows_used, imported.out_of_scope) == (4, 3, 1)
    assert any("no data dictionary" in text for text in imported.warnings)
    assert any("sessions.attended" in text for text in imported.warnings)
    with pytest.raises(PlanError, match=r"diary\.headache\.codes"):
        read([sample], settings(NAMED))


def test_nothing_is_guessed_and_the_draft_shows_names_alone(write: Write, settings: Settings) -> None:
    files = [
        write("records.csv", project.table(project.RAW_HEADER, project.RAW)),
        write("dictionary.csv", project.dictionary()),
    ]
    with pytest.raises(PlanError) as refused:
        read(files, settings())
    text = str(refused.value)
    assert 'headache = "headache"' in text and '[sessions]\ndate = "session_date"' in text
    assert 'acute_medication_class = { field = "meds", codes = { "-9" = "?" } }' in text
    for label in ("Paracetamol", "Headache today", "Quick", "Slow", "Day"):
        assert label not in text
    draft = text[text.index("[diary]") :].replace('"?"', '"other"')
    assert read([*files, write("draft.toml", draft)], settings()).rows_used > 0


def test_codes_without_a_plain_meaning_are_asked_for_by_code(write: Write, settings: Settings) -> None:
    fields = [
        ("headache", "diary", "radio", "Pain", "0, None | 1, Mild | 2, Severe", "", "", "", "")
        if item[0] == "headache"
        else item
        for item in project.FIELDS
    ]
    files = [
        write("records.csv", project.table(project.RAW_HEADER, project.RAW)),
        write("dictionary.csv", project.dictionary(fields)),
    ]
    with pytest.raises(PlanError) as refused:
        read(files, settings(NAMED))
    text = str(refused.value)
    assert "diary.headache.codes = 0:?;1:?;2:?, with yes or no" in text and "Mild" not in text
    with pytest.raises(PlanError, match=r"codes = 2:\?"):
        read(files, settings(NAMED | {"diary.headache.codes": "0:no;1:yes"}))
    declared = settings(NAMED | {"diary.headache.codes": "0:no;1:yes;2:no"})
    assert [row[1] for row in rows(read(files, declared).tables["diary"])] == ["yes", "no", None, "yes"]


@pytest.mark.parametrize(
    ("choices", "kind", "lowest", "highest", "options", "found"),
    [
        ("", "slider", "", "", {}, "other range"),
        ("", "slider", "", "", {"diary.intensity.scale": "0:100"}, ["0.6", "1"]),
        ("", "text", "0", "100", {}, "other range"),
        ("", "text", "0", "10", {}, ["6", "10"]),
        ("", "text", "", "", {"diary.intensity.scale": "5:25"}, ["0.5", "2.5"]),
        ("|".join(f"{n}, {n} of 10" for n in range(11)), "radio", "", "", {}, ["6", "10"]),
        ("6, Mild | 10, Severe", "radio", "", "", {}, r"intensity\.codes = 6:\?;10:\?"),
        ("6, Mild | 10, Severe", "radio", "", "", {"diary.intensity.codes": "6:3;10:8.5"}, ["3", "8.5"]),
        ("6, a | 10, b", "radio", "", "", {"diary.intensity.scale": "0:3"}, "fewer than ten steps"),
    ],
)
def test_intensity_is_on_our_scale_or_its_scale_is_declared(
    write: Write,
    settings: Settings,
    choices: str,
    kind: str,
    lowest: str,
    highest: str,
    options: dict[str, str],
    found: list[str] | str,
) -> None:
    changed = ("intensity", "diary", kind, "Intensity", choices, "", lowest, highest, "")
    fields = [changed if item[0] == "intensity" else item for item in project.FIELDS]
    files = [
        write("records.csv", project.table(project.RAW_HEADER, project.RAW)),
        write("dictionary.csv", project.dictionary(fields)),
    ]
    given = settings(NAMED | {"diary.intensity": "intensity"} | options)
    if isinstance(found, str):
        with pytest.raises(PlanError, match=found):
            read(files, given)
    else:
        diary = read(files, given).tables["diary"]
        assert [value for value in diary["intensity"] if value] == found


def test_numbers_above_ten_on_a_scale_nobody_proved_stop_the_import(write: Write, settings: Settings) -> None:
    changed = ("intensity", "diary", "text", "Intensity", "", "integer", "", "", "")
    fields = [changed if item[0] == "intensity" else item for item in project.FIELDS]
    lines = [line.replace(",1,10,", ",1,64,") for line in project.RAW]
    files = [
        write("records.csv", project.table(project.RAW_HEADER, lines)),
        write("dictionary.csv", project.dictionary(fields)),
    ]
    with pytest.raises(InvalidRecords, match=r"diary\.intensity\.scale"):
        read(files, settings(NAMED | {"diary.intensity": "intensity"}))


def test_a_flagged_field_enters_only_as_a_date_that_was_allowed(write: Write, settings: Settings) -> None:
    fields = [(*item[:8], "y") if item[0] in ("diary_date", "headache") else item for item in project.FIELDS]
    files = [
        write("records.csv", project.table(project.RAW_HEADER, project.RAW)),
        write("dictionary.csv", project.dictionary(fields)),
    ]
    with pytest.raises(PlanError, match=r"'headache' is flagged as an identifier"):
        read(files, settings(NAMED))
    with pytest.raises(PlanError, match="is no date; it cannot be allowed"):
        read(files, settings(NAMED | {"allow_identifier": "diary_date;headache"}))
    fields = [(*item[:8], "y") if item[0] == "diary_date" else item for item in project.FIELDS]
    files[1] = write("dictionary.csv", project.dictionary(fields))
    with pytest.raises(PlanError, match="allow_identifier = diary_date"):
        read(files, settings(NAMED))
    assert read(files, settings(NAMED | {"allow_identifier": "diary_date"})).rows_used == 4


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"diary.date": "diary_date"}, "whether there was a headache"),
        ({"diary.headache": "headache"}, "the field of its date"),
        (NAMED | {"diary.day": "needles_in"}, "the field of its date"),
        (NAMED | {"diary.colour": "headache"}, "not known to redcap"),
        (NAMED | {"token": "ABCDEF"}, "never given as an option"),
        (NAMED | {"diary.intensity": "Intensity of pain"}, "small letters"),
        (NAMED | {"diary.intensity": "vas"}, "has no field 'vas'"),
        (NAMED | {"diary.intensity": "diary_notes"}, "free text"),
        (NAMED | {"diary.intensity": "mail"}, "reach somebody"),
        (NAMED | {"diary.intensity": "meds"}, "is a checkbox"),
        (NAMED | {"diary.aura": "intensity"}, "is not a choice"),
        (NAMED | {"sessions.date": "headache"}, "is not a date"),
        (NAMED | {"diary.headache.codes": "1:yes;1:no"}, "each code once"),
        (NAMED | {"diary.headache.codes": "1:always;2:no"}, "not yes or no"),
        (NAMED | {"diary.date.codes": "1:yes"}, "takes no codes"),
        (NAMED | {"diary.intensity": "intensity", "diary.intensity.unit": "hours"}, "no unit"),
        (NAMED | {"values": "both"}, "raw or label"),
    ],
)
def test_options_that_cannot_be_followed_are_refused_all_at_once(
    raw_files: list[Path], settings: Settings, options: dict[str, str], problem: str
) -> None:
    with pytest.raises(PlanError, match=problem):
        read(raw_files[:2], settings(options))


def test_rows_that_do_not_fit_are_counted_and_name_the_field(write: Write, settings: Settings) -> None:
    lines = [
        "S-07,,,,,,,,,,2026-01-05,3,6,1,0,0,,2,,,,,",
        "S-07,,diary,2,,,,,,,2026-01-06,1,eleven,0,0,0,,2,,,,,",
        "S-07,,diary,3,,,,,,,2026-01-07,1,11,0,0,0,,2,,,,,",
        "S-07,,diary,4,,,,,,,2026-02-30,1,4,0,0,0,,2,,,,,",
        "S-07,,diary,5,,,,,,,2026-01-09,1,4,7,0,0,,2,,,,,",
        ",,diary,6,,,,,,,2026-01-10,1,4,0,0,0,,2,,,,,",
        "S-07,,diary,7,,,,,,,2026-01-11,1,4,0,0,0,,2,,,,,",
    ]
    files = [
        write("records.csv", project.table(project.RAW_HEADER, lines)),
        write("dictionary.csv", project.dictionary()),
        write("fields.toml", project.TOML.split("[sessions]")[0]),
    ]
    imported = read(files, settings())
    assert imported.rows_used == 1
    assert {item.why: item.rows for item in imported.not_read} == {
        "diary: 'headache' holds a value that is none of its choices": (2,),
        "diary: 'intensity' is not a number": (3,),
        "diary: 'intensity' is not a number from 0 to 10": (4,),
        "diary: 'diary_date' is not a date of this export's form": (5,),
        "diary: 'meds' has a box that is neither ticked nor unticked": (6,),
        "diary: the row has no record id": (7,),
    }


def test_one_record_event_and_instance_counts_once(
    write: Write, settings: Settings, raw_files: list[Path]
) -> None:
    again = write("more/records.csv", project.table(project.RAW_HEADER, project.RAW[1:3]))
    imported = read([*raw_files, again], settings())
    assert imported.rows_used == 7
    assert {(item.file, item.why): item.rows for item in imported.not_read}[
        "records.csv (2)", f"diary: {SAME_AGAIN}"
    ] == (2, 3)
    other = project.RAW[1].replace("2026-01-05,1,6", "2026-01-05,1,7")
    raw_files[0] = write("records.csv", project.table(project.RAW_HEADER, [*project.RAW, other]))
    conflict = {item.why: item.rows for item in read(raw_files, settings()).not_read}
    assert conflict[f"diary: {CONFLICT}"] == (3, 11)


def test_a_patient_is_one_row_and_a_contradiction_is_told(write: Write, settings: Settings) -> None:
    lines = [f"S-07,event_{n}_arm_1,,,,,,{sex},,2,,,,,,,,,,,,," for n, sex in enumerate((1, 1, 2), start=1)]
    files = [
        write("records.csv", project.table(project.RAW_HEADER, lines)),
        write("dictionary.csv", project.dictionary()),
    ]
    imported = read(files, settings({"patients.sex": "sex", "patients.sex.codes": "9:-"}))
    assert rows(imported.tables["patients"]) == [("female",)] and imported.rows_used == 2
    assert [(item.why, item.rows) for item in imported.not_read] == [(f"patients: {OTHER_ROW}", (4,))]


def test_codes_of_the_project_for_missing_are_missing(write: Write, settings: Settings) -> None:
    lines = [line.replace(",1,6,", ",-99,-99,") for line in project.RAW[:3]]
    files = [
        write("records.csv", project.table(project.RAW_HEADER, lines)),
        write("dictionary.csv", project.dictionary()),
    ]
    imported = read(files, settings(NAMED | {"diary.intensity": "intensity", "missing": "-99"}))
    assert rows(imported.tables["diary"])[0] == ("2026-01-05", None, None)


def test_labels_that_two_fields_share_are_told_apart_only_where_all_are_there(
    write: Write, settings: Settings
) -> None:
    """ "Day" heads the diary's date and the session's. With one of them left out nobody can say which it is."""
    half = ",".join(project.LABEL_HEADER.split(",")[:18])
    files = [
        write(
            "records.csv", project.table(half, [",".join(line.split(",")[:18]) for line in project.LABELS])
        ),
        write("dictionary.csv", project.dictionary()),
    ]
    with pytest.raises(InvalidRecords, match=r"same label as 'diary_date'"):
        read(files, settings(NAMED))


def test_two_choices_with_one_label_cannot_be_read_from_labels(write: Write, settings: Settings) -> None:
    changed = ("headache", "diary", "radio", "Headache today?", "1, Yes | 2, No | 3, Yes", "", "", "", "")
    fields = [changed if item[0] == "headache" else item for item in project.FIELDS]
    files = [
        write("records.csv", project.table(project.LABEL_HEADER, project.LABELS)),
        write("dictionary.csv", project.dictionary(fields)),
    ]
    with pytest.raises(InvalidRecords, match="two choices of 'headache' have the same label"):
        read(files, settings(NAMED))


def test_boxes_mean_what_was_said_and_an_empty_one_means_no_in_a_complete_form_only(
    write: Write, settings: Settings
) -> None:
    """Box 1 means none taken, the others mean taken; a label may hold commas of its own."""
    changed = ("meds", "diary", "checkbox", "Taken", "1, None, really | 2, Triptan | -9, Other", *[""] * 4)
    fields = [changed if item[0] == "meds" else item for item in project.FIELDS]
    lines = [
        f"S-07,,diary,{n},,,,,,,2026-01-{n:02},1,6,{boxes},,{status},,,,,"
        for n, (boxes, status) in enumerate(
            [("1,0,0", 2), ("0,0,1", 0), ("1,1,0", 2), ("0,0,0", 2), ("0,0,0", 1), ("0,0,0", 0)], start=1
        )
    ]
    files = [
        write("records.csv", project.table(project.RAW_HEADER, lines)),
        write("dictionary.csv", project.dictionary(fields)),
    ]
    options = {"diary.acute_medication": "meds", "diary.acute_medication.codes": "1:no;2:yes;-9:yes"}
    imported = read(files, settings(NAMED | options))
    assert [row[2] for row in rows(imported.tables["diary"])] == ["no", "yes", "no", None, None]
    assert [(item.why, item.rows) for item in imported.not_read] == [
        ("diary: 'meds' has boxes ticked that contradict each other", (4,))
    ]
    assert any("In 2 forms that are not marked complete" in text for text in imported.warnings)


def test_labels_that_are_codes_of_other_choices_need_a_word(write: Write, settings: Settings) -> None:
    changed = ("headache", "diary", "radio", "Headache today?", "1, 2 | 2, 1", "", "", "", "")
    fields = [changed if item[0] == "headache" else item for item in project.FIELDS]
    files = [
        write("records.csv", project.table(project.RAW_HEADER, project.RAW)),
        write("dictionary.csv", project.dictionary(fields)),
    ]
    codes = NAMED | {"diary.headache.codes": "1:yes;2:no"}
    with pytest.raises(InvalidRecords, match="values=raw or values=label"):
        read(files, settings(codes))
    raw = read(files, settings(codes | {"values": "raw"})).tables["diary"]["headache"]
    labels = read(files, settings(codes | {"values": "label"})).tables["diary"]["headache"]
    assert list(raw) == ["yes", "no", None, "yes"] and list(labels) == ["no", "yes", None, "no"]


def test_a_named_field_that_the_export_lacks_is_asked_for(write: Write, settings: Settings) -> None:
    short = [",".join(line.split(",")[:14]) for line in (project.RAW_HEADER, *project.RAW)]
    files = [write("records.csv", "\n".join(short)), write("dictionary.csv", project.dictionary())]
    options = NAMED | {
        "diary.acute_medication_class": "meds",
        "diary.acute_medication_class.codes": "-9:other",
    }
    with pytest.raises(InvalidRecords, match="does not hold 'meds', or not all of it"):
        read(files, settings(options))
    assert read(files, settings(NAMED)).rows_used == 4


@pytest.mark.parametrize("delimiter", [";", "\t", "|", "^"])
def test_exports_with_any_delimiter_of_redcap(write: Write, settings: Settings, delimiter: str) -> None:
    text = project.table(project.RAW_HEADER, project.RAW).replace(",", delimiter)
    files = [write("records.csv", text), write("dictionary.csv", project.dictionary())]
    assert read(files, settings(NAMED)).rows_used == 4


def test_a_classic_project_without_events_or_repeats(write: Write, settings: Settings) -> None:
    names = [
        n for n, cell in enumerate(project.RAW_HEADER.split(",")) if not cell.startswith("redcap_") and n < 18
    ]
    lines = [
        ",".join(line.split(",")[n] for n in names)
        for line in (project.RAW_HEADER, project.RAW[1], project.RAW[1].replace("S-07", "S-09"))
    ]
    files = [write("records.csv", "\n".join(lines)), write("dictionary.csv", project.dictionary())]
    diary = read(files, settings(NAMED)).tables["diary"]
    assert len(diary) == diary["patient_id"].nunique() == 2


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace("field_name,", "field_name,field_name,", 1),
        lambda text: text.replace(",identifier", ",flag", 1),
        lambda text: text.replace("\nheadache,", "\nRosalind Quick,", 1),
        lambda text: text.replace("\nintensity,", "\nheadache,", 1),
        lambda text: text.partition("\n")[0],
        lambda text: text + '"open',
    ],
)
def test_a_damaged_dictionary_is_refused(
    write: Write, settings: Settings, raw_files: list[Path], change: Callable[[str], str]
) -> None:
    raw_files[1] = write("dictionary.csv", change(project.dictionary(api=True)))
    with pytest.raises(OutcomesError) as refused:
        read(raw_files, settings())
    assert "Rosalind" not in str(refused.value)


@pytest.mark.parametrize(
    "content", ["[diary", "diary = 1", "[diary.date.codes]\n1 = 2", "x = " + "[" * 5000, ""]
)
def test_a_file_of_fields_that_cannot_be_read_is_refused(
    write: Write, settings: Settings, raw_files: list[Path], content: str
) -> None:
    raw_files[2] = write("fields.toml", content)
    with pytest.raises(PlanError):
        read(raw_files, settings())


def test_what_is_needed_is_asked_for(raw_files: list[Path], settings: Settings) -> None:
    with pytest.raises(PlanError, match="--key-file FILE --domain NAME"):
        read(raw_files, ImportSettings())
    with pytest.raises(PlanError, match="export of the project's records"):
        read(raw_files[1:], settings())
    with pytest.raises(InvalidRecords, match="More than one data dictionary"):
        read([*raw_files, raw_files[1]], settings())
    with pytest.raises(OutcomesError):
        read(raw_files, settings({"fields": str(raw_files[2].with_name("absent.toml"))}))
    assert read(raw_files[:2], settings({"fields": str(raw_files[2])})).rows_used == 7


def test_the_importer_keeps_the_contract(raw_files: list[Path], settings: Settings, write: Write) -> None:
    """The first field of the dictionary numbers the records, so its rows have an order that matters."""
    broken = write("broken.csv", "record_id,diary_complete\nS-07\n")
    hold_to_contract(
        RedCap(),
        raw_files,
        settings(),
        broken_files=[broken],
        private=["Rosalind", "Bloom", "rq@example.org", "rain"],
        order_matters=True,
    )
