"""Reports of several months as their notebook shows them, made in this process, with the ledger between them."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

from outcomes.reporting.disclosure.ledger import cells_in
from outcomes.reporting.disclosure.session import release_session
from outcomes.reporting.notebooks import read_template, set_parameters
from outcomes.reporting.page import Block


def blocks_of(source: Path, month: str, profile: str, ledger: str | None) -> list[Block]:
    """What each cell of the shipped template shows, in order."""
    parameters = {"source": str(source), "month": month, "profile": profile, "ledger": ledger}
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


def written(source: Path, output: Path, month: str, profile: str) -> list[Block]:
    """The report of one month, released to `output` as the command releases it."""
    with release_session(output, month) as session:
        blocks = blocks_of(source, month, profile, session.folder_for(profile))
        assert cells_in(session.folder), "a report that is handed on is held against others"
        text = "\n".join(block.as_text() for block in blocks).encode()
        with session.placed({profile: {"report.html": text}}):
            folder = session.place_of(profile)
            folder.mkdir(parents=True, exist_ok=True)
            (folder / "report.html").write_bytes(text)
    return blocks
