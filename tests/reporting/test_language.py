"""The catalogues of fixed text: English whole, the others of the same shape, none saying more than the records can."""

from __future__ import annotations

import ast
import copy
import datetime as dt
import json
import pickle
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import outcomes as oc
from outcomes.errors import PlanError
from outcomes.plan_rules import WORDS
from outcomes.records.endpoint_catalogue import CATALOGUE, CORE_NAMES
from outcomes.reporting import expectations, formatting, language, wording
from outcomes.reporting.disclosure import Disclosure
from outcomes.reporting.page import Columns, Heading, Lead, Sentence, Strong, TableBlock

ROOT = Path(__file__).resolve().parents[2]
OTHERS = [code for code in language.LANGUAGES if code != "en"]
each_other = pytest.mark.parametrize("code", OTHERS)

#: What no language may say of an uncontrolled change. English keeps the two phrases of its limitation.
CAUSAL = {
    "en": r"\beffect(?!s, other treatments)|\bworks\b|because of|\bproven\b|\bsafe\b|success|thanks to",
    "es": r"efecto|efica|funciona|gracias a|debido al tratamiento(?!\?)|demostrad|seguro\b|éxito|curad",
    "de": r"wirk|dank |erfolg|bewiesen|sicher\b|heil|wegen der behandlung(?!\?)|nebenwirkung",
}


@pytest.fixture(autouse=True)
def _english_afterwards() -> Iterator[None]:
    yield
    language.speak("en")


def keys_asked_for() -> Iterator[str]:
    """The first argument of every `say` in the code; a key that is put together is a pattern."""
    for path in sorted((ROOT / "outcomes" / "reporting").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Name)
                and node.func.id == "say"
                and node.args
            ):
                yield from _keys_in(node.args[0])


def _keys_in(node: ast.expr) -> Iterator[str]:
    if (
        isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and "." in node.value
        and " " not in node.value
    ):
        yield re.escape(node.value)
    elif isinstance(node, ast.IfExp):
        yield from _keys_in(node.body)
        yield from _keys_in(node.orelse)
    elif isinstance(node, ast.JoinedStr):
        parts = (re.escape(part.value) if isinstance(part, ast.Constant) else r"\w+" for part in node.values)
        yield "".join(parts)


def test_english_has_every_key_that_is_asked_for() -> None:
    known = language.catalogue("en")
    wanted = set(keys_asked_for())
    assert len(wanted) > 30
    for pattern in wanted:
        assert any(re.fullmatch(pattern, key) for key in known), pattern


def test_english_has_every_heading_of_the_monthly_report() -> None:
    known = set(language.catalogue("en").values())
    cells = json.loads((ROOT / "notebooks" / "monthly_report.ipynb").read_text("utf-8"))["cells"]
    for found in re.findall(r"Heading\((.*?)\)", "\n".join("".join(cell["source"]) for cell in cells)):
        for text in ast.literal_eval(f"[{found}]"):
            assert text in known, text


def test_english_holds_the_fixed_sentences_word_for_word() -> None:
    known = set(language.catalogue("en").values())
    marks = [Disclosure(profile, 8).mark for profile in ("internal", "share")]  # type: ignore[arg-type]
    labels = [CATALOGUE[name].label for name in CORE_NAMES]
    verdicts = ["consistent with our records", "not supported", "cannot be told"]
    fixed = [wording.LIMITATION, wording.DROP_OUT, expectations.NO_COMPARISON, expectations.SECOND_BASELINE]
    assert {*marks, *labels, *verdicts, *fixed} <= known


@each_other
def test_every_key_is_a_key_of_english_with_the_same_values(code: str) -> None:
    english = language.catalogue("en")
    for key, text in language.catalogue(code).items():
        assert key in english, key
        assert language.places_in(text) <= language.places_in(english[key]), key
        assert text.strip(), key
        spaces = [(one.startswith(" "), one.endswith(" ")) for one in (text, english[key])]
        assert spaces[0] == spaces[1], key


@pytest.mark.parametrize("code", language.LANGUAGES)
def test_no_sentence_says_what_the_records_cannot_carry(code: str) -> None:
    for key, text in language.catalogue(code).items():
        assert not re.search(CAUSAL[code], text.casefold()), (key, text)


def test_the_plan_takes_exactly_the_languages_that_have_a_catalogue() -> None:
    assert WORDS["language"] == language.LANGUAGES
    assert oc.AnalysisPlan(language="es").to_dict()["language"] == "es"
    with pytest.raises(PlanError, match="language must be one of: en, es, de"):
        oc.AnalysisPlan(language="fr")


# ---- what is not translated ----


