"""The first page of a shared report is one page, also when every number on it is carried forward."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from months_of_reports import blocks_of
from nbformat.v4 import new_code_cell, new_notebook, new_output
from pypdf import PdfReader

from outcomes.reporting import notebooks
from outcomes.reporting.disclosure.release import Release, Verdict
from outcomes.reporting.disclosure.session import release_session
from outcomes.reporting.page import Block, NewPage
from outcomes.reporting.typesetting import PageMarks, build_pdf


@pytest.mark.parametrize("plan", [{}, {"external_means": [6.0, 9.0]}])
def test_everything_carried_forward_fits_one_page(
    sample: Path, tmp_path: Path, plan: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the longest name of a month, all claims of the sample and either form of what a bad month would give."""
    monkeypatch.setattr(Release, "judge", lambda self, place, content: Verdict(content, "2026-09"))
    read = notebooks.read_template

    def first_page(name: str) -> dict[str, Any]:
        template = read(name)
        sources = ["".join(cell["source"]) for cell in template["cells"]]
        end = sources.index("report.new_page()")
        return {**template, "cells": template["cells"][: end + 1]}

    monkeypatch.setattr("months_of_reports.read_template", first_page)
    with release_session(tmp_path, "2026-10") as session:
        blocks = blocks_of(sample, "2026-10", "share", session.folder_for("share"), plan=plan)
    assert isinstance(blocks.pop(), NewPage)
    text = "\n".join(block.as_text() for block in blocks)
    assert text.count("as of September 2026") >= 8 and "What is said in public" in text
    assert len(pages_of(blocks)) == 1


def pages_of(blocks: list[Block]) -> list[Any]:
    outputs = [new_output("display_data", block._repr_mimebundle_()) for block in blocks]
    notebook = new_notebook(cells=[new_code_cell("hidden", outputs=outputs)])
    made = build_pdf(notebook, title="Report", marks=PageMarks("share", "foot"), timestamp=1_700_000_000)
    return list(PdfReader(io.BytesIO(made)).pages)
