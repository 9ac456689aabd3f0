"""The forms of patient and practitioner ids: what may pass unsaid, what needs a person's word, what never passes.

A hospital number and a random study number look alike; no rule on values can tell them apart. So a form is
let in only where it is one that the key tool makes, a short code, or a count; anything else needs the
attestation in the mapping.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, fields

from outcomes.records.identity.detectors import SINGLE_CELL_SQL, date_in, initials_and_date, says_what_it_is
from outcomes.records.identity.looking import PSEUDONYM, Looking

CODE = "[A-Za-z]{1,10}-?[0-9]{1,6}"
NUMBER = r"[0-9]{1,15}([.]0)?"
ATTESTED = r"[A-Za-z0-9][A-Za-z0-9_.:/+{}#-]{0,63}"
#: A count of patients does not go beyond this, or beyond ten times their number.
LOW_NUMBER, SPARSE = 1000, 10
#: Letters that few ids share, where the others share theirs, are not a site's but a person's.
_FEW, _ENOUGH_IDS, _LETTERS_OF_A_SITE = 3, 5, 4
_LOOKED_AT = 10_000
_SHAPED = (
    r"([a-z]{0,3}[ ._-]?([0-9]{6}|[0-9]{8}|[0-9]{1,4}[./-][0-9]{1,2}[./-][0-9]{2,4})|"
    r"([0-9]{6}|[0-9]{8}|[0-9]{1,4}[./-][0-9]{1,2}[./-][0-9]{2,4})[ ._-]?[a-z]{1,3})"
)


@dataclass(frozen=True)
class FormHit:
    """What is wrong with the form of ids. No values: the whole column. `blocks` is false for a warning."""

    code: str
    problem: str
    values: tuple[str, ...] = ()
    blocks: bool = True


@dataclass(frozen=True)
class _Group:
    """Ids of one form with the same letters in front."""

    form: str
    letters: str
    dash: bool
    n: int
    largest: int
    padded: int
    shortest: int
    longest_padded: int
    shortest_padded: int

    @property
    def template(self) -> tuple[int, str, bool]:
        case = "upper" if self.letters.isupper() else "lower" if self.letters.islower() else "mixed"
        return len(self.letters), case, self.dash


#: What is asked of every id at once; the ids themselves are fetched only where the answer is not 0.
_FLAGS = {
    "shaped": f"regexp_full_match(v, '(?i){_SHAPED}')",
    "prefixed": "regexp_full_match(v, '(?i)[a-z]{3,8}[ ._:#-]*[0-9]+')",
    "uncoded": f"NOT regexp_full_match(v, '{ATTESTED}')",
    "word": "regexp_full_match(v, '[A-Za-z]+')",
    "unplain": f"NOT regexp_full_match(v, '{PSEUDONYM}|{CODE}|[0-9]{{1,6}}')",
    "telling": SINGLE_CELL_SQL.format(v="v"),
}


@dataclass(frozen=True)
class Ids:
    """The ids of one column: groups of them by form and letters, and how many each rule has to look at."""

    looking: Looking
    classified: str
    groups: tuple[_Group, ...]
    flagged: dict[str, int]

    @property
    def total(self) -> int:
        return sum(group.n for group in self.groups)

    def values(self, flag: str) -> tuple[str, ...]:
        """The ids that a rule has to look at."""
        return _values(self.looking, self.classified, _FLAGS[flag]) if self.flagged.get(flag) else ()


def see_ids(looking: Looking, distinct: str) -> Ids:
    """Look at all ids of a column once."""
    digits = "regexp_extract(v, '[0-9]+([.]0)?$')"
    formed = (
        f"SELECT v, CASE WHEN regexp_full_match(v, '{PSEUDONYM}') THEN 'pseudonym' "
        f"WHEN regexp_full_match(v, '{CODE}') THEN 'code' WHEN regexp_full_match(v, '{NUMBER}') THEN 'number' "
        f"ELSE 'other' END AS form FROM ({distinct})"
    )
    classified = (
        "SELECT v, form, CASE WHEN form = 'code' THEN regexp_extract(v, '^[A-Za-z]+') ELSE '' END AS letters, "
        "CASE WHEN form = 'code' THEN contains(v, '-') ELSE FALSE END AS dash, "
        f"CASE WHEN form IN ('code', 'number') THEN replace({digits}, '.0', '') END AS digits FROM ({formed})"
    )
    padded = "digits LIKE '0_%'"
    flags = ", ".join(f"count(*) FILTER (WHERE {rule})" for rule in _FLAGS.values())
    rows = looking.rows(
        "SELECT form, letters, dash, count(*), coalesce(max(digits::BIGINT), 0), "
        f"count(*) FILTER (WHERE {padded}), coalesce(min(strlen(digits)), 0), "
        f"coalesce(max(strlen(digits)) FILTER (WHERE {padded}), 0), "
        f"coalesce(min(strlen(digits)) FILTER (WHERE {padded}), 0), {flags} "
        f"FROM ({classified}) GROUP BY form, letters, dash ORDER BY count(*) DESC LIMIT 1000000"
    )
    own = len(fields(_Group))
    flagged = {flag: sum(row[own + place] for row in rows) for place, flag in enumerate(_FLAGS)}
    return Ids(looking, classified, tuple(_Group(*row[:own]) for row in rows), flagged)


def form_hits(ids: Ids, patients: int, *, attested: bool, any_code: bool) -> list[FormHit]:
    """Everything about the form of one column's ids.

    `patients`: distinct ids of the whole source. `attested`: somebody vouches for the ids; `any_code`: that
    they are random study numbers, of whatever form.
    """
    if not ids.groups:
        return []
    hits = [*_dates(ids, patients, bare=any_code), *_prefixes(ids)]
    if any_code:
        return hits + _not_a_code(ids)
    hits += _other_forms(ids)
    forms = {group.form for group in ids.groups}
    if not hits and "number" in forms:
        hits += _sparse(ids.groups, patients)
    if "code" in forms:
        hits += _strays(ids)
    if not hits and not attested and forms != {"pseudonym"}:
        what = "running numbers" if forms == {"number"} else "short codes"
        hits.append(
            FormHit("PRV-ID-UNATTESTED", f"the ids are {what}, and nobody vouches for them.", blocks=False)
        )
    return hits


def _values(looking: Looking, classified: str, rule: str) -> tuple[str, ...]:
    query = f"SELECT v FROM ({classified}) WHERE {rule} ORDER BY hash(v), v LIMIT {_LOOKED_AT}"
    return tuple(v for (v,) in looking.rows(query))


def _dates(ids: Ids, patients: int, *, bare: bool) -> list[FormHit]:
    """Initials with a birthday: letters and six or eight digits that are mostly dates, and not a count."""
    seen, found = 0, []
    for value in ids.values("shaped"):
        parts = initials_and_date(value)
        if parts is None:
            if bare:
                seen += 1
                found += [value] if date_in(value) else []
            continue
        digits, day = parts[1], parts[2]
        if digits.isdigit() and int(digits) <= max(LOW_NUMBER, SPARSE * patients):
            continue
        seen += 1
        found += [value] if day else []
    if not found or len(found) < 0.5 * seen:
        return []
    told = f"{_ids(len(found), 'is', 'are')} letters with a date, as initials and a birthday are."
    return [FormHit("PRV-ID-DATE", told, tuple(found))]


def _prefixes(ids: Ids) -> list[FormHit]:
    found = tuple(value for value in ids.values("prefixed") if says_what_it_is(value))
    if not found:
        return []
    told = f"{_ids(len(found), 'stands', 'stand')} behind a word such as MRN, NHS or TEL."
    return [FormHit("PRV-ID-PREFIX", told, found)]


def _other_forms(ids: Ids) -> list[FormHit]:
    """All ids of a column are of one allowed form."""
    looking, classified = ids.looking, ids.classified
    counts: Counter[str] = Counter()
    for group in ids.groups:
        counts[group.form] += group.n
    main = max((form for form in counts), key=lambda form: (counts[form], form != "other"))
    if main == "other":
        told = f"{counts['other']} of {counts.total()} distinct ids have none of the forms that are let in unsaid."
        values = () if counts["other"] == counts.total() else _values(looking, classified, "form = 'other'")
        return [FormHit("PRV-ID-FORM", told, values)]
    strange = counts.total() - counts[main]
    if not strange:
        return []
    told = f"{_ids(strange, 'is', 'are')} of another form than the rest of the column."
    return [FormHit("PRV-ID-FORM", told, _values(looking, classified, f"form <> '{main}'"))]


def _sparse(groups: Sequence[_Group], patients: int) -> list[FormHit]:
    """Whole numbers are let in where they count patients; hospital numbers and ZIP codes do not."""
    numbers = next(group for group in groups if group.form == "number")
    if numbers.padded and (
        numbers.longest_padded != numbers.shortest_padded or numbers.shortest < numbers.longest_padded
    ):
        return [FormHit("PRV-ID-FORM", "the ids are numbers, some with leading zeros and some without.")]
    if numbers.largest > max(LOW_NUMBER, SPARSE * patients):
        told = (
            "the ids are numbers too large for a count of patients, as hospital numbers and postal codes are."
        )
        return [FormHit("PRV-ID-FORM", told)]
    return []


def _strays(ids: Ids) -> list[FormHit]:
    """Letters that differ from id to id are initials or names; letters of a site are shared."""
    looking, classified = ids.looking, ids.classified
    codes = [group for group in ids.groups if group.form == "code"]
    lettered = [group for group in codes if len(group.letters) > 1]
    own = sum(group.n for group in lettered)
    if own >= _ENOUGH_IDS and len(lettered) > 0.5 * own:
        return [FormHit("PRV-ID-FORM", "most ids have letters of their own, as initials and names are.")]
    shared_by_many = [group for group in codes if group.n >= _FEW]
    usual = {group.template for group in shared_by_many}
    # P12 or p-12 among P-0001 is a slip and says nothing.
    letters = {group.letters.upper() for group in shared_by_many}
    rare = [
        group
        for group in codes
        if group.n < _FEW
        and len(codes) > 1
        and group.letters.upper() not in letters
        and ((usual and group.template not in usual) or len(group.letters) > _LETTERS_OF_A_SITE)
    ]
    if not rare:
        return []
    shared = (
        f"SELECT *, count(*) OVER (PARTITION BY letters, dash) AS n FROM ({classified}) WHERE form = 'code'"
    )
    few = _values(looking, shared, f"n < {_FEW}")
    odd = {(group.letters, group.dash) for group in rare}
    values = tuple(value for value in few if (re.split(r"[-0-9]", value)[0], "-" in value) in odd)
    told = f"{_ids(len(values), 'has', 'have')} letters in front that no other id has."
    return [FormHit("PRV-ID-FORM", told, values)]


def _not_a_code(ids: Ids) -> list[FormHit]:
    """A random study number may have any form, but no spaces; and one word among numbers is none."""
    hits = []
    spaced = ids.values("uncoded")
    if spaced:
        told = f"{_ids(len(spaced), 'holds', 'hold')} spaces or signs that no study number has."
        hits.append(FormHit("PRV-ID-FORM", told, spaced))
    words = ids.values("word")
    if not words:
        return hits
    # Random codes of one length are sometimes letters only; a name among them is of another length or case.
    usual = ids.looking.rows(
        f"SELECT strlen(v), count(*) AS n FROM ({ids.classified}) GROUP BY strlen(v) ORDER BY n DESC LIMIT 1"
    )[0][0]
    odd = tuple(word for word in words if len(word) != usual or word not in (word.upper(), word.lower()))
    if odd and len(odd) <= 0.1 * ids.total and ids.total >= _ENOUGH_IDS:
        told = f"{_ids(len(odd), 'is a word', 'are words')} among numbers."
        hits.append(FormHit("PRV-ID-FORM", told, odd))
    return hits


def _ids(n: int, one: str, many: str) -> str:
    return f"1 id {one}" if n == 1 else f"{n} ids {many}"
