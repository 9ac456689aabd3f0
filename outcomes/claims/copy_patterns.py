"""The words by which advertising copy promises what records cannot carry, by kind, each with a wording they can.

Kinds and reasons: docs/claims.md#advertising-copy. Tried on the invented pages of tests/advertising.py.
"""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Pattern:
    """`words` make a sentence one of this `kind`, unless `unless` is found in it too: words have more than one use."""

    kind: str
    words: re.Pattern[str]
    why: str
    instead: str
    unless: re.Pattern[str] | None = None


def _words(phrases: str, *expressions: str) -> re.Pattern[str]:
    """Whole words: phrases, separated by commas, in which a trailing ~ takes any ending; and regular expressions."""
    parts = [re.escape(part.strip()).replace(r"\~", r"\w*") for part in phrases.split(",")]
    parts = [part.replace(r"\ ", r"[\s\-]+") for part in parts]
    return re.compile(rf"(?<![\w-])(?:{'|'.join([*parts, *expressions])})(?!\w)", re.IGNORECASE)


_NUMBER = r"(?:\d+|one|two|three|four|five|six|seven|eight|nine|ten|twelve)"
_PAIN = r"(?:pain|headaches?|migraines?|suffering)"
_PEOPLE = r"(?:patients|people|clients|customers|sufferers)"
_VISITS = r"(?:sessions?|treatments?|visits?|appointments?)"
_DRUGS = r"(?:pills?|drugs?|tablets?|medications?|medicines?|painkillers?|chemicals?|chemistry)"

#: What is safe without a patient being meant.
_SAFE_THINGS = (
    r"(?:\w+ )?(?:container|box|deposit|place|distance|stand|parking|storage|payment|connection|space)\b"
    r"|(?:in|at|behind)\b"
)

_RECORDED = (
    "Patients who kept a diary recorded N fewer headache days per 28 in weeks 9 to 12 than in the four weeks before "
    "(interval, number of patients). There was no comparison group."
)

