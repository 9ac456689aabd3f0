"""Dates and times of exports: no order is guessed, and no hour is invented or lost when clocks change."""

from __future__ import annotations

import datetime as dt

import pytest

from outcomes.errors import InvalidRecords, PlanError
from outcomes.records.importers.contract import ImportSettings
from outcomes.records.importers.times import (
    DAY_FIRST,
    MONTH_FIRST,
    Clock,
    UnreadableTime,
    proven_order,
    read_date,
    read_time,
    read_time_of_day,
    refuse_mixed_offsets,
)

NONE = ImportSettings()


class TestOrderOfDayAndMonth:
    @pytest.mark.parametrize(
        ("texts", "order"),
        [
            (["01/02/2024 07:30", "14/01/2024 21:06"], DAY_FIRST),
            (["01/02/2024 07:30", "1/14/24 9:06 PM"], MONTH_FIRST),
            (["14.01.2024"], DAY_FIRST),
        ],
    )
    def test_a_day_above_12_proves_it(self, texts: list[str], order: str) -> None:
        assert proven_order("a.csv", texts, NONE) == order

    def test_without_proof_the_settings_decide(self) -> None:
        for order in (DAY_FIRST, MONTH_FIRST):
            assert proven_order("a.csv", ["01/02/2024"], ImportSettings(dates=order)) == order

    def test_without_either_it_asks(self) -> None:
        with pytest.raises(InvalidRecords, match="--dates DD/MM/YYYY or --dates MM/DD/YYYY") as caught:
            proven_order("a.csv", ["01/02/2024", "03/04/2024"], NONE)
        assert "01/02" not in str(caught.value)

    def test_a_date_that_reads_the_same_both_ways_asks_nothing(self) -> None:
        assert read_date("02/02/2024", proven_order("a.csv", ["02/02/2024"], NONE)) == dt.date(2024, 2, 2)

    def test_mixed_proof_stops(self) -> None:
        with pytest.raises(InvalidRecords, match="day first"):
            proven_order("a.csv", ["14/01/2024", "01/14/2024"], NONE)

    def test_proof_against_the_settings_stops(self) -> None:
        with pytest.raises(InvalidRecords, match="--dates"):
            proven_order("a.csv", ["14/01/2024"], ImportSettings(dates=MONTH_FIRST))

    def test_another_word_for_the_order_is_refused(self) -> None:
        with pytest.raises(PlanError):
            proven_order("a.csv", [], ImportSettings(dates="dmy"))

    def test_iso_dates_prove_themselves(self) -> None:
        assert read_date("2024-01-02", proven_order("a.csv", ["2024-01-02"], NONE)) == dt.date(2024, 1, 2)


class TestReading:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("14/01/2024 21:06", dt.datetime(2024, 1, 14, 21, 6)),
            ("14/01/24, 9:06 PM", dt.datetime(2024, 1, 14, 21, 6)),
            ("14/01/24 9:06\u202fp.m.", dt.datetime(2024, 1, 14, 21, 6)),
            ("14/01/24 12:00 AM", dt.datetime(2024, 1, 14, 0, 0)),
            ("2026-03-02 02:10:00", dt.datetime(2026, 3, 2, 2, 10)),
            ("2026-03-02T02:10:00.123Z", dt.datetime(2026, 3, 2, 2, 10, tzinfo=dt.UTC)),
            (
                "2026-06-01 11:00:00 -0400",
                dt.datetime(2026, 6, 1, 11, tzinfo=dt.timezone(dt.timedelta(hours=-4))),
            ),
        ],
    )
    def test_times(self, text: str, expected: dt.datetime) -> None:
        found = read_time(text, DAY_FIRST)
        assert found == expected and found.utcoffset() == expected.utcoffset()

    @pytest.mark.parametrize(
        "text",
        [
            *(
                "",
                "31/02/2024 10:00",
                "14/01/2024",
                "14/01/2024 25:00",
                "14/01/2024 13:00 PM",
                "1970-01-01 00:00",
            ),
            *("9999-12-31 23:59", "１４/01/2024 21:06", "14/01-2024 21:06", "x14/01/2024 21:06"),
            *("14/01/2024 21:06 or so", "2024-01-14 10:00 +9999:9"),
        ],
    )
    def test_what_is_no_time(self, text: str) -> None:
        assert read_time(text, DAY_FIRST) is None

    def test_a_date_with_a_time_is_no_date_alone(self) -> None:
        assert read_date("2024-01-14 10:00", DAY_FIRST) is None

    def test_time_of_day(self) -> None:
        assert read_time_of_day("8:30 pm") == dt.time(20, 30) and read_time_of_day("24:00") is None


class TestClock:
    LONDON = ImportSettings(timezone="Europe/London")

    def test_an_hour_that_was_left_out(self) -> None:
        with pytest.raises(UnreadableTime, match="forward"):
            Clock.of(self.LONDON).moment(dt.datetime(2024, 3, 31, 1, 30))

    def test_an_hour_that_came_twice_asks_for_fold(self) -> None:
        with pytest.raises(UnreadableTime, match="fold"):
            Clock.of(self.LONDON).moment(dt.datetime(2024, 10, 27, 1, 30))

    @pytest.mark.parametrize(("fold", "hour"), [("first", 0), ("second", 1)])
    def test_fold_says_which(self, fold: str, hour: int) -> None:
        clock = Clock.of(ImportSettings(timezone="Europe/London", options={"fold": fold}))
        assert clock.moment(dt.datetime(2024, 10, 27, 1, 30)).astimezone(dt.UTC).hour == hour

    @pytest.mark.parametrize("name", ["Atlantis", "../../etc/passwd", "America", "/etc/hosts", "x" * 500])
    def test_a_zone_that_is_none(self, name: str) -> None:
        with pytest.raises(PlanError, match="Europe/London"):
            Clock.of(ImportSettings(timezone=name))

    def test_a_fold_that_is_none(self) -> None:
        with pytest.raises(PlanError, match="first or second"):
            Clock.of(ImportSettings(options={"fold": "both"}))

    def test_with_and_without_offset_in_one_file(self) -> None:
        naive, aware = dt.datetime(2024, 1, 1), dt.datetime(2024, 1, 1, tzinfo=dt.UTC)
        refuse_mixed_offsets("a.csv", [naive, None, naive])
        with pytest.raises(InvalidRecords, match="offset"):
            refuse_mixed_offsets("a.csv", [naive, aware])
