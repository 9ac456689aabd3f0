"""From attacks to days: against a count of every single minute, and for each rule of the fault table."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outcomes.records.importers.accounting import Tally
from outcomes.records.importers.attacks import Attack, AttackList, HeadacheFree, diary_of
from outcomes.records.importers.contract import Imported, ImportSettings
from outcomes.records.importers.medication import NONE_TAKEN, Medication, read_medication
from outcomes.records.importers.times import Clock

UTC = dt.UTC
ONE = ImportSettings(patient="A1")
SPAN = ImportSettings(patient="A1", recorded_from=dt.date(2024, 1, 1), recorded_to=dt.date(2024, 12, 31))
SUMATRIPTAN = Medication(True, frozenset(("triptan",)), 2)


def at(text: str, zone: dt.tzinfo = UTC) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=zone)


def attack(row: int, start: str, end: str | None = None, **more: object) -> Attack:
    return Attack("a.csv", row, at(start), at(end) if end else None, **more)  # type: ignore[arg-type]


def days(
    *attacks: Attack, free: tuple[HeadacheFree, ...] = (), settings: ImportSettings = ONE
) -> dict[str, dict]:
    imported = read(*attacks, free=free, settings=settings)
    return {
        row["date"]: {
            name: cell
            for name, cell in row.items()
            if cell is not None and name not in ("patient_id", "date")
        }
        for row in imported.tables["diary"].to_dict("records")
    }


def read(*attacks: Attack, free: tuple[HeadacheFree, ...] = (), settings: ImportSettings = ONE) -> Imported:
    tally = Tally()
    tally.came_in(len(attacks) + len(free))
    return tally.imported({"diary": diary_of(AttackList(list(attacks), list(free)), settings, tally)})


def reasons(imported: Imported) -> dict[int, str]:
    return {row: item.why for item in imported.not_read for row in item.rows}


class TestDaysOfAnAttack:
    def test_over_midnight_each_day_has_its_own_hours(self) -> None:
        found = days(attack(2, "2024-03-01T21:00", "2024-03-02T03:30", intensity=6.0))
        assert found == {
            "2024-03-01": {"headache": "yes", "intensity": "6", "duration_hours": "3", "attacks": "1"},
            "2024-03-02": {"headache": "yes", "intensity": "6", "duration_hours": "3.5", "attacks": "0"},
        }

    def test_until_midnight_is_not_the_next_day(self) -> None:
        assert set(days(attack(2, "2024-03-01T21:00", "2024-03-02T00:00"))) == {"2024-03-01"}

    def test_no_other_day_is_written(self) -> None:
        found = days(attack(2, "2024-03-01T21:00", "2024-03-01T22:00"), attack(3, "2024-03-09T21:00"))
        assert set(found) == {"2024-03-01", "2024-03-09"}
        assert all(row["headache"] == "yes" for row in found.values())

    @pytest.mark.parametrize("end", [None, "2024-03-01T21:00"])
    def test_without_an_end_the_hours_stay_open(self, end: str | None) -> None:
        assert days(attack(2, "2024-03-01T21:00", end)) == {"2024-03-01": {"headache": "yes", "attacks": "1"}}

    def test_one_open_attack_opens_the_hours_of_its_day(self) -> None:
        """Three hours and an attack of unknown length are not three hours."""
        found = days(attack(2, "2024-03-01T08:00", "2024-03-01T11:00"), attack(3, "2024-03-01T21:00"))
        assert "duration_hours" not in found["2024-03-01"] and found["2024-03-01"]["attacks"] == "2"

    def test_72_hours_are_split_and_told(self) -> None:
        imported = read(attack(2, "2024-03-01T12:00", "2024-03-04T12:00"))
        assert list(imported.tables["diary"]["duration_hours"]) == ["12", "24", "24", "12"]
        assert any("24 hours" in warning for warning in imported.warnings)

    def test_longer_than_72_hours_is_not_read(self) -> None:
        imported = read(attack(2, "2024-03-01T12:00", "2024-03-04T12:01"))
        assert "72" in reasons(imported)[2] and len(imported.tables["diary"]) == 0

    def test_an_end_before_the_start_is_not_read(self) -> None:
        imported = read(attack(2, "2024-03-01T12:00", "2024-03-01T11:59"))
        assert "before it begins" in reasons(imported)[2] and imported.rows_used == 0

    def test_the_worst_of_the_day(self) -> None:
        found = days(
            attack(2, "2024-03-01T08:00", intensity=3.0, severity="severe"),
            attack(3, "2024-03-01T12:00", intensity=7.5, severity="mild"),
            attack(4, "2024-03-01T16:00"),
        )
        assert found["2024-03-01"] == {
            "headache": "yes", "intensity": "7.5", "severity": "severe", "attacks": "3",
        }  # fmt: skip

    def test_the_same_attack_twice_counts_once(self) -> None:
        first = attack(2, "2024-03-01T08:00", "2024-03-01T09:00")
        imported = read(first, attack(9, "2024-03-01T08:00", "2024-03-01T09:00"))
        assert list(imported.tables["diary"]["attacks"]) == ["1"] and set(reasons(imported)) == {9}


_MINUTES = st.integers(0, 6 * 24 * 60)
_SPANS = st.lists(st.tuples(_MINUTES, st.integers(1, 72 * 60)), min_size=1, max_size=8, unique=True)


@given(_SPANS)
def test_hours_and_attacks_are_those_of_a_count_of_every_minute(spans: list[tuple[int, int]]) -> None:
    """An independent count: every minute of every attack put into a set of minutes of its day."""
    origin = dt.datetime(2024, 3, 1, tzinfo=UTC)
    minutes: dict[str, set[int]] = defaultdict(set)
    began: dict[str, int] = defaultdict(int)
    attacks = []
    for row, (start, length) in enumerate(spans, start=2):
        for minute in range(start, start + length):
            minutes[str((origin + dt.timedelta(minutes=minute)).date())].add(minute)
        begin = origin + dt.timedelta(minutes=start)
        began[str(begin.date())] += 1
        attacks.append(Attack("a.csv", row, begin, begin + dt.timedelta(minutes=length)))
    found = days(*attacks)
    assert set(found) == set(minutes)
    for date, row in found.items():
        assert float(row["duration_hours"]) == pytest.approx(len(minutes[date]) / 60, abs=0.006)
        assert int(row["attacks"]) == began[date]


@given(_SPANS, st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(spans: list[tuple[int, int]], chance: object) -> None:
    origin = dt.datetime(2024, 3, 1, tzinfo=UTC)
    attacks = [
        Attack("a.csv", row, origin + dt.timedelta(minutes=s), origin + dt.timedelta(minutes=s + n))
        for row, (s, n) in enumerate(spans, start=2)
    ]
    before = days(*attacks)
    chance.shuffle(attacks)  # type: ignore[attr-defined]
    assert days(*attacks) == before


class TestOverlaps:
    def test_minutes_count_once_and_it_is_told(self) -> None:
        imported = read(
            attack(2, "2024-03-01T08:00", "2024-03-01T12:00"),
            attack(3, "2024-03-01T10:00", "2024-03-01T14:00"),
        )
        assert list(imported.tables["diary"]["duration_hours"]) == ["6"]
        assert any("overlap" in warning for warning in imported.warnings)

    def test_one_after_the_other_is_no_overlap(self) -> None:
        imported = read(
            attack(2, "2024-03-01T08:00", "2024-03-01T12:00"),
            attack(3, "2024-03-01T12:00", "2024-03-01T14:00"),
        )
        assert imported.warnings == ()


class TestChangeOfClocks:
    """22:00 to 06:00 is nine hours in the night clocks go back, and seven when they go forward."""

    @pytest.mark.parametrize(
        ("zone", "night", "hours"),
        [
            ("Europe/London", "2024-10-26", ("2", "7")),
            ("Europe/London", "2024-03-30", ("2", "5")),
            ("America/New_York", "2024-11-02", ("2", "7")),
            ("America/New_York", "2024-03-09", ("2", "5")),
            ("Europe/London", "2024-07-01", ("2", "6")),
        ],
    )
    def test_hours_are_those_that_passed(self, zone: str, night: str, hours: tuple[str, str]) -> None:
        place = ZoneInfo(zone)
        start = at(f"{night}T22:00", place)
        end = dt.datetime.combine(start.date() + dt.timedelta(days=1), dt.time(6), tzinfo=place)
        found = days(Attack("a.csv", 2, start, end))
        assert tuple(row["duration_hours"] for row in found.values()) == hours

    def test_a_day_of_25_hours_holds_24(self) -> None:
        place = ZoneInfo("Europe/London")
        found = days(Attack("a.csv", 2, at("2024-10-26T00:00", place), at("2024-10-28T00:00", place)))
        assert [row["duration_hours"] for row in found.values()] == ["24", "24"]

    def test_the_date_is_the_one_recorded(self) -> None:
        clock = Clock.of(ImportSettings())
        moment = clock.moment(dt.datetime.fromisoformat("2026-06-01T23:30:00-04:00"))
        assert list(days(Attack("a.xml", 1, moment))) == ["2026-06-01"]

    def test_a_time_zone_moves_the_date(self) -> None:
        clock = Clock.of(ImportSettings(timezone="Europe/London"))
        moment = clock.moment(dt.datetime.fromisoformat("2026-06-01T23:30:00-04:00"))
        assert list(days(Attack("a.xml", 1, moment))) == ["2026-06-02"]


class TestContradictions:
    def test_neither_is_written_and_both_are_told(self) -> None:
        day = dt.date(2024, 3, 1)
        imported = read(
            attack(2, "2024-03-01T08:00"),
            attack(3, "2024-03-05T08:00"),
            free=(HeadacheFree("a.csv", 4, (day,)), HeadacheFree("a.csv", 5, (dt.date(2024, 3, 6),))),
        )
        assert set(reasons(imported)) == {2, 4}
        diary = imported.tables["diary"]
        assert list(zip(diary["date"], diary["headache"], strict=True)) == [
            ("2024-03-05", "yes"),
            ("2024-03-06", "no"),
        ]

    def test_an_attack_that_is_not_read_contradicts_too(self) -> None:
        imported = read(
            attack(2, "2024-03-01T08:00", "2024-03-01T07:00"),
            free=(HeadacheFree("a.csv", 3, (dt.date(2024, 3, 1),)),),
        )
        assert set(reasons(imported)) == {2, 3} and len(imported.tables["diary"]) == 0


class TestADeclaredSpan:
    """Absent days of a span count as headache-free: days of entries that were not read must not be absent."""

    def test_days_of_unread_attacks_are_written_as_not_recorded(self) -> None:
        found = days(attack(2, "2024-03-01T08:00", "2024-03-05T07:00"), settings=SPAN)
        assert found == {f"2024-03-0{day}": {} for day in range(1, 6)}

    def test_the_other_days_of_a_contradicted_attack_too(self) -> None:
        long = attack(2, "2024-03-01T22:00", "2024-03-02T07:00")
        found = days(long, free=(HeadacheFree("a.csv", 3, (dt.date(2024, 3, 1),)),), settings=SPAN)
        assert found == {"2024-03-01": {}, "2024-03-02": {}}

    def test_not_without_a_span(self) -> None:
        assert days(attack(2, "2024-03-01T08:00", "2024-03-05T07:00")) == {}

    def test_a_headache_on_that_day_stays(self) -> None:
        bad = attack(2, "2024-03-01T08:00", "2024-03-01T07:00")
        found = days(bad, attack(3, "2024-03-01T12:00"), settings=SPAN)
        assert found["2024-03-01"]["headache"] == "yes"


class TestMedication:
    @pytest.mark.parametrize(
        ("written", "classes", "doses"),
        [
            ("1x Sumatriptan, 1x Naproxen sodium 550mg Oral", {"triptan", "nsaid"}, 2),
            ("2x Paracetamol 500mg", {"paracetamol"}, 2),
            ("Tylenol", {"paracetamol"}, None),
            ("1x Sumatriptan, Ibuprofen", {"triptan", "nsaid"}, None),
            ("1x Excedrin", {"combination_analgesic"}, 1),
            ("1x aspirin/paracetamol/caffeine", {"combination_analgesic"}, 1),
            ("1x Co-codamol", {"combination_analgesic"}, 1),
            ("1x sumatriptan/naproxen", {"triptan", "nsaid"}, 1),
            ("1x Rimegepant; 1x Lasmiditan", {"gepant", "ditan"}, 2),
            ("Oxygen", {"other"}, None),
            ("1x Somebody's tea", {"other"}, 1),
            ("Helpful - 1x Zolmitriptan\nUnsure - 2x Codeine", {"triptan", "opioid"}, 3),
        ],
    )
    def test_names_become_classes(self, written: str, classes: set[str], doses: float | None) -> None:
        assert read_medication([written], None) == Medication(True, frozenset(classes), doses)

    def test_an_empty_field_says_nothing_and_words_for_nothing_do(self) -> None:
        assert read_medication(["", " "], None) is None
        assert read_medication(["No medication"], None) == NONE_TAKEN
        assert read_medication([""], NONE_TAKEN) == NONE_TAKEN

    def test_tablets_count_on_the_day_the_attack_began(self) -> None:
        found = days(attack(2, "2024-03-01T21:00", "2024-03-02T03:00", medication=SUMATRIPTAN))
        assert found["2024-03-01"]["acute_medication"] == "yes"
        assert (found["2024-03-01"]["acute_doses"], found["2024-03-01"]["acute_medication_class"]) == (
            "2",
            "triptan",
        )
        assert "acute_medication" not in found["2024-03-02"]

    def test_no_only_where_every_attack_of_the_day_says_so(self) -> None:
        none, open_ = attack(2, "2024-03-01T08:00", medication=NONE_TAKEN), attack(3, "2024-03-01T12:00")
        assert days(none)["2024-03-01"]["acute_medication"] == "no"
        assert days(none)["2024-03-01"]["acute_doses"] == "0"
        assert "acute_medication" not in days(none, open_)["2024-03-01"]

    def test_doses_add_up_and_stay_open_where_one_is_unknown(self) -> None:
        two, unknown = SUMATRIPTAN, Medication(True, frozenset(("other",)), None)
        first = attack(2, "2024-03-01T08:00", medication=two)
        assert days(first, attack(3, "2024-03-01T12:00", medication=two))["2024-03-01"]["acute_doses"] == "4"
        assert (
            "acute_doses" not in days(first, attack(3, "2024-03-01T12:00", medication=unknown))["2024-03-01"]
        )

    def test_more_doses_than_can_be_are_left_open_and_told(self) -> None:
        imported = read(attack(2, "2024-03-01T08:00", medication=Medication(True, frozenset(("other",)), 51)))
        assert "acute_doses" not in imported.tables["diary"] and "50 doses" in imported.warnings[0]
