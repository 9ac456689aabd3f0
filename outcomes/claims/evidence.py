"""What was published on dry needling for headache, in the order of what it can carry.

The list is kept by hand, from the project's specification of definitions (its section on context, which says of each
what was read) and the abstracts of the publications. It is no systematic search and no appraisal of ours. A certainty
stands beside a review only where the review itself states one and that was read. Numbers of trials are differences
between groups and must never be set against a change within patients of a clinic.
"""

from __future__ import annotations

from dataclasses import dataclass

from outcomes.claims.declared import Claim

#: The order in which evidence stands beside a claim, the strongest kind first. Reviews that pool any comparator say
#: less of needling than a trial against sham.
RANKS: dict[str, str] = {
    "sham_review": "systematic review with sham-controlled trials",
    "sham_trial": "sham-controlled trial",
    "review": "systematic review, comparators mixed",
    "other_trial": "other randomised trial",
    "cohort": "concurrent cohort",
    "survey": "survey without a comparison group",
    "own_audit": "own audit",
}

#: When the list was last gone through, and when trials of cluster and sinus headache were last looked for.
LISTED_ON = "30 November 2026"

SEARCH = (
    f"Abstracts and references were gone through by hand on {LISTED_ON}. It is not a systematic search: trials may be "
    "missing, and none was appraised anew."
)

NO_TRIAL = f"no trial found (looked for on {LISTED_ON}, not systematically)"

OWN_AUDIT = "this clinic's own records, in this block"

TYPES = ("migraine", "tension_type", "cervicogenic")


@dataclass(frozen=True)
class Published:
    """One publication: its `source` (journal, volume, pages or number) and `year`, its `design` in a few words.

    `types` are codes of `headache_type` it is about; `indirect`: of acupuncture, not dry needling. Of reviews:
    `searched`, until when they searched, and `certainty` as the review states it; empty where that was not read.
    """

    rank: str
    name: str
    year: int
    source: str
    design: str
    result: str
    types: tuple[str, ...]
    certainty: str = ""
    searched: str = ""
    indirect: bool = False

    @property
    def is_review(self) -> bool:
        return self.rank in ("sham_review", "review")

    @property
    def marks(self) -> str:
        """Certainty and directness, in brackets; empty where there is nothing to say of them."""
        marks = [f"certainty {self.certainty or 'not read'}"] * self.is_review
        marks += ["indirect: acupuncture, not dry needling"] * self.indirect
        return f" ({'; '.join(marks)})" if marks else ""

    @property
    def short(self) -> str:
        return f"{self.name}{self.marks}"

    @property
    def words(self) -> str:
        """Design, for a review until when it searched, and result, with the marks."""
        searched = f", searched {self.searched or 'until a day that was not read'}" if self.is_review else ""
        return f"{self.design}{searched}: {self.result}{self.marks}"


PUBLISHED: tuple[Published, ...] = (
    Published(
        "sham_review",
        "Cochrane 2016, tension-type (Linde)",
        2016,
        "Cochrane Database Syst Rev 2016(4):CD007587",
        "12 randomised trials, 2,349 patients",
        "halved their headache days: 52% with acupuncture, 43% with sham",
        ("tension_type",),
        certainty="graded (GRADE), the grade not read",
        searched="until 19 January 2016",
        indirect=True,
    ),
    Published(
        "sham_review",
        "Cochrane 2016, episodic migraine (Linde)",
        2016,
        "Cochrane Database Syst Rev 2016(6):CD001218",
        "22 randomised trials",
        "halved their headache days: 50% with acupuncture, 41% with sham (remembered, not read again)",
        ("migraine",),
        certainty="graded (GRADE), the grade not read",
        searched="until January 2016",
        indirect=True,
    ),
    Published(
        "review",
        "Pourahmadi 2021",
        2021,
        "Phys Ther 2021;101(5):pzab068",
        "11 randomised trials against any other treatment, 9 pooled, 4 of high quality",
        "no significant difference in pain in the short term, some in disability",
        ("tension_type", "cervicogenic"),
        certainty="very low",
        searched="until 1 April 2020",
    ),
    Published(
        "review",
        "Vázquez-Justes 2022",
        2022,
        "Neurología (Engl Ed) 2022;37(9):806–815",
        "8 randomised trials of 1994 to 2019, 577 patients, types together, not pooled; PEDro 3 to 7 of 10",
        "similar to the other treatments",
        ("tension_type", "cervicogenic", "migraine"),
    ),
    Published(
        "review",
        "Kandeel 2024",
        2024,
        "Complement Ther Med 2024:103085",
        "13 randomised trials against sham, physiotherapy or drugs, 10 pooled, types together",
        "intensity, disability and frequency in favour of needling at 1 to 3 months; conflicts with Pourahmadi 2021",
        ("tension_type", "cervicogenic", "migraine"),
        searched="until May 2023",
    ),
    Published(
        "sham_trial",
        "Gildir 2019",
        2019,
        "Medicine (Baltimore) 2019;98(8):e14520",
        "randomised against sham, chronic tension-type, 160 patients analysed of 168",
        "intensity, frequency and duration in favour of needling; followed for 1 month",
        ("tension_type",),
    ),
    Published(
        "sham_trial",
        "Mousavi-Khatir 2022",
        2022,
        "Pain Med 2022;23(3):579–589",
        "randomised, real or sham needling added to physiotherapy, cervicogenic, 69 patients, 6 months",
        "intensity and disability in favour of needling, frequency not significant",
        ("cervicogenic",),
    ),
    Published(
        "other_trial",
        "Kamali 2019",
        2019,
        "J Bodyw Mov Ther 2019;23(1):89–93",
        "randomised against friction massage, tension-type, 44 patients",
        "frequency and intensity alike 48 hours after the last session",
        ("tension_type",),
    ),
    Published(
        "other_trial",
        "Rezaeian 2020",
        2020,
        "Am J Phys Med Rehabil 2020;99(12):1129–1137",
        "randomised against a control group, migraine, 40 patients chosen for trigger points, 1 month",
        "in favour of needling",
        ("migraine",),
    ),
    Published(
        "other_trial",
        "Dunning 2021",
        2021,
        "Spine J 2021;21(2):284–295",
        "randomised, needling together with manipulation against mobilisation and exercise, cervicogenic, 142 patients",
        "in favour of the two together; needling not set apart",
        ("cervicogenic",),
    ),
)

#: How often events were recorded elsewhere.
PUBLISHED_HARM: tuple[Published, ...] = (
    Published(
        "survey",
        "Brady 2014",
        2014,
        "J Man Manip Ther 2014;22(3):134–140",
        "prospective survey of 39 physiotherapists over 10 months, 7,629 treatments",
        "1,463 mild events (19 for 100 treatments), none significant (upper limit 0.04%); told by those who treat",
        (),
    ),
    Published(
        "survey",
        "Boyce 2020",
        2020,
        "Int J Sports Phys Ther 2020;15(1):103–113",
        "prospective survey of 420 physical therapists over 6 weeks, 20,464 treatments",
        "7,531 minor events (37 for 100 treatments), 20 major ones; told by those who treat",
        (),
    ),
    Published(
        "survey",
        "MacPherson 2004",
        2004,
        "Qual Saf Health Care 2004;13(5):349–355",
        "postal survey, 6,348 of 9,408 patients who were asked after 3 months",
        "10.7% with an event (95% interval 10.0 to 11.5), 3 serious; told by the patients",
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
