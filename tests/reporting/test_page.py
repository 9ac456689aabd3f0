"""Blocks, HTML and PDF: text arrives as it was written, nothing is lost between the forms, both are safe."""

import base64
import io
import re
from html.parser import HTMLParser

import pytest
from fontTools.ttLib import TTFont
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from pypdf import PdfReader

from outcomes.errors import ReportStopped
from outcomes.reporting import page, style, words
from outcomes.reporting.typesetting import PageMarks, build_html, build_pdf

SVG = (
    b'<svg xmlns="http://www.w3.org/2000/svg" width="100pt" height="40pt"><rect width="9" height="9"/></svg>'
)
MARKS = PageMarks("internal: not to leave the clinic", "Uncontrolled audit. It does not show a cause.")
TITLE = "Headache outcomes October 2026"

HOSTILE = [
    '#import "x"',
    '#read("/etc/passwd")',
    "$a^2$ $",
    "<script>alert(1)</script>",
    "*_[]@`` ``` <label> @ref",
    "a \\ b \\n \\u{41} \\",
    "https://example.org // comment /* more */",
    "~ -- --- ... '' \"quoted\"",
    '"); #panic("',
    "= no heading",
    "- no list + none / term: x",
    "{{ 7*7 }} {% raw %}",
    "&amp; &lt; ]]> -->",
    ").x() ;.first",
    "</style></script>",
]
HEAD = page.Masthead("Headache outcomes", "October 2026", ("records to 31 October 2026",), "internal")


def notebook(*blocks: page.Block):
    outputs = [new_output("display_data", block._repr_mimebundle_()) for block in blocks]
    return new_notebook(
        cells=[new_markdown_cell("hidden words"), new_code_cell("hidden_code()", outputs=outputs)]
    )


def pdf_of(*blocks: page.Block) -> PdfReader:
    return PdfReader(
        io.BytesIO(build_pdf(notebook(HEAD, *blocks), title=TITLE, marks=MARKS, timestamp=1_700_000_000))
    )


def html_of(*blocks: page.Block, title: str = TITLE, marks: PageMarks = MARKS) -> str:
    return build_html(notebook(HEAD, *blocks), title=title, marks=marks)


def squeezed(text: str) -> str:
    return re.sub(r"\s+", "", text)


class Reader(HTMLParser):
    def __init__(self, text: str):
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.text += data

    def all(self, name):
        return [attributes for tag, attributes in self.tags if tag == name]


def every_block(text: str) -> list[page.Block]:
    return [
        page.Masthead(text, text, (text, text), text),
        page.Heading(text, text),
        page.Heading(text, level=3),
        page.Lead((text, page.Strong(text), page.Strong(text, "expected"))),
        page.Sentence(text),
        page.KeyFigures((page.KeyFigure(text, text, (text,)), page.KeyFigure(text, text))),
        page.TableBlock(
            (text, text), ((text, page.Mark("●", text, "recorded")),), text, ("left", "right"), (text,)
        ),
        page.FigureBlock(SVG, text, text),
        page.FigureBlock(SVG, text, "", "half"),
        page.Notes((text, text)),
        page.Columns((page.Heading(text), page.Sentence(text)), page.Notes((text,))),
        page.Provenance(((text, text),)),
        page.Limitation(text),
    ]


@pytest.mark.parametrize("text", HOSTILE)
def test_any_text_is_shown_as_written(text):
    blocks = [page.Heading("Part"), *every_block(text)[3:]]
    read = squeezed("".join(p.extract_text() for p in pdf_of(*blocks).pages))
    assert squeezed(text) in read
    html = html_of(*blocks)
    assert squeezed(text) in squeezed(Reader(html).text)
    assert not Reader(html).all("script")


def test_hostile_title_and_marks_stay_text():
    text = '"; } </style><script>alert(1)</script> \\'
    marks = PageMarks(text, text)
    html = Reader(html_of(title=text, marks=marks))
    assert not html.all("script")
    made = build_pdf(notebook(HEAD), title=text, marks=marks, timestamp=0)
    assert PdfReader(io.BytesIO(made)).metadata.title == text


