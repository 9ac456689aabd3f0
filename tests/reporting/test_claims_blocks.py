"""Claims as they are shown: restated without a cause, by word and sign, under the rules of the profile."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import re
from pathlib import Path
from typing import Any

import pytest

import outcomes as oc
from outcomes.analysis.claims.judging import ClaimsReview, Judged, judge_claims
from outcomes.analysis.claims.set_against import CONCURRENT, REPEAT_BASELINE
from outcomes.claims.declared import Claim, claims_of, read_claims
from outcomes.claims.kept import EDITED, Standing
from outcomes.claims.reviews import HalfYear
from outcomes.claims.rules import CANNOT_BE_TOLD, CONSISTENT, NOT_SUPPORTED, Verdict
from outcomes.cli import main
from outcomes.plan import AnalysisPlan
from outcomes.records.checked import Records
from outcomes.reporting import figures
from outcomes.reporting.claims_blocks import claims_block, claims_summary_block, claims_text
from outcomes.reporting.claims_next import claims_next_block
from outcomes.reporting.claims_wording import restatement
from outcomes.reporting.contents import MonthlyReport
from outcomes.reporting.disclosure import Disclosure, Profile
from outcomes.reporting.page import FigureBlock, Heading

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = ROOT / "data" / "sample"
FORBIDDEN = re.compile(
    r"\b(success rates?|proven|evidence[ -]based|safe|drug[ -]free|testimonials?)\b", re.IGNORECASE
)
QUOTED = re.compile(r"“[^”]*”")


@pytest.fixture(scope="module")
def records() -> Records:
    return oc.load_records(SAMPLE)


@pytest.fixture(scope="module")
def review(records: Records) -> ClaimsReview:
    return judge_claims(records, read_claims(SAMPLE / "claims.toml"), month="2026-10")


def claim(**given: Any) -> Claim:
    entry = {"id": "a", "says": "It relieves", "declared_on": dt.date(2025, 12, 15), **given}
    return claims_of({"claims": [entry]}).claims[0]


def reviewed(*judged: Judged) -> ClaimsReview:
    return ClaimsReview(judged, HalfYear(2026, 1), len(judged), AnalysisPlan())


def one(word: str, standing: Standing | None = None, **given: Any) -> Judged:
    about = claim(**{"kind": "change", "endpoint": "headache_days_per_28", **given})
    half = HalfYear(2026, 1)
    return Judged(about, standing or Standing(about.declared_on), Verdict(word, ("a reason",)), half, half)


def test_the_sample_holds_the_promises_of_clinics(review: ClaimsReview) -> None:
    kinds = {(judged.claim.kind, judged.claim.population) for judged in review}
    for kind in ("migraine", "tension_type", "cluster", "cervicogenic", "sinus"):
        assert ("change", kind) in kinds
    assert {kind for kind, _ in kinds} == {
        "change", "lasting", "share", "score", "harm", "contrast", "dose", "mechanism"
    }  # fmt: skip


def test_each_claim_has_promise_verdict_cause_and_evidence_in_one_block(review: ClaimsReview) -> None:
    text = claims_block(review, Disclosure("internal", 8)).as_text()
    parts = re.split(r"\n(?=“)", text)[1:]
    for judged, part in zip(review, parts, strict=True):
        assert part.startswith(f"“{judged.claim.says}”")
        assert "Due to treatment?" in part
        if judged.is_question:
            assert f"– {judged.verdict.word}" in part or f"○ {judged.verdict.word}" in part
            assert "Not shown: " in part and "Why: " in part and "Published: " in part
            assert "own audit: this clinic's own records" in part
        else:
            assert "not a question for these records" in part


def test_no_trial_is_said_of_cluster_and_sinus(review: ClaimsReview) -> None:
    parts = re.split(r"\n(?=“)", claims_block(review, Disclosure("internal", 8)).as_text())
    for name in ("cluster", "sinus"):
        (part,) = (part for part in parts if part.startswith(f"“Dry needling relieves {name}"))
        assert "Published: no trial found" in part


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (
            {"kind": "change", "endpoint": "headache_days_per_28"},
            "Patients recorded fewer headache days per 28 in weeks 9 to 12 after their first session than in the "
            "4 weeks before it, by more than 1 on average.",
        ),
        (
            {"kind": "lasting", "endpoint": "headache_days_per_28", "population": "migraine"},
            "Patients with migraine recorded fewer headache days per 28 in weeks 21 to 24 after their first session "
            "than in the 4 weeks before it, by more than 1 on average.",
        ),
        (
            {"kind": "change", "endpoint": "intensity_on_headache_days", "margin": 0.5},
            "Intensity on headache days that patients recorded was lower in weeks 9 to 12 after their first session "
            "than in the 4 weeks before it, by more than 0.5 (0–10 NRS) on average.",
        ),
        (
            {"kind": "harm", "grade": "serious", "at_most": 0.01},
            "Fewer than 1% of patients had a serious adverse event, of those asked.",
        ),
    ],
)
def test_the_restatement_is_built_from_what_is_declared(given: dict[str, Any], says: str) -> None:
    assert restatement(claim(**given), AnalysisPlan()) == says


def test_no_restatement_names_a_cause(review: ClaimsReview) -> None:
    causal = r"\b(reliev|reduc|because|caus|effect|works?|due to|thanks|led to|help|heal|treats?\b)"
    for judged in review:
        assert not re.search(causal, restatement(judged.claim, review.plan), re.IGNORECASE)


def test_verdicts_differ_by_sign_and_word_and_not_by_colour_alone() -> None:
    shown = claims_summary_block(reviewed(one(CONSISTENT), one(NOT_SUPPORTED), one(CANNOT_BE_TOLD))).as_text()
    for words in (f"● {CONSISTENT}", f"○ {NOT_SUPPORTED}", f"– {CANNOT_BE_TOLD}"):
        assert words in shown
    assert "Due to treatment? Not shown: no comparison group." in shown


def test_a_consistent_change_without_a_group_says_what_is_in_it() -> None:
    words = "Natural recovery, other care, attention and the wish to please are in this change"
    beside = dataclasses.replace(one(CONSISTENT), design=REPEAT_BASELINE)
    assert words in claims_text(reviewed(beside))
    assert words not in claims_text(reviewed(dataclasses.replace(beside, design=CONCURRENT)))
    assert words not in claims_text(reviewed(one(NOT_SUPPORTED)))


def test_the_next_page_tells_what_each_claim_still_needs(review: ClaimsReview) -> None:
    shown = claims_next_block(review, Disclosure("internal", 8)).as_text()
    (row,) = (line for line in shown.splitlines() if line.startswith("“Fewer headaches”"))
    still = review["fewer_headaches"].still
    assert still is not None and still.needed is not None and still.months is not None
    assert row.split("\t")[1:4] == [f"{still.analysed}", f"{still.needed}", f"{still.months}"]
    assert "a second baseline or a group" in row
    assert "Claims move next in the review of July to December 2026" in shown
    assert "no promise" in shown and "waiting alone does not help" in shown
    assert "endorphins" not in shown


def test_what_is_handed_on_tells_no_number_of_patients_analysed(review: ClaimsReview) -> None:
    """Of everyone the number needed, to two digits; of types nothing; and no column of those analysed or of months."""
    shown = claims_next_block(review, Disclosure("share", 8)).as_text()
    rows = {line.split("\t")[0]: line.split("\t")[1:] for line in shown.splitlines() if line.startswith("“")}
    for judged in review:
        if judged.still is None:
            continue
        needed = rows[f"“{judged.claim.says}”"][0]
        assert needed in ("–", "no number") or (
            judged.claim.population == "all" and int(needed.replace(",", "")) % 5 == 0
        )
    assert "analysed\t" not in shown


def test_a_release_tells_when_the_next_review_is_due_and_nothing_else(
    review: ClaimsReview, tmp_path: Path
) -> None:
    disclosure = Disclosure("public", 8, release=object())  # type: ignore[arg-type]
    shown = claims_next_block(review, disclosure).as_text()
    assert "July to December 2026" in shown
    assert not re.search(r"\d", shown.replace("2026", ""))


def test_nothing_declared_needs_nothing() -> None:
    assert claims_next_block(None, Disclosure("internal", 8)).as_text() == ""


def test_an_edited_claim_says_that_it_starts_again() -> None:
    edited = one(CANNOT_BE_TOLD, Standing(dt.date(2026, 5, 20), EDITED))
    assert "was edited, and starts again: it counts as declared on 20 May 2026" in claims_text(
        reviewed(edited)
    )


def test_markup_in_a_promise_stays_text() -> None:
    block = claims_block(reviewed(one(CONSISTENT, says="<script>#image(1)")), Disclosure("internal", 8))
    assert "<script>" not in block.as_html()
    assert "&lt;script&gt;" in block.as_html()


def test_what_is_handed_on_holds_no_exact_number_and_nothing_of_single_types(review: ClaimsReview) -> None:
    text = claims_block(review, Disclosure("share", 8)).as_text()
    parts = re.split(r"\n(?=“)", text)[1:]
    for judged, part in zip(review, parts, strict=True):
        if judged.claim.population != "all":
            assert "interval\tpatients" not in part
        for n in {row.n for row in judged.numbers if row.n % 5}:
            assert not re.search(rf"\t{n}\b|\b{n} patients", part)


def test_two_cohorts_that_differ_by_few_show_one_of_them(review: ClaimsReview) -> None:
    n = review["fewer_headaches"].n_analysed
    assert n is not None
    shown, hidden = (
        claims_block(reviewed(review["fewer_headaches"]), Disclosure("share", 8), headline).as_text()
        for headline in (n + 60, n + 3)
    )
    assert "interval\tpatients" in shown and "interval\tpatients" not in hidden


def test_nothing_declared_is_said() -> None:
    assert "no claims.toml" in claims_block(None, Disclosure("share", 8)).as_text()


# ---- never printed, anywhere ----


@pytest.mark.parametrize("profile", ["internal", "share"])
def test_the_report_prints_none_of_the_words_of_advertising(
    profile: Profile, records: Records, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every cell of the template, as page, PDF source and text; the clinic's own promises stand in quotes."""
    # Drawing takes a second per figure; what figures say in words is in their text alternatives.
    monkeypatch.setattr(
        figures,
        "figure_block",
        lambda draw, *, alt, height_mm, caption="", **_: FigureBlock(b"<svg/>", alt, caption),
    )
    declared = read_claims(SAMPLE / "claims.toml")
    report = MonthlyReport(records, "2026-10", Disclosure(profile, 8), declared=declared)
    template = json.loads((ROOT / "notebooks" / "monthly_report.ipynb").read_text("utf-8"))
    cells = ["".join(cell["source"]) for cell in template["cells"] if cell["cell_type"] == "code"]
    shown = [eval(cell, {"report": report, "Heading": Heading}) for cell in cells[2:]]
    for block in shown:
        for text in (block.as_text(), block.as_html(), block.as_typst()):
            own = re.sub(r"base64,[A-Za-z0-9+/=]+", "", QUOTED.sub("", text))
            assert not FORBIDDEN.search(own), FORBIDDEN.search(own)


@pytest.mark.parametrize(
    "command",
    [
        ["claims", "check", str(SAMPLE / "claims.toml")],
        ["compare", str(SAMPLE)],
        ["questions", str(SAMPLE)],
    ],
    ids=lambda command: " ".join(command[:2])[:14],
)
def test_no_command_prints_them(command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(command) == 0
    told = capsys.readouterr()
    for text in (told.out, told.err):
        assert not FORBIDDEN.search(QUOTED.sub("", text)), FORBIDDEN.search(QUOTED.sub("", text))


def test_the_copy_check_quotes_them_and_says_none_itself(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "Our success rate is 95%. Proven, safe and drug-free. Evidence-based. Testimonials below.", "utf-8"
    )
    assert main(["claims", "lint", str(page)]) == 4
    assert not FORBIDDEN.search(QUOTED.sub("", capsys.readouterr().out).replace("page.md", ""))