#: In this order; a sentence is listed once for each kind of words in it.
PATTERNS: tuple[Pattern, ...] = (
    Pattern(
        "certainty",
        _words(
            "proven, guarantee~, evidence based, success rate~, always works, works every time, cure~, miracle~, thing"
            " of the past, never again, say goodbye, goodbye to, farewell to, no more headaches, backed by science,"
            " science backed,"
            " gold standard, clinically tested, clinically validated, FDA approved, doctor recommended, recommended by"
            " doctors, money back, has been shown, have been shown",
            r"\d+ ?% (?:success|effective)|100 ?%",
            rf"{_NUMBER} (?:out of|in) {_NUMBER} {_PEOPLE}",
            rf"{_PAIN}[\s-]free(?! days?)|free (?:of|from) {_PAIN}|(?<!days )without (?:headaches|migraines)",
            rf"(?:life|live|living) without {_PAIN}",
            r"(?:research|science) (?:shows|suggests|proves|confirms|has shown|has proven)",
            r"studies (?:have )?(?:shown?|suggest|prove[dn]?|confirm|demonstrate)",
        ),
        "Records without a comparison group cannot carry such certainty, whatever the number.",
        "N of M patients who started (n%; interval) had at least half as many headache days in weeks 9 to 12. "
        "How many would have without treatment is not known.",
        _words("appointment, privacy, data protection"),
    ),
    Pattern(
        "harmlessness",
        _words(
            "safely, safer, safest, risk free, harmless, side effect free, no side effects, without side effects,"
            " painless~, pain free procedure, well tolerated, nothing to fear, nothing dangerous, no downside~,"
            " gentle, gently",
            rf"(?<!the )safe(?! (?:{_SAFE_THINGS}))",
            r"(?:no|hardly any|few|fewer|minimal|low|zero|virtually no) (?:known )?(?:risks?|side[\s-]effects?|harm)",
            r"(?:cannot|can't|won't|doesn't|does not) (?:hurt|harm)",
        ),
        "No event seen is not no risk: the records give an upper limit.",
        "After N sessions at which it was asked for, events were recorded after n (n%; at most u%); serious: n.",
    ),
    Pattern(
        "only_soreness",
        _words(
            "slight pinch, brief pinch, just a pinch, a little soreness, some soreness, mild soreness, slight soreness,"
            " little more than a, barely feel, hardly feel",
            r"only a (?:brief|short|slight|little|mild|tiny|small)",
            r"(?:tiny|small|little|quick|slight) (?:prick|pinch|twitch)",
        ),
        "This needs events asked for at the session and again about 72 hours later.",
        "Soreness was recorded after n% of sessions and was gone within 72 hours in m% of them.",
    ),
    Pattern(
        "without_drugs",
        _words(
            "drug free, drugfree, medication free, popping pills, chemical free",
            rf"(?:without|no(?: more)?|instead of|ditch(?:ing)?(?: the| your)?|rather than|less reliance on) {_DRUGS}",
            rf"(?:alternative to|replaces?|relian(?:ce|t) on|depend(?:ence|ent)? on|off|free of) (?:your )?{_DRUGS}",
            r"natural(?:ly)? (?:alternative|treatment|therapy|remedy|way|approach|method|solution|healing)",
            rf"(?:throw|put) away your {_DRUGS}|(?:completely|all|purely|totally|entirely|100%)[\s-]natural",
        ),
        "Patients go on taking medication; the records count its days.",
        "Patients recorded N days with acute medication per 28 in weeks 9 to 12, M before.",
    ),
    Pattern(
        "better_than_others",
        _words(
            "superior, temporary fix~, quick fix~, number one, best treatment, best therapy, best clinic, leading"
            " clinic, most effective, most successful, gold standard, works better, like no other, second to none",
            r"(?:better|faster|longer|more (?:effective|successful|lasting)|better results) than(?! before| in )",
            rf"unlike (?:{_DRUGS}|other|massage|acupuncture)|no\.? ?1(?! \w+ave)",
            r"(?:where|when) (?:other|nothing else|everything else|all else)|other treatments? (?:fail|only|just|mask)",
            r"masks? (?:the |your )?(?:symptoms?|pain|problem)|(?:say no to|instead of|alternative to|avoid) surgery",
            r"without (?:surgery|injections|botox)",
        ),
        "The records hold no patients who had the other treatment.",
        "We have no comparison with other treatments.",
    ),
    Pattern(
        "mechanism",
        _words(
            "root cause, underlying cause, endorphin~, serotonin, dopamine, blood flow, blood circulation, circulation,"
            " toxins, resets, reset the nerv~, natural painkiller~, deactivat~, self healing, inflammation, nervous"
            " system, melts away, releases tension, melt away",
            r"(?:source|origin|root) of (?:the|your) (?:pain|headaches?|migraines?|problem)",
            r"(?:at|in|to) (?:the|its|their) (?:source|origin|root)",
            r"(?:treats?|treating|tackles?|address(?:es)?|fix(?:es)?|targets?) the (?:real |true |actual )?causes?",
            r"(?:relax\w*|release[sd]?|loosens?) (?:the |tight |your )*(?:muscles?|muscle tension)",
            r"lets? the muscles? relax",
            rf"(?:triggers? points?|muscles?|knots?)\b[^.]{{0,30}}\b(?:causes?|behind)\b[^.]{{0,25}}{_PAIN}",
            rf"the (?:reason|cause) (?:for|of) your {_PAIN}",
            r"(?:get|gets|go|goes|getting|going) (?:straight )?to the (?:bottom|root|heart|core) of",
            r"releases? of \w+|body(?:'s|’s)? own|your body(?:'s|’s)? (?:natural|healing)",
        ),
        "How something might act is not a question for these records.",
        "(Leave it out, or name it as a theory with its source.)",
    ),
    Pattern(
        "lasting",
        _words(
            "lasting, long lasting, permanent~, for good, once and for all, prevent, prevents, preventing, prevention,"
            " future episodes, sustainab~,"
            " long term relief, long term results, never come back, keep you headache free, stay headache free,"
            " stay pain free, stay migraine free",
            r"(?:relief|results?|effects?) (?:that |which )?lasts?|lasts? (?:for )?(?:\w+ )?(?:months|years)",
            rf"keeps? (?:your |the )?(?:{_PAIN}|you|attacks) (?:away|at bay|{_PAIN}[\s-]free)",
        ),
        "This needs the whole group months later, with those who stopped their diary counted.",
        "In weeks 21 to 24 those who still kept a diary recorded N fewer headache days per 28 than before (n of m who "
        "started).",
    ),
    Pattern(
        "immediate",
        _words(
            "immediate~, instant~, right away, overnight, on the spot, same day relief, fast relief, quick relief, fast"
            " acting, acts fast, works fast, quick results, fast results",
            r"within (?:just )?(?:minutes|hours|days)",
            rf"(?:as little as|as few as|just|only) {_NUMBER} {_VISITS}",
            rf"(?:in|after|from|with) (?:just |only )?(?:one|a single|1|the first|the very first) {_VISITS}",
        ),
        "Pain asked by the person who treats, minutes apart, says little about headaches.",
        "Pain was N before and M after sessions (0–10, asked within the session).",
        _words("reply, answer, call you back, diary, recorded, receipt, sore, soreness, rest"),
    ),
    Pattern(
        "one_type",
        _words(
            "ideal for, works best for",
            r"(?:particularly|especially) (?:effective|good|well|helpful|successful|suited)",
            r"(?:highly|most) effective (?:for|against|in)",
            r"best results (?:are )?(?:seen |achieved )?(?:with|for|in)(?! \d)",
        ),
        "This needs the difference between types, with its interval, and not one type alone.",
        "The change did not differ / differed by N days (interval) between cervicogenic and other headaches.",
    ),
    Pattern(
        "type_without_trials",
        _words("cluster headache~, cluster attack~, sinus headache~, sinus pressure, sinus pain"),
        "No trial of dry needling was found for it; cluster bouts end by themselves, and most headaches called sinus "
        "headache are migraine.",
        "(Leave it out.)",
    ),
    Pattern(
        "number_of_sessions",
        _words(
            "recommended number of sessions, sessions are needed, sessions needed, full course, for best results,"
            " maintenance session~, maintenance treatment~, maintenance visit~",
            rf"(?:needs?|requires?|recommend|advise|suggest|takes?|usually|typically)\b[^.]{{0,20}}\b{_NUMBER} "
            rf"(?:(?:to|or|–|-) {_NUMBER} )?(?:\w+ )?{_VISITS}",
            rf"course of (?:{_NUMBER} )?(?:\w+ )?{_VISITS}",
            rf"best results (?:after|with) {_NUMBER}",
        ),
        "Sessions are given because of symptoms, and those who improve stop coming: the records cannot tell how many "
        "to give.",
        "Patients here had N sessions on average.",
    ),
    Pattern(
        "patients_words",
        re.compile(
            r"[\"“„«][^\"”“»]*\b(?:I|my|me|we|changed my life)\b[^\"”“»]*[\"”“»]|(?:^|\s)['‘](?:I|My|We)\b"
            r"|\b(?i:testimonials?|changed my life|success stor(?:y|ies)|(?:satisfied|happy|grateful) "
            r"(?:patients|clients|customers)|(?:patient|client|google|customer) reviews?|(?:five|5)[\s-]star"
            r"|what (?:our )?(?:patients|clients) (?:say|think)|rated \d|trusted by|(?:hundreds|thousands) of)|★"
        ),
        "One patient's words tell nothing about the others, and may tell who it is.",
        "(Leave it out.)",
    ),
    Pattern(
        "efficacy",
        _words(
            "reliev~, relief, eliminat~, treats, heal, heals, healed, healing, get rid of, rid you of, ease, eases,"
            " eased, easing, effectively, freedom from, break free, alleviat~, soothe~, banish~, conquer~, overcome,"
            " put an end, milder, life back, makes a difference, feel the difference, notice a difference, feel like"
            " yourself, transform~, restore~",
            r"works(?! (?:closely|together|with|at|in|as|from|on|here|and|best in|hours|day|until|part)\b)",
            r"(?:really|actually|treatments?|needles|needling|sessions) work",
            r"(?:gets?|getting|see|seeing|real|great|amazing|visible|measurable) results|remarkable|incredible|amazing",
            r"revolutionary|breakthrough|life[\s-]changing|game[\s-]changer",
            rf"{_PAIN}\b[^.,;:]{{0,40}}"
            r"\b(?:vanish\w*|disappear\w*|go(?:es)? away|resolved?|improved?|respond\w*|fades?|behind)",
            rf"(?:resolv\w+|defeat\w*|tam(?:e|es|ing)|kills?|remov\w+|eras\w+|clears?|master\w*) "
            rf"(?:\w+ ){{0,2}}{_PAIN}",
            r"(?:real|big|huge) difference|(?:report|feel|notice|see)s? (?:an? )?(?:\w+ )?improvements?|feel better",
            rf"(?:get|getting|back) to (?:doing )?what you love|cuts? (?:\w+ ){{0,2}}(?:{_PAIN}|attacks)|offers? hope",
            rf"fewer (?:migraine|headache|pain) days(?! per)|control (?:over|of) (?:your )?{_PAIN}|out of pain",
            rf"{_PEOPLE} (?:improve|feel better|get better|recover)",
            rf"\d+ ?% of (?:our |all |the )?{_PEOPLE}",
            rf"(?:reduc\w+|decreas\w+|lower(?:s|ed|ing)?(?! back)|improv\w+|fix\w*|stop\w*|ends?|beat\w*|fights?|"
            rf"lessen\w*) "
            rf"(?:\w+ )?{_PAIN}",
            rf"(?:stop|end|break) the (?:cycle|{_PAIN})|reduc(?:es?|ing) (?:how|the)|improves? your",
            r"(?:less|fewer|shorter|milder) (?:pain|headaches|migraines|attacks)",
            rf"help(?:s|ed|ing)? (?:against|with (?:your )?{_PAIN}|relieve|reduce|hundreds|thousands|many|{_PEOPLE})",
            r"(?:better|improve your) (?:sleep|mood|life|health|quality of life)|significantly \w+",
            r"effective(?! (?:date|from|opening|as of|price|\d))",
        ),
        "It says that treatment did it. Records without a comparison group show a change.",
        _RECORDED,
        # What was recorded, with its number, is what a clinic can say.
        re.compile(r"\brecorded\b.*\d|\d.*\brecorded\b", re.IGNORECASE),
    ),
)

