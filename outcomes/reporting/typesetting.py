"""An executed report notebook as one self-contained HTML page and as a PDF (A4, PDF/UA-1).

Both take the same outputs in the same order, each its own form of them. Nothing is read from outside the
package and nothing is written; the same notebook and timestamp give the same bytes.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from outcomes.errors import ReportStopped
from outcomes.reporting import style
from outcomes.reporting.words import HTML_MIME, TYPST_MIME, escape_html, typst_string

if TYPE_CHECKING:
    from nbformat import NotebookNode


@dataclass(frozen=True)
class PageMarks:
    """What every page carries: the profile's mark above, the limitation below."""

    header: str
    footer: str
    language: str = "en"


def build_pdf(
    notebook_node: NotebookNode, *, title: str, marks: PageMarks, timestamp: int | datetime
) -> bytes:
    """The report as PDF/UA-1. `timestamp`: seconds since 1970 (UTC) or a datetime with a timezone."""
    import typst

    # Only the shipped typeface, on every machine; words.py keeps other characters out.
    fonts = typst.Fonts(
        include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(style.font_folder())]
    )
    try:
        document = typst.compile(
            typst_source(notebook_node, title=title, marks=marks).encode("utf-8"),
            font_paths=fonts,
            format="pdf",
            pdf_standards=["ua-1"],
            timestamp=timestamp,
        )
    except typst.TypstError as error:
        # Typst's message may quote the report's text; its first words name the rule that was broken.
        reason = "PDF/UA-1" if "PDF/UA" in error.message else "layout"
    else:
        return bytes(document)
    raise ReportStopped(f"the report could not be typeset as PDF ({reason}); nothing was written")


def typst_source(notebook_node: NotebookNode, *, title: str, marks: PageMarks) -> str:
    """The whole Typst document, drawings included as strings."""
    look = ", ".join(f"{name}: {json.dumps(value)}" for name, value in style.LOOK.items())
    functions = (style.page_template_folder() / "page.typ").read_text(encoding="utf-8")
    named = {"title": title, "header": marks.header, "footer": marks.footer, "language": marks.language}
    arguments = ", ".join(f"{name}: {typst_string(text)}" for name, text in named.items())
    blocks = "".join(output[TYPST_MIME] for output in report_outputs(notebook_node))
    return f"#let look = ({look})\n{functions}\n#show: page-setup.with(({arguments}))\n{blocks}"


def build_html(notebook_node: NotebookNode, *, title: str, marks: PageMarks) -> str:
    """The report as one HTML page: no script, no address outside it, code not shown."""
    blocks = [output[HTML_MIME] for output in report_outputs(notebook_node)]
    page = html_document(title, "\n".join([*blocks, ""]), stylesheet=stylesheet(marks), marks=marks)
    if blocks and page.count("<h1") != 1:
        raise ReportStopped("a report page has exactly one masthead")
    return page


def report_outputs(notebook_node: NotebookNode) -> Iterator[dict[str, str]]:
    """The MIME bundles of a notebook's blocks in order; stops at anything that has not both forms.

    Silence here would lose content in one form or carry an unchecked table into the other.
    """
    for number, cell in enumerate(notebook_node.cells, start=1):
        for output in cell.get("outputs", ()):
            data = output.get("data", {})
            if HTML_MIME not in data or TYPST_MIME not in data:
                raise ReportStopped(f"cell {number} of the report shows something that is not a report block")
            yield data


def html_document(title: str, body: str, *, stylesheet: str, marks: PageMarks) -> str:
    """A whole page: no script, no address outside it. `title` and `marks` are text; in `body` text has been escaped."""
    above, below = escape_html(marks.header), escape_html(marks.footer)
    again = f"<p>{above}</p>" if above not in ("", below) else ""
    return (
        f'<!DOCTYPE html>\n<html lang="{escape_html(marks.language)}">\n<head>\n<meta charset="utf-8">\n'
        '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; img-src data:; font-src data:; '
        "style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'\">\n"
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="referrer" content="no-referrer">\n'
        '<meta name="robots" content="noindex, nofollow, noarchive">\n'
        f"<title>{escape_html(title)}</title>\n<style>\n{stylesheet}\n</style>\n</head>\n<body>\n"
        + (f'<p class="running">{above}</p>\n' if above else "")
        + f"<main>\n{body}</main>\n<footer><p>{below}</p>{again}</footer>\n</body>\n</html>\n"
    )


def stylesheet(marks: PageMarks) -> str:
    """Typeface, colours, the printed page's margins and the rules of the page."""
    colours = {name: value for name, value in style.LOOK.items() if str(value).startswith("#")}
    variables = "".join(f"--{name}: {value}; " for name, value in colours.items())
    faces = "\n".join(font_face(name, weight) for name, weight in style.FONT_WEIGHTS.items())
    rules = (style.page_template_folder() / "page.css").read_text(encoding="utf-8")
    return (
        f'{faces}\n:root {{ --typeface: "{style.FONT_FAMILY}"; {variables}}}\n{page_margins(marks)}\n{rules}'
    )


def font_face(name: str, weight: int) -> str:
    font = (style.font_folder() / f"{style.FONT_FAMILY}-{name}.woff2").read_bytes()
    address = "data:font/woff2;base64," + base64.b64encode(font).decode("ascii")
    return (
        f'@font-face {{ font-family: "{style.FONT_FAMILY}"; font-weight: {weight}; font-style: normal; '
        f'src: url("{address}") format("woff2"); }}'
    )


def page_margins(marks: PageMarks) -> str:
    """Header and footer of the printed page, in its margins, so that they stand on every page."""
    small = f'font: 8pt "{style.FONT_FAMILY}"; color: {style.QUIET};'
    return (
        "@page { size: A4; margin: 20mm; "
        f"@top-right {{ content: {_css_string(marks.header)}; {small} }} "
        f"@bottom-left {{ content: {_css_string(marks.footer)}; {small} width: 85%; text-align: left; }} "
        f'@bottom-right {{ content: counter(page) " / " counter(pages); {small} }} }}'
    )


def _css_string(text: str) -> str:
    """A CSS string; every sign that could end the string or the style element is written as its code."""
    return '"' + "".join(c if c.isalnum() or c in " .,:;()-" else f"\\{ord(c):x} " for c in text) + '"'
