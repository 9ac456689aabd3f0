"""`claims`: what a clinic says in public. `check` the file, `judge` it by the records, `lint` advertising copy."""

from __future__ import annotations

import argparse
import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING, Any

from outcomes.commands.console import progress, show, show_json
from outcomes.commands.source import add_accept, add_source, load_source, refuse_over_records
from outcomes.errors import EXIT_DONE, FileProblem, PlanError

if TYPE_CHECKING:
    from outcomes.claims.declared import DeclaredClaims
    from outcomes.claims.kept import Standing
    from outcomes.plan import AnalysisPlan

#: The copy holds sentences that records cannot carry.
EXIT_FOUND = 4

_LARGEST_COPY = 10_000_000


def add(commands: Any) -> None:
    parser = commands.add_parser("claims", help="what the clinic says in public, held against its records")
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    check = actions.add_parser("check", help="whether claims.toml can be followed")
    check.add_argument("file", metavar="FILE", help="claims.toml")
    check.add_argument(
        "--plan", metavar="FILE", help="plan file; else outcomes.toml beside the claims; else defaults"
    )
    check.set_defaults(run=_check)
    judge = actions.add_parser("judge", help="the verdict on each claim, exact and for your own eyes")
    add_source(judge)
    judge.add_argument("--claims", metavar="FILE", help="else claims.toml beside the records")
    judge.add_argument(
        "--month", metavar="YYYY-MM", help="the verdicts in force in that month; else when records end"
    )
    judge.add_argument(
        "--kept", metavar="FILE", help="claims.json beside the reports: edited claims start again"
    )
    judge.add_argument("--json", action="store_true", help="verdicts, reasons and numbers as JSON, unrounded")
    add_accept(judge)
    judge.set_defaults(run=_judge)
    lint = actions.add_parser("lint", help="sentences of advertising copy that records cannot carry")
    lint.add_argument("files", nargs="+", metavar="FILE", help="text, Markdown or HTML, in English")
    lint.add_argument("--json", action="store_true", help="the findings as JSON")
    lint.set_defaults(run=_lint)


def _check(arguments: argparse.Namespace) -> int:
    from outcomes.analysis.claims.judging import check_names
    from outcomes.claims.declared import read_claims
    from outcomes.claims.reviews import first_review
    from outcomes.plan import read_plan

    path = Path(arguments.file)
    declared = read_claims(path)
    check_names(declared, read_plan(arguments.plan, path.parent))
    one = len(declared.claims) == 1
    show(
        f"{path.name}: {len(declared.claims)} {'claim' if one else 'claims'}, {declared.asked} asked of the records."
    )
    show(*(f"  {claim.id}: first review {first_review(claim.declared_on).name}" for claim in declared.claims))
    return EXIT_DONE


def _judge(arguments: argparse.Namespace) -> int:
    from outcomes.analysis.claims.judging import judge_claims
    from outcomes.analysis.periods import Cohort

    if arguments.month is not None:
        Cohort.of_month(arguments.month)
    refuse_over_records(arguments, arguments.kept)
    declared = _declared(arguments)
    records = load_source(arguments)
    progress(arguments, "Judging …")
    standings = _standings(arguments, declared, records.plan)
    review = judge_claims(records, declared, month=arguments.month, standings=standings)
    if arguments.json:
        show_json({"plan": records.plan.to_dict(), "notes": list(records.notes), **review.to_dict()})
        return EXIT_DONE
    from outcomes.reporting.claims_blocks import claims_text

    show(claims_text(review), *records.notes)
    return EXIT_DONE


def _declared(arguments: argparse.Namespace) -> DeclaredClaims:
    from outcomes.claims.declared import CLAIMS_FILE, read_claims
    from outcomes.records.sources import locate

    if arguments.claims:
        return read_claims(Path(arguments.claims))
    beside = locate(arguments.source).beside
    if beside is None or not (beside / CLAIMS_FILE).is_file():
        raise PlanError(f"There is no {CLAIMS_FILE} beside the records. Name one with --claims FILE.")
    return read_claims(beside / CLAIMS_FILE)


def _standings(
    arguments: argparse.Namespace, declared: DeclaredClaims, plan: AnalysisPlan
) -> dict[str, Standing] | None:
    from outcomes.claims.kept import keep
    from outcomes.records.sources import locate

    if arguments.kept is None:
        return None
    location = locate(arguments.source)
    place = str(location.path.resolve()) if location.path is not None else str(arguments.source)
    return keep(declared, Path(arguments.kept), place, dt.date.today(), plan)


def _lint(arguments: argparse.Namespace) -> int:
    from outcomes.claims.copy_check import check_copy, left_to_read, report_lines

    texts = {name: _text(Path(name)) for name in dict.fromkeys(arguments.files)}
    found = {name: check_copy(text) for name, text in texts.items()}
    unread = {name: left_to_read(text) for name, text in texts.items()}
    n = sum(len(findings) for findings in found.values())
    if arguments.json:
        listed = [
            {
                "file": name,
                "findings": [vars(one) for one in findings],
                "read_yourself": [{"line": line, "sentence": sentence} for line, sentence in unread[name]],
            }
            for name, findings in found.items()
        ]
        show_json({"found": n, "files": listed})
        return EXIT_FOUND if n else EXIT_DONE
    for name, findings in found.items():
        show(*report_lines(findings, Path(name).name))
    files = "1 file" if len(found) == 1 else f"{len(found)} files"
    if n:
        show("", f"{n} {'finding' if n == 1 else 'findings'} in {files}.")
    else:
        show(
            f"Nothing found in {files}. Words were looked for, and not meaning: this is no sign of approval."
        )
    if any(unread.values()):
        show(
            "", "These speak of headaches or pain and hold none of the words looked for. Read them yourself:"
        )
        show(
            *(
                f"  {Path(name).name}, line {line}: “{one}”"
                for name, rows in unread.items()
                for line, one in rows
            )
        )
    return EXIT_FOUND if n else EXIT_DONE


def _text(path: Path) -> str:
    problem = ""
    try:
        if path.stat().st_size > _LARGEST_COPY:
            problem = "is too large for advertising copy"
        else:
            return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        problem = "there is no such file"
    except UnicodeDecodeError:
        problem = "is not text in UTF-8. Save it so, or save the page as HTML"
    except (OSError, ValueError) as error:
        problem = f"cannot be read ({type(error).__name__})"
    raise FileProblem(f"{path.name}: {problem}.")