@pytest.mark.parametrize("block", every_block("text"), ids=lambda block: type(block).__name__)
def test_each_block_has_both_forms_and_plain_text(block):
    bundle = block._repr_mimebundle_()
    told = bundle.pop(words.BLOCK_MIME)
    assert set(bundle) == {"text/html", "text/vnd.typst", "text/plain"}
    assert all("text" in form for form in (*bundle.values(), str(told)))


def test_characters_without_a_glyph_do_not_stop_the_pdf():
    text = "clinic 頭痛 \U0001f642 \x00 \x1b[0m \u202e x́"
    assert words.NOT_SHOWN in pdf_of(page.Sentence(text)).pages[0].extract_text()
    assert "頭痛" in html_of(page.Sentence(text))
    assert "\x00" not in html_of(page.Sentence(text))


def test_very_long_words_may_break_and_stay_the_same_words():
    text = 'a"b\\' * 30 + "\n" + "&" * 60
    table = page.TableBlock(("a", "b"), ((text, "1"),))
    read = squeezed(pdf_of(table, page.Sentence(text)).pages[0].extract_text()).replace("\u200b", "")
    assert squeezed(text) in read
    assert squeezed(text) in squeezed(Reader(html_of(table)).text)


@pytest.mark.parametrize("kind", ["ttf", "woff2"])
def test_typeface_holds_what_the_words_may_use(kind):
    if kind == "woff2":
        pytest.importorskip("brotli", reason="fontTools reads WOFF2 with brotli")
    shown = set(re.findall("[" + words.SHOWN + "]", "".join(map(chr, range(0x3000)))))
    for name in style.FONT_WEIGHTS:
        font = TTFont(io.BytesIO((style.font_folder() / f"Inter-{name}.{kind}").read_bytes()))
        assert {chr(code) for code in font.getBestCmap()} == shown
        features = {record.FeatureTag for record in font["GSUB"].table.FeatureList.FeatureRecord}
        # Tabular figures are kept; `calt` would turn "->" into an arrow.
        assert "tnum" in features
        assert "calt" not in features
    assert set("−≤≥±×→●○–—“”’·≈δ") <= shown
    assert sum(path.stat().st_size for path in style.font_folder().iterdir()) < 700_000
    assert "SIL OPEN FONT LICENSE" in (style.font_folder() / "OFL.txt").read_text(encoding="utf-8")


def test_what_a_block_refuses():
    with pytest.raises(ValueError, match="alternative"):
        page.FigureBlock(SVG, " ")
    with pytest.raises(ValueError, match="cell per column"):
        page.TableBlock(("a", "b"), (("1",),))
    with pytest.raises(ValueError, match="align"):
        page.TableBlock(("a", "b"), (), align=("left",))
    with pytest.raises(ValueError, match="two to four"):
        page.KeyFigures((page.KeyFigure("a", "1"),))
    with pytest.raises(ValueError, match="level"):
        page.Heading("a", level=1)


def test_decimal_points_stand_under_each_other():
    table = page.TableBlock(
        ("a", "b"),
        tuple(("x", cell) for cell in ("13.6", "−4.25", "≤7", "not shown")),
        align=("left", "decimal"),
    )
    assert table.decimal_padding(1) == ("5", "", ".25", "")
    assert table.decimal_padding(0) == ("",) * 4


# ---- the HTML page ----


def test_page_is_self_contained_and_says_what_it_is():
    html = html_of(page.Heading("Course"), page.FigureBlock(SVG, "a line", "caption", narrow_svg=SVG))
    read = Reader(html)
    policy = "default-src 'none'; img-src data:; font-src data:; style-src 'unsafe-inline'"
    policy += "; base-uri 'none'; form-action 'none'"
    assert {"http-equiv": "Content-Security-Policy", "content": policy} in read.all("meta")
    assert read.all("html") == [{"lang": "en"}]
    for tag in ("script", "link", "iframe", "object", "form", "base"):
        assert not read.all(tag)
    addresses = [
        value
        for _, attributes in read.tags
        for name, value in attributes.items()
        if name in ("src", "href", "srcset", "xlink:href", "action")
    ]
    assert len(addresses) == 2
    assert all(address.startswith("data:image/svg+xml;base64,") for address in addresses)
    assert re.findall(r"url\(.{6}", html) == ['url("data:'] * len(style.FONT_WEIGHTS)
    assert not re.search(r"https?://|//[a-z]+\.[a-z]|@import", re.sub(r"base64,[A-Za-z0-9+/=]+", "", html))
    assert "hidden words" not in html
    assert "hidden_code" not in html
    assert MARKS.header in read.text
    assert MARKS.footer in read.text


