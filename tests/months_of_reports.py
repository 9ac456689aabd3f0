"""Reports of several months as their notebook shows them, made in this process, with the ledger between them."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any

import pandas as pd

from outcomes import load_records
from outcomes.errors import TooManySetAside
from outcomes.reporting.disclosure.ledger import cells_in
from outcomes.reporting.disclosure.session import release_session
from outcomes.reporting.notebooks import read_template, set_parameters
from outcomes.reporting.page import Block


def as_it_stood(source: Path, folder: Path, month: str) -> Path:
    """The records of a folder as they stood at the end of a month: nothing in them is later."""
    end = str(pd.Period(month, "M").end_time.date())
    folder.mkdir(parents=True)
    for path in source.glob("*.csv"):
        table = pd.read_csv(path, dtype=str, keep_default_na=False)
        if "date" in table:
            table = table[table["date"] <= end]
        for column in (name for name in table.columns if name.endswith("_date")):
            table = table[(table[column] == "") | (table[column] <= end)]
        table.to_csv(folder / path.name, index=False)
    return folder


def blocks_of(
    source: Path,
    month: str,
    profile: str,
    ledger: str | None,
    set_aside: int | None = None,
    plan: dict[str, Any] | None = None,
) -> list[Block]:
    """What each cell of the shipped template shows, in order."""
    parameters = {"source": str(source), "month": month, "profile": profile, "ledger": ledger}
    parameters |= {"accept_set_aside": set_aside, "plan": plan or {}}
    template = set_parameters(read_template("monthly_report"), parameters)
    names: dict[str, Any] = {}
    blocks = []
    for cell in template["cells"]:
        if cell["cell_type"] != "code":
            continue
        tree = ast.parse("".join(cell["source"]))
        last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
        exec(compile(tree, "template", "exec"), names)
        if last is not None:
            shown = eval(compile(ast.Expression(last.value), "template", "eval"), names)
            if isinstance(shown, Block):
                blocks.append(shown)
    return blocks


def set_aside_in(source: Path) -> int | None:
    """How many rows of a folder are set aside, where that is too much to go on without saying so."""
    try:
        load_records(source)
    except TooManySetAside as problem:
        found = re.search(r"--accept-set-aside ([0-9]+)", str(problem))
        return int(found[1]) if found else None
    return None


def written(source: Path, output: Path, month: str, profile: str) -> list[Block]:
    """The report of one month, released to `output` as the command releases it."""
    with release_session(output, month) as session:
        blocks = blocks_of(source, month, profile, session.folder_for(profile), set_aside_in(source))
        assert cells_in(session.folder), "a report that is handed on is held against others"
        text = "\n".join(block.as_text() for block in blocks).encode()
        with session.placed({profile: {"report.html": text}}):
            folder = session.place_of(profile)
            folder.mkdir(parents=True, exist_ok=True)
            (folder / "report.html").write_bytes(text)
    return blocks
