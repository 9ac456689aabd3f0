"""`questions`: what the records say to each promise of a clinic, exact and for its own eyes."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from outcomes.commands.console import progress, say, show, show_json, write_text
from outcomes.commands.source import add_accept, add_source, load_source, refuse_over_records
from outcomes.errors import EXIT_DONE, InvalidRecords, PlanError
from outcomes.files import without_formula

if TYPE_CHECKING:
    from outcomes.analysis.answers import Answers
    from outcomes.analysis.periods import Periods


def add(commands: Any) -> None:
    parser = commands.add_parser(
        "questions", help="response, durability, safety, questionnaires and more, exact and for your own eyes"
    )
    add_source(parser)
    parser.add_argument("topics", nargs="*", metavar="TOPIC", help="all of them where none is named")
    parser.add_argument("--csv", metavar="FILE", help="write the rows, unrounded")
    parser.add_argument("--json", action="store_true", help="plan, notes and rows as JSON, unrounded")
    add_accept(parser)
    parser.set_defaults(run=_questions)


def _questions(arguments: argparse.Namespace) -> int:
    from outcomes.analysis.periods import split_periods
    from outcomes.analysis.questions import TOPICS

    refuse_over_records(arguments, arguments.csv)
    records = load_source(arguments)
    progress(arguments, "Asking …")
    periods = split_periods(records)
    answered, refused = _asked(periods, arguments.topics or list(TOPICS), named=bool(arguments.topics))
    if arguments.csv:
        write_text(arguments.csv, _csv(answered))
    if arguments.json:
        plan, notes = records.plan.to_dict(), list(records.notes)
        topics = [{key: value for key, value in one.to_dict().items() if key != "plan"} for one in answered]
        show_json({"plan": plan, "notes": notes, "topics": topics, "not_answered": refused})
    elif not arguments.csv:
        show(*(f"{one.summary()}\n" for one in answered), *records.notes)
    for topic, reason in refused.items():
        say(f"{topic}: not answered. {reason}")
    return EXIT_DONE


def _asked(periods: Periods, topics: list[str], *, named: bool) -> tuple[list[Answers], dict[str, str]]:
    """The answers, and why there is none where the records do not hold what a topic needs.

    A topic that was asked for by name must be answered: PlanError, or InvalidRecords where there is nothing to compare.
    """
    from outcomes.analysis.questions import ask

    answered, refused = [], {}
    for topic in dict.fromkeys(topics):
        try:
            answered.append(ask(periods, topic))
        except (PlanError, InvalidRecords) as error:
            if named:
                raise
            refused[topic] = str(error)
    return answered, refused


def _csv(answered: list[Answers]) -> str:
    import pandas as pd

    frames = []
    for one in answered:
        frame = one.to_frame()
        frame.insert(0, "topic", one.topic)
        frame.insert(4, "label", [one.label(name) for name in frame["statistic"]])
        frames.append(frame)
    table = pd.concat(frames, ignore_index=True) if frames else pd.DataFrame()
    for name in ("by", "group"):
        if name in table:
            table[name] = [without_formula(cell) if isinstance(cell, str) else cell for cell in table[name]]
    return str(table.to_csv(index=False, lineterminator="\n"))