#: The sentence says that it is not known, not shown or not promised: what follows in its clause is no promise.
DENIED = re.compile(
    r"\b(?:do not|does not|don't|doesn't|cannot|can not|can't|never|not) (?:yet )?"
    r"(?:promise|claim|guarantee|know|say|tell|prove|show|expect|mean)\b"
    r"|\b(?:no|without|little) (?:proof|evidence|trials?|study|studies|guarantee|promise)\b(?! of (?:harm|risk|side))"
    r"|\b(?:nobody|no one) (?:knows|can)\b|\bwhether\b|\bnone of (?:the|our) (?:studies|trials|records)\b"
    r"|\b(?:is|are|was|were) (?:not (?:known|clear|shown|proven)|unknown|unclear|unproven)\b"
    r"|\b(?:has|have) not been (?:shown|proven)\b|\bcannot be (?:known|told|said)\b",
    re.IGNORECASE,
)

#: Open questions promise nothing; others ("Want fast relief?") do.
OPEN_QUESTION = re.compile(
    r"^\W*(?:is|are|can|could|does|do|did|will|would|should|may|how|what|which|who|when|where)\b[^?]*\?$",
    re.IGNORECASE,
)

#: A promise hides behind these: "does not just relieve".
NOT_ONLY = re.compile(r"\b(?:not|n't) (?:just|only|merely|simply)\b", re.IGNORECASE)

CLAUSE_ENDS = re.compile(r"[,;:–—]|\s-\s|\b(?:but|however|and yet)\b", re.IGNORECASE)

#: Sentences with these speak of what patients come for: where none of the words above is in them, a person must read.
ABOUT_HEADACHE = re.compile(
    r"\b(?:headaches?|migraines?|pain|pains|attacks?|relie\w+|symptoms?)\b", re.IGNORECASE
)
