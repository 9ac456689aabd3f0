"""What was published on dry needling for headache, in the order of what it can carry.

The list is kept by hand, from the project's specification of definitions (its section on context, which says of each
what was read: mostly abstracts). It is no systematic search and no appraisal of ours. A certainty stands beside a
review only where the review itself states one. Numbers of trials are differences between groups and must never be set
against a change within patients of a clinic.
"""

from __future__ import annotations

from dataclasses import dataclass

from outcomes.claims.declared import Claim

#: The order in which evidence stands beside a claim, the strongest kind first.
RANKS: dict[str, str] = {
    "sham_review": "systematic review with sham-controlled trials",
    "review": "systematic review, comparators mixed",
    "sham_trial": "sham-controlled trial",
    "other_trial": "other randomised trial",
    "cohort": "concurrent cohort",
    "own_audit": "own audit",
}

#: When the list was last gone through.
LISTED_ON = "November 2026"

SEARCH = (
    f"This list was gone through by hand in {LISTED_ON}, mostly from abstracts. It is not a systematic search: trials "
    "may be missing, and none was appraised anew."
)

NO_TRIAL = "no trial found"

OWN_AUDIT = "this clinic's own records, in this block"

TYPES = ("migraine", "tension_type", "cervicogenic")
TYPES_WITHOUT_TRIAL = ("cluster", "sinus", "self_labelled_sinus")


@dataclass(frozen=True)
class Published:
    """One publication. `types` are codes of `headache_type` it is about; `indirect`: of acupuncture, not dry needling;
    `certainty` as the review states it, empty where it was not read."""

    rank: str
    name: str
    result: str
    types: tuple[str, ...]
    certainty: str = ""
    indirect: bool = False

    @property
    def marks(self) -> str:
        """Certainty and directness, in brackets; empty where there is nothing to say of them."""
        marks = [f"certainty {self.certainty or 'not noted'}"] * self.rank.endswith("review")
        marks += ["indirect: acupuncture, not dry needling"] * self.indirect
        return f" ({'; '.join(marks)})" if marks else ""

    @property
    def short(self) -> str:
        return f"{self.name}{self.marks}"

    @property
    def words(self) -> str:
        return f"{self.result}{self.marks}"


PUBLISHED: tuple[Published, ...] = (
    Published(
        "sham_review",
        "Cochrane 2016, tension-type",
        "halved their headache days: 52% with acupuncture, 43% with sham",
        ("tension_type",),
        indirect=True,
    ),
    Published(
        "sham_review",
        "Cochrane 2016, episodic migraine",
        "halved their headache days: 50% with acupuncture, 41% with sham (remembered, not read again)",
        ("migraine",),
        indirect=True,
    ),
    Published(
        "review",
        "Pourahmadi 2021",
        "11 randomised trials; no significant difference in pain in the short term, some in disability",
        ("tension_type", "cervicogenic"),
        certainty="very low",
    ),
    Published(
        "review",
        "Vázquez-Justes 2022",
        "8 randomised trials, 577 patients, types together: similar to other interventions",
        ("tension_type", "cervicogenic", "migraine"),
    ),
    Published(
        "review",
        "Kandeel 2024",
        "13 randomised trials, types together: intensity, disability and frequency in favour of needling at 1 to 3 "
        "months; conflicts with Pourahmadi 2021",
        ("tension_type", "cervicogenic", "migraine"),
    ),
    Published(
        "sham_trial",
        "Gildir 2019",
        "chronic tension-type, 160 patients: intensity, frequency and duration in favour of needling; followed for 1 "
        "month",
        ("tension_type",),
    ),
    Published(
        "sham_trial",
        "Mousavi-Khatir 2022",
        "cervicogenic, 69 patients, 6 months: intensity and disability in favour of needling, frequency not "
        "significant",
        ("cervicogenic",),
    ),
    Published(
        "other_trial",
        "Kamali 2019",
        "tension-type, 44 patients: as friction massage, 48 hours later",
        ("tension_type",),
    ),
    Published(
        "other_trial",
        "Rezaeian 2020",
        "migraine, 40 patients chosen for trigger points, 1 month: in favour of needling",
        ("migraine",),
    ),
    Published(
        "other_trial",
        "Dunning 2021",
        "cervicogenic, 142 patients: needling together with manipulation; needling not set apart",
        ("cervicogenic",),
    ),
)

#: How often events were recorded elsewhere: of treatments, by those who treat.
PUBLISHED_HARM: tuple[Published, ...] = (
    Published(
        "cohort",
        "Brady 2014",
        "7,629 treatments: 19.18% with a mild event, none significant (upper limit 0.04%); told by those who treat",
        (),
    ),
    Published(
        "cohort",
        "Boyce 2020",
        "20,494 treatments: 36.7% with a minor event, 20 major ones; told by those who treat",
        (),
    ),
    Published(
        "cohort",
        "MacPherson 2004",
        "6,348 patients: 10.7% with an event in 3 months, told by the patients",
        (),
        indirect=True,
    ),
)


def published_for(claim: Claim) -> tuple[Published, ...]:
    """What stands beside a claim, in the order of RANKS; nothing where no trial is on the list."""
    if not claim.is_question or claim.kind == "contrast":
        return ()
    if claim.kind == "harm":
        return PUBLISHED_HARM
    fitting = [one for one in PUBLISHED if claim.population in ("all", *one.types)]
    order = list(RANKS)
    return tuple(sorted(fitting, key=lambda one: order.index(one.rank)))


def why_none(claim: Claim) -> str:
    """What stands in place of a list that is empty."""
    if claim.kind == "contrast":
        return "no trial on the list sets types of headache against each other"
    return NO_TRIAL