def test_headings_are_in_order_and_images_have_words():
    html = Reader(html_of(page.Heading("A"), page.Heading("B", level=3), page.FigureBlock(SVG, "a line")))
    assert [tag for tag, _ in html.tags if re.fullmatch("h[1-6]", tag)] == ["h1", "h2", "h3"]
    assert [image["alt"] for image in html.all("img")] == ["a line"]


def test_html_is_the_same_each_time():
    assert html_of(*every_block("text")[1:]) == html_of(*every_block("text")[1:])


def test_what_is_not_a_block_stops_the_report():
    stray = notebook(HEAD)
    stray.cells[1].outputs.append(new_output("execute_result", {"text/html": "<b>x</b>", "text/plain": "x"}))
    with pytest.raises(ReportStopped, match="cell 2"):
        build_html(stray, title=TITLE, marks=MARKS)
    with pytest.raises(ReportStopped, match="cell 2"):
        build_pdf(stray, title=TITLE, marks=MARKS, timestamp=0)


# ---- the PDF ----


def test_every_page_of_the_pdf_carries_the_marks():
    rows = tuple((f"row {number}", f"{number}.5") for number in range(120))
    made = pdf_of(page.Heading("Long"), page.TableBlock(("name", "value"), rows, "many", ("left", "decimal")))
    texts = [p.extract_text() for p in made.pages]
    assert len(texts) == 3
    for number, text in enumerate(texts, start=1):
        assert MARKS.header in text
        assert MARKS.footer in text
        assert f"{number} / 3" in text
        assert "value" in text  # the table's header is repeated
    whole = " ".join(texts)
    assert all(re.search(rf"row {number}\b", whole) for number in range(120))


def test_a_short_table_stays_on_one_page():
    filler = [page.Sentence("words " * 60) for _ in range(9)]
    table = page.TableBlock(("name", "value"), tuple((f"row {number}", "1") for number in range(20)), "short")
    texts = [p.extract_text() for p in pdf_of(*filler, table).pages]
    assert sum("row" in text for text in texts) == 1


def test_pdf_is_accessible_and_the_same_each_time():
    blocks = (
        HEAD,
        page.Heading("Course"),
        page.FigureBlock(SVG, "falls from 3 to 2"),
        page.Sentence("−3.1 ≤7"),
    )
    made = [build_pdf(notebook(*blocks), title=TITLE, marks=MARKS, timestamp=0) for _ in range(2)]
    assert made[0] == made[1]
    reader = PdfReader(io.BytesIO(made[0]))
    root = reader.trailer["/Root"]
    assert root["/Lang"] == "en"
    assert root["/MarkInfo"]["/Marked"]
    assert reader.metadata.title == TITLE
    assert b"pdfuaid" in reader.xmp_metadata.stream.get_data()
    assert [entry.title for entry in flat(reader.outline)] == ["Headache outcomes October 2026", "Course"]
    assert "−3.1 ≤7" in reader.pages[0].extract_text()
    fonts = reader.pages[0]["/Resources"]["/Font"].values()
    assert all("Inter" in font.get_object()["/BaseFont"] for font in fonts)


def flat(outline):
    for entry in outline:
        if isinstance(entry, list):
            yield from flat(entry)
        else:
            yield entry


def test_svg_reaches_the_page_unchanged():
    html = Reader(html_of(page.FigureBlock(SVG, "a")))
    assert base64.b64decode(html.all("img")[0]["src"].split(",")[1]) == SVG