def test_what_is_missing_comes_in_english_and_is_marked() -> None:
    with language.speaking("es"):
        known = Heading("Before and after")._repr_mimebundle_()
        unknown = Sentence("A sentence that nobody has translated.")._repr_mimebundle_()
        mixed = Columns(Heading("Before and after"), Sentence("Not translated."))._repr_mimebundle_()
        numbers = TableBlock(("", "baseline"), (("", "1,2"),))._repr_mimebundle_()
    assert known["text/html"] == "<h2>Antes y después</h2>"
    assert unknown["text/html"].startswith('<div lang="en">')
    assert unknown["text/vnd.typst"].startswith('#in-language("en", sentence(')
    assert mixed["text/html"].startswith('<div lang="en">')
    assert "lang=" not in numbers["text/html"] and "inicio" in numbers["text/html"]


def test_english_pages_carry_no_mark_of_language() -> None:
    assert "lang=" not in Sentence("Any sentence.")._repr_mimebundle_()["text/html"]


def test_a_text_of_the_clinic_is_left_as_it_is() -> None:
    with language.speaking("de"):
        assert language.translated("migraine with {braces}") == "migraine with {braces}"
        block = language.in_spoken_language(Lead((language.say("change.recorded"), Strong("x {y}"))))
    assert block.text[1] == Strong("x {y}")


def test_a_said_text_can_be_kept_and_copied() -> None:
    with language.speaking("de"):
        said = language.say("headings.who")
    for again in (pickle.loads(pickle.dumps(said)), copy.deepcopy(said)):
        assert (again, again.language) == ("Wer im Vergleich ist", "de")


def test_there_is_no_speaking_without_a_catalogue() -> None:
    with pytest.raises(ValueError, match="catalogue"):
        language.speak("fr")
    assert language.spoken() == "en"


# ---- numbers and dates ----


@each_other
def test_numbers_have_a_comma_and_thin_spaces(code: str) -> None:
    with language.speaking(code):
        assert formatting.number(-1234.56) == "−1\u202f234,6"
        assert formatting.percent(0.285) == "29\u202f%"
        assert formatting.p_value(0.0001) == "< 0,001"
        assert formatting.confidence_name(0.975) == "97,5\u202f%"
    assert formatting.number(-1234.56) == "−1,234.6"


def test_intervals_and_dates_in_words() -> None:
    day, seen = dt.date(2026, 3, 1), {}
    for code in language.LANGUAGES:
        with language.speaking(code):
            seen[code] = (
                formatting.interval(-1.25, 2),
                formatting.percent_interval(0.2, 0.36),
                formatting.date_name(day),
            )
    assert seen == {
        "en": ("−1.3 to 2.0", "20 to 36%", "1 March 2026"),
        "es": ("−1,3 a 2,0", "20 a 36\u202f%", "1 de marzo de 2026"),
        "de": ("−1,3 bis 2,0", "20 bis 36\u202f%", "1. März 2026"),
    }


@pytest.mark.parametrize("code", language.LANGUAGES)
@pytest.mark.parametrize(
    ("value", "decimals"), [(0.0, 0), (-2.65, 1), (1234567.0, 0), (0.004, 2), (-1000.0, 1)]
)
def test_a_number_is_read_back_as_it_was_shown(code: str, value: float, decimals: int) -> None:
    with language.speaking(code):
        found = formatting.read_number(formatting.number(value, decimals), code)
    assert found is not None
    assert (found.value, found.decimals) == (formatting.rounded(value, decimals), decimals)


@pytest.mark.parametrize(
    "text", ["≤7", "–", "", "007", "1 to 2", "12,34", "about 5", "1.2.3", "=1", "٣", "1e5"]
)
def test_what_is_no_number_is_not_read_as_one(text: str) -> None:
    assert formatting.read_number(text, "en") is None


# ---- the first page ----


@pytest.mark.parametrize(
    ("code", "start"),
    [("es", "Los pacientes registraron "), ("de", "Die Patienten gaben im Tagebuch ")],
)
def test_the_first_page_begins_in_each_language_and_marks_what_is_english(
    sample: Path, code: str, start: str
) -> None:
    report = oc.open_report(str(sample), month="2026-10", profile="share", plan={"language": code})
    for block in (report.masthead(), report.lead()):
        shown = language.in_spoken_language(block)
        assert language.language_of(shown) == code, shown.as_text()
    # Not translated yet, and told so to whoever reads it aloud.
    for block in (report.expectation(), report.key_figures(), report.at_a_glance()):
        assert language.language_of(language.in_spoken_language(block)) in (code, "en")
    assert report.lead().as_text().startswith(start)
    assert re.search(r"\d,\d", report.lead().as_text())


@each_other
def test_a_whole_sentence_on_a_change_is_in_one_language(sample: Path, code: str) -> None:
    records = oc.load_records(sample)
    change = oc.compare(oc.measure_endpoints(oc.split_periods(records)), "headache_days_per_28", records.plan)
    with language.speaking(code):
        told = wording.change_sentence(change, Disclosure("internal", 8))
    assert isinstance(told, language.Said) and told.language == code
    assert not re.search(r"\b(the|of|patients|interval|weeks|left)\b", told)
