"""Numbers that a state gives to a person, told by their check digits (python-stdnum).

Only numbers whose check leaves out most random digits: 89% of nine random digits would pass for a US social
security number, so that one is known by its dashes or its header alone.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable, Sequence
from functools import cache

#: Module of stdnum → what it is called, and the form (without spaces and signs) that a value must have.
#: Random digits of that form pass in fewer than one case of eight; tests measure it.
NATIONAL: dict[str, tuple[str, str]] = {
    "nl.bsn": ("Dutch citizen numbers (BSN)", r"\d{9}"),
    "pl.pesel": ("Polish personal numbers (PESEL)", r"\d{11}"),
    "se.personnummer": ("Swedish personal numbers", r"\d{10}|\d{12}"),
    "dk.cpr": ("Danish personal numbers (CPR)", r"\d{10}"),
    "in_.aadhaar": ("Indian personal numbers (Aadhaar)", r"\d{12}"),
    "de.idnr": ("German tax numbers", r"\d{11}"),
    "fr.nir": ("French social security numbers (NIR)", r"\d{15}|\d{6}[AB]\d{8}"),
    "it.codicefiscale": ("Italian tax codes", r"[A-Z]{6}[0-9A-Z]{2}[A-Z][0-9A-Z]{2}[A-Z][0-9A-Z]{3}[A-Z]"),
    "es.dni": ("Spanish identity numbers (DNI)", r"\d{8}[A-Z]"),
    "es.nie": ("Spanish numbers of foreigners (NIE)", r"[XYZ]\d{7}[A-Z]"),
    "fi.hetu": ("Finnish personal numbers", r"\d{6}[A-Z]?\d{3}[0-9A-Z]"),
    "no.fodselsnummer": ("Norwegian personal numbers", r"\d{11}"),
    "be.nn": ("Belgian national numbers", r"\d{11}"),
    "ch.ssn": ("Swiss insurance numbers (AHV)", r"756\d{10}"),
    "at.vnr": ("Austrian insurance numbers", r"\d{10}"),
    "br.cpf": ("Brazilian tax numbers (CPF)", r"\d{11}"),
    "ca.sin": ("Canadian insurance numbers", r"\d{9}"),
    "ca.bc_phn": ("British Columbian health numbers", r"\d{10}"),
    "au.tfn": ("Australian tax numbers", r"\d{9}"),
    "ie.pps": ("Irish service numbers (PPS)", r"\d{7}[A-Z]{1,2}"),
    "cz.rc": ("Czech birth numbers", r"\d{10}"),
    "bg.egn": ("Bulgarian citizen numbers", r"\d{10}"),
    "ro.cnp": ("Romanian personal numbers", r"\d{13}"),
    "ee.ik": ("Estonian personal numbers", r"\d{11}"),
    "lt.asmens": ("Lithuanian personal numbers", r"\d{11}"),
    "hr.oib": ("Croatian identity numbers", r"\d{11}"),
    "si.emso": ("Slovenian citizen numbers", r"\d{13}"),
    "gr.amka": ("Greek insurance numbers", r"\d{11}"),
    "tr.tckimlik": ("Turkish identity numbers", r"\d{11}"),
    "za.idnr": ("South African identity numbers", r"\d{13}"),
    "kr.rrn": ("South Korean resident numbers", r"\d{13}"),
    "cn.ric": ("Chinese resident numbers", r"\d{17}[0-9X]"),
    "il.idnr": ("Israeli identity numbers", r"\d{9}"),
    "is_.kennitala": ("Icelandic identity numbers", r"\d{10}"),
    "mx.curp": ("Mexican population codes", r"[A-Z]{4}\d{6}[A-Z]{6}[0-9A-Z]\d"),
    "cl.rut": ("Chilean identity numbers", r"\d{7,8}[0-9K]"),
    "pt.nif": ("Portuguese tax numbers", r"\d{9}"),
    "my.nric": ("Malaysian identity numbers", r"\d{12}"),
    "th.pin": ("Thai identity numbers", r"\d{13}"),
    "gb.upn": ("UK pupil numbers", r"[A-Z]\d{11}[0-9A-Z]"),
    "fr.nif": ("French tax numbers", r"\d{13}"),
    "iban": ("bank account numbers (IBAN)", r"[A-Z]{2}\d{2}[0-9A-Z]{11,30}"),
}
LEAST, SHARE = 5, 0.8
#: Distinct values that a check looks at: enough to tell 80% from 10%.
_LOOKED_AT = 400


@cache
def check_of(module: str) -> Callable[[str], bool]:
    """Whether a text passes a check of python-stdnum."""
    is_valid = importlib.import_module(f"stdnum.{module}").is_valid

    def check(text: str) -> bool:
        try:
            return bool(is_valid(text))
        except (LookupError, ValueError, TypeError, ArithmeticError):
            # Some checks of the library fall over numbers whose parts they do not know.
            return False

    return check


def passes_nhs(value: str) -> bool:
    """Whether ten digits pass the NHS check. A digit repeated ten times does, and is nobody's number."""
    digits = re.sub(r"\D", "", value)
    return len(set(digits)) > 1 and check_of("gb.nhs")(digits)


def national_hits(values: Sequence[str]) -> list[tuple[str, tuple[str, ...], int]]:
    """(what it is, values that pass, values of that form) for each kind that the values show."""
    compact = [(re.sub(r"[\s./-]", "", value).upper(), value) for value in values if 9 <= len(value) <= 40]
    numbered = [(short, value) for short, value in compact if sum(sign.isdigit() for sign in short) >= 7]
    hits = []
    for module, (what, form) in NATIONAL.items():
        shaped = [pair for pair in numbered if re.fullmatch(form, pair[0])][:_LOOKED_AT]
        if len(shaped) < LEAST:
            continue
        check = check_of(module)
        passed = tuple(value for short, value in shaped if check(_as_written(module, short, value)))
        if len(passed) >= LEAST and len(passed) >= SHARE * len(shaped):
            hits.append((what, passed, len(shaped)))
    return hits


def _as_written(module: str, short: str, value: str) -> str:
    """The Finnish number needs the sign that tells the century."""
    return value if module == "fi.hetu" else short
