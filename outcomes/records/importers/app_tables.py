"""Tables that apps export: recognised by their header, read by column name, the rest left out and counted."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from outcomes.errors import InvalidRecords, PlanError
from outcomes.records.importers.accounting import Tally
from outcomes.records.importers.appointments import known_options
from outcomes.records.importers.contract import ImportSettings
from outcomes.records.importers.delimited import DelimitedTable, read_text, table_of

FREE_TEXT = "free text"
NOT_NEEDED = "not part of the diary"


def check_choices(
    settings: ImportSettings, app: str, options: Sequence[str] = (), *, words: bool = False
) -> None:
    """Raises PlanError for an option, or words for headache, that the importer would pass over in silence."""
    known_options(settings, app, options)
    if settings.headache_words and not words:
        raise PlanError(f"{app} marks its headaches itself: it takes no --headache-word.")


def read_app_table(path: Path, what: str, needed: Sequence[str]) -> DelimitedTable:
    """The table of one file. `needed` are the columns without which it is not `what`."""
    return app_table(path.name, read_text(path), what, needed)


def app_table(file: str, text: str, what: str, needed: Sequence[str]) -> DelimitedTable:
    """Like `read_app_table`, from the text. Raises InvalidRecords, also for a table without a row."""

    def recognise(header: Sequence[str]) -> bool:
        return set(needed) <= {_plain(name) for name in header}

    table = table_of(file, text, recognise, what)
    if not table.rows:
        raise InvalidRecords([f"{file}: a header and no row. Export it again, with its entries."])
    return table


def _plain(name: str) -> str:
    return " ".join(name.split()).casefold()


def positions(table: DelimitedTable, names: Collection[str]) -> dict[str, int]:
    """Where the columns of those names stand, for those that are there. Raises InvalidRecords for a repeat."""
    found: dict[str, int] = {}
    for position, written in enumerate(table.header):
        name = _plain(written)
        if name not in names:
            continue
        if name in found:
            raise InvalidRecords([f"{table.file}: two columns have the name '{name}'. Export it again."])
        found[name] = position
    return found


def leave_out(table: DelimitedTable, read: Collection[str], reasons: Mapping[str, str], tally: Tally) -> None:
    """Tell which columns are not imported, and how many of their cells hold something.

    A column that the format does not have goes by its position: its header may be anything.
    """
    for position, written in enumerate(table.header):
        name = _plain(written)
        if name in read:
            continue
        cells = sum(bool(row[position].strip()) for _, row in table.rows)
        if name in reasons:
            tally.dropped(table.file, name, reasons[name], cells)
        else:
            tally.dropped(table.file, f"column {position + 1}", "not a column of this format", cells)


def refuse_without_entry(found: int, what: str) -> None:
    """An export without a single entry about headache is more often the wrong file than a good month."""
    if not found:
        raise InvalidRecords(
            [f"{what}: there is no entry about headache. Check that it is the right export."]
        )
