"""Words that codes are made of, so that a word which nobody has listed can be told from one that is a code.

Not a list of names: names are never complete. What is listed here is what a code of a headache clinic is
likely to say, in the languages of the header lists; everything else has to be shared by several patients.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache

_PERIODS = """
after all at baseline before between course day days during end endpoint enrolment entry exit final first followup
follow up fu half in initial interim intake last later long mid middle midterm month monthly months no of on one
pause per period phase point post pre pretreatment posttreatment quarter repeat run second session short sitting start
early late stage term the third three time to treatment two visit visits wait waiting washout week weekly weeks with
without year years zero screening discharge review assessment recall t v w m
vor nach ausgang beginn basis basislinie verlauf verlaufskontrolle nachkontrolle nachsorge kontrolle woche wochen
monat monate tag tage jahr ende anfang erste zweite dritte letzte besuch termin behandlung sitzung
avant apres debut fin suivi semaine semaines mois jour jours visite bilan initiale premiere derniere controle
antes despues inicio fin seguimiento semana semanas mes meses dia dias visita basal final primera ultima
prima dopo inizio fine controllo settimana settimane mese mesi giorno giorni visita iniziale finale
voor na begin einde nulmeting meting vervolg weken maand maanden dag dagen bezoek eerste laatste
"""
_CLINICAL = """
above acute advice allergy alone anxiety attack aura back below bilateral bleed bleeding both bruise bruised
bruising burn burning central change changed chest chronic cluster cold concurrent cough deep diagnosis dizziness
dizzy dose down drop drowsiness drowsy dry east ear eye exercise face faint fainted fainting faintness fall fatigue
fever fever frontal general good haematoma hematoma head headache heat heavy high hot increase increased infection
injection itch itching jaw left light local loss low lower major mass medium metallic migraine mild minor mixed
moderate moved movement muscle nausea neck needle needling nerve new night none normal north not numb numbness other
out over pain palpitations panic physio pneumothorax poor pregnancy preventive pulse quick rash reaction referral
referred refused rest right same scalp sensory serious severe severity shoulder side sinus site skin sleep slow
soreness south spasm stable start started stiff stiffness stopped stroke stuck superficial surgery sweating swelling
switch syncope taste tender tension tingling tired tiredness tooth type unknown upper urban rural unwell vasovagal
vertigo visual vomiting warm weak weakness weight well west withdrawal work worse worsened yes better black blue
brown green grey orange pink purple red white yellow alpha beta gamma delta active inactive arm control controls
cohort group sham placebo open blind randomised usual care full part partial employed retired student
links rechts beide keine andere unbekannt leicht mittel schwer nord ost west sued stark schwach gemischt tief
oberflaechlich gauche droite aucun autre leger modere severe izquierda derecha ninguno otro leve grave sinistra
destra nessuno altro lieve moderato rechts geen anders licht matig ernstig noord oost zuid
"""
_MEDICINES = """
amitriptyline atogepant beta blocker blockers botox botulinum toxin bisoprolol candesartan duloxetine eptinezumab
erenumab flunarizine fremanezumab galcanezumab gabapentin lisinopril magnesium metoprolol mirtazapine nortriptyline
onabotulinumtoxina pizotifen pregabalin propranolol riboflavin rimegepant timolol topiramate valproate venlafaxine
verapamil ibuprofen naproxen paracetamol aspirin sumatriptan rizatriptan zolmitriptan eletriptan codeine tramadol
"""

#: Words of codes that are family names as well: alone in a cell, they have to be shared like any other word.
_ALSO_NAMES = frozenset(
    [
        *(
            "black",
            "blue",
            "brown",
            "green",
            "grey",
            "purple",
            "white",
            "alpha",
            "day",
            "days",
            "field",
            "good",
        ),
        *(
            "head",
            "hot",
            "long",
            "major",
            "may",
            "north",
            "south",
            "east",
            "west",
            "poor",
            "quick",
            "rest",
            "same",
        ),
        *(
            "short",
            "well",
            "winter",
            "stark",
            "ende",
            "anfang",
            "berg",
            "grave",
            "dag",
            "mayor",
            "mann",
            "cold",
        ),
    ]
)


def fold(text: str) -> str:
    """Lower case without accents: `Straße` and `STRASSE`, `prénom` and `prenom` are one."""
    plain = text.casefold().replace("ß", "ss").replace("æ", "ae").replace("ø", "o").replace("œ", "oe")
    return "".join(sign for sign in unicodedata.normalize("NFKD", plain) if not unicodedata.combining(sign))


@cache
def code_words() -> frozenset[str]:
    """Every listed word, and the words of every code list of the data dictionary."""
    from outcomes.records.schema import TABLES

    listed = f"{_PERIODS} {_CLINICAL} {_MEDICINES}".split()
    for table in TABLES.values():
        for column in table.columns:
            for text in (column.name, *column.codes):
                listed += re.findall(r"[a-z]+", fold(text))
    return frozenset(listed)


def unlisted_words(text: str) -> list[str]:
    """The words of a text, three letters or longer, that no list holds."""
    words = re.findall(r"[^\W\d_]+", fold(text))
    listed = code_words()
    return [word for word in words if len(word) > 2 and word not in listed and word.rstrip("s") not in listed]


def may_be_name(text: str) -> bool:
    """Whether a text has a word in no list, or is nothing but a word that is a family name as well."""
    return bool(unlisted_words(text)) or fold(text).strip() in _ALSO_NAMES
