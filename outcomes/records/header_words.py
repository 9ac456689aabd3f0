"""What a clinic's own column names mean: words of headache diaries and treatment lists in six languages.

A header is understood only where all of its words are listed here. A word that is not may be somebody's name in
a file without a header: such a header is never shown and never mapped.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from outcomes.records.identity.headers import says, words
from outcomes.records.identity.vocabulary import fold
from outcomes.records.schema import TABLES

#: What a header may mean → how it is said. Names of the data dictionary, and `start`, `end`, `pain`, `frequency`.
_PHRASES: dict[str, str] = {
    "patient_id": """
        patient, patient id, patient code, pat, pat id, pat code, patid, pid, id, code, pseudonym, pseudonym id,
        study id, study code, study number, studien id, studiencode, studiennummer, subject, subject id,
        participant, participant id, client id, client code, patientencode, patienten code, patienten id,
        patientenkürzel, kürzel, proband, probandencode, teilnehmer, code patient, identifiant, identifiant patient,
        numéro patient, paciente, código, código paciente, código del paciente, id paciente, paziente, codice,
        codice paziente, id paziente, patiënt, patiënt id, patiëntcode, patiëntnummer, deelnemer, studienummer,
        patient number, patient no, patientennummer, patienten nr, pat nr, patient nr, pat no,
        client, client no, client number, client nr, clients no, case, case id, case no, case number, case nr,
        case code, kunde, kundin, kunden id, kunden nr, kundennummer, klient, klient id, klient nr, klientennummer,
        klienten nr, klienten id, fall, fall id, fall nr, fallnummer, fall nummer, fallcode, numéro client, client n,
        numéro de dossier, cliente, número de cliente, número de paciente, numero cliente, numero paziente,
        cliënt, cliëntnummer, cliënt nr
    """,
    "date": """
        date, day date, diary date, entry date, date of entry, visit date, treatment date, session date,
        appointment date, date of treatment, date of visit, datum, tag datum, eintragsdatum, tagesdatum,
        behandlungsdatum, sitzungsdatum, termin, termindatum, date de visite, date de séance, date du jour, fecha,
        fecha de visita, fecha de sesión, fecha de tratamiento, data, data visita, data seduta, data trattamento,
        behandeldatum, afspraakdatum, dag datum
    """,
    "day": "day, day number, study day, diary day, tag, tag nr, tagnummer, studientag, jour, día, giorno, dag, dag nr",
    "start": """
        start, start time, started, start date, start date time, begin, began, onset, onset time, attack start,
        headache start, from, beginn, anfang, startzeit, beginn uhrzeit, von, début, heure début, date début, debut,
        inicio, hora inicio, fecha inicio, inizio, ora inizio, data inizio, start tijd, starttijd, begintijd, van
    """,
    "end": """
        end, end time, ended, end date, end date time, stop, stopped, attack end, headache end, to, until, ende,
        endzeit, ende uhrzeit, bis, fin, heure fin, date fin, hora fin, fecha fin, fine, ora fine, data fine, einde,
        eindtijd, tot
    """,
    "headache": """
        headache, headaches, headache day, had headache, any headache, migraine, migraine day, kopfschmerz,
        kopfschmerzen, kopfschmerz ja nein, kopfschmerztag, kopfweh, migräne, migränetag, céphalée, céphalées,
        mal de tête, maux de tête, jour de céphalée, dolor de cabeza, cefalea, cefaleas, migraña, jaqueca,
        mal di testa, emicrania, giorno di cefalea, hoofdpijn, hoofdpijndag, migraine dag
    """,
    "pain": "pain, schmerz, schmerzen, douleur, douleurs, dolor, dolore, pijn",
    "intensity": """
        intensity, severity, strength, pain intensity, pain severity, pain score, pain level, pain rating, worst pain,
        max pain, maximum pain, peak pain, headache intensity, headache severity, headache score, nrs, vas, pain nrs,
        pain vas, stärke, intensität, schmerzstärke, schmerzintensität, kopfschmerzstärke, kopfschmerzintensität,
        stärkster schmerz, maximale stärke, schweregrad, intensité, sévérité, intensité douleur,
        intensité de la douleur, eva, en, intensidad, intensidad del dolor, severidad, intensità,
        intensità del dolore, gravità, intensiteit, ernst, pijnscore, pijnintensiteit, sterkte, hoofdpijnscore
    """,
    "duration_hours": """
        duration, headache duration, attack duration, length, hours, hours of headache, headache hours, dauer,
        kopfschmerzdauer, schmerzdauer, attackendauer, stunden, durée, durée céphalée, duración, duración del dolor,
        durata, durata del dolore, duur, duur hoofdpijn, hoofdpijnduur, minutes, minuten
    """,
    "acute_medication": """
        medication, acute medication, acute medication taken, medication taken, medicine, medicine taken, painkiller,
        painkillers, rescue medication, tablet taken, analgesic, medikament, medikamente, akutmedikation,
        akutmedikament, schmerzmittel, tablette, tabletten, bedarfsmedikation, schmerzmittel genommen, médicament,
        médicaments, traitement de crise, antalgique, medicación, medicamento, analgésico, farmaco, farmaci,
        farmaco assunto, medicatie, medicijn, medicijnen, pijnstiller, pijnstillers, triptan, triptans, triptane,
        triptán, triptano
    """,
    "acute_doses": """
        doses, number of doses, dose count, tablets, number of tablets, pills, dosen, anzahl tabletten,
        anzahl dosen, nombre de prises, dosis, número de dosis, dosi, numero dosi, aantal tabletten
    """,
    "attacks": """
        attacks, number of attacks, attack count, attacken, anzahl attacken, crises, nombre de crises,
        número de crisis, attacchi, numero attacchi, aanvallen, aantal aanvallen
    """,
    "attack": """
        attack, attack number, attack nr, attack no, attacke, attackennummer, anfall, crise, crisis, attacco, crisi,
        aanval, entry number, row, row number, record, nr, no, lfd nr
    """,
    "unilateral": "unilateral, one sided, einseitig, unilatéral, unilateral, unilaterale, eenzijdig",
    "pulsating": "pulsating, throbbing, pulsierend, pochend, pulsatile, pulsátil, pulsante, kloppend",
    "nausea_or_vomiting": """
        nausea, vomiting, nausea or vomiting, nausea vomiting, übelkeit, erbrechen, übelkeit erbrechen,
        nausée, nausées, náuseas, nausea o vomito, misselijkheid
    """,
    "photophobia": "photophobia, light sensitivity, lichtempfindlich, lichtscheu, photophobie, fotofobia, lichtschuw",
    "phonophobia": "phonophobia, sound sensitivity, lärmempfindlich, phonophobie, fonofobia, geluidsgevoelig",
    "aura": "aura, visual aura, mit aura, avec aura, con aura, met aura",
    "practitioner_id": """
        practitioner, practitioner id, therapist, therapist id, therapeut, behandler, behandlerin, thérapeute,
        praticien, terapeuta, behandelaar
    """,
    "technique": "technique, needling technique, technik, nadeltechnik, técnica, tecnica, techniek",
    "muscles": "muscle, muscles, muskel, muskeln, muscle traité, músculo, músculos, muscolo, muscoli, spier, spieren",
    "needles_inserted": """
        needles, needles inserted, number of needles, needles in, nadeln, anzahl nadeln, nadeln gesetzt, nadelzahl,
        aiguilles, nombre d aiguilles, nombre aiguilles, agujas, número de agujas, aghi, numero aghi, naalden,
        aantal naalden
    """,
    "needles_removed": """
        needles removed, needles out, nadeln entfernt, aiguilles retirées, agujas retiradas, aghi rimossi,
        naalden verwijderd
    """,
    "depth_mm": "depth, insertion depth, tiefe, einstichtiefe, profondeur, profundidad, profondità, diepte",
    "dwell_minutes": """
        dwell, dwell time, dwell minutes, needle time, retention time, liegedauer, verweildauer, nadelzeit,
        temps de pose, tiempo de permanencia, tempo di permanenza, verblijftijd
    """,
    "pain_before": """
        pain before, headache before, vas before, nrs before, before treatment, schmerz vorher,
        schmerz vor behandlung, vas vorher, nrs vorher, douleur avant, dolor antes, dolore prima, pijn voor
    """,
    "pain_after": """
        pain after, headache after, vas after, nrs after, after treatment, schmerz nachher,
        schmerz nach behandlung, vas nachher, nrs nachher, douleur après, dolor después, dolore dopo, pijn na
    """,
    "adverse_event": """
        adverse event, adverse events, side effect, side effects, nebenwirkung, nebenwirkungen,
        unerwünschtes ereignis, effet indésirable, effets indésirables, efecto adverso, efectos adversos,
        evento avverso, effetti collaterali, bijwerking, bijwerkingen
    """,
    "acute_medication_class": """
        medication class, drug class, class of medication, wirkstoffklasse, medikamentenklasse, classe de médicament,
        clase de medicamento, classe di farmaco, medicatieklasse
    """,
    "acute_medication_helped": """
        medication helped, medicine helped, painkiller helped, medikament hat geholfen, hat geholfen,
        médicament efficace, medicamento eficaz, farmaco efficace, medicatie hielp
    """,
    "worse_with_activity": """
        aggravated by activity, activity worsens, worse with movement, stärker bei bewegung,
        aggravé par l effort, empeora con actividad, peggiora con attività, erger bij inspanning
    """,
    "soreness": """
        muscle soreness, needle soreness, soreness after treatment, muskelkater, nadelschmerz, courbatures,
        agujetas, indolenzimento, spierpijn
    """,
    "site_id": "site id, clinic site, practice, standort, praxis, filiale, cabinet, centro, sede, vestiging",
    "trigger_points": """
        trigger point, triggerpunkt, triggerpunkte, points gâchettes, puntos gatillo, punti trigger, triggerpoints
    """,
    "electrical": """
        electrical stimulation, electro stimulation, electrostimulation, elektrostimulation, stimulation électrique,
        electroestimulación, elettrostimolazione, elektrostimulatie
    """,
    "local_twitch_response": """
        twitch, local twitch, twitch response, ltr, zuckungsreaktion, lokale zuckungsreaktion,
        réponse contractile locale, respuesta de espasmo local, risposta di contrazione locale
    """,
    "aftercare": "aftercare advice, nachsorge, conseils de suivi, cuidados posteriores, nazorg",
    "explanation": "explained, aufklärung, aufgeklärt, explication, explicación, spiegazione, uitleg",
    "personal_plan": """
        treatment plan, behandlungsplan, plan de traitement, plan de tratamiento, piano di trattamento, behandelplan
    """,
    "preventive_use": """
        preventive, preventive drug, preventive medication, prophylaxis, prophylactic, prophylaxe, prophylaktikum,
        traitement de fond, preventivo, profilaxis, profilassi, profylaxe
    """,
    "ichd3_code": "ichd, ichd 3, ichd code, ichd 3 code",
    "headache_type": """
        headache type, type of headache, diagnosis, kopfschmerzart, kopfschmerztyp, diagnose, type de céphalée,
        diagnostic, tipo de cefalea, diagnóstico, tipo di cefalea, diagnosi, hoofdpijntype
    """,
    "group": "group, arm, study group, treatment group, gruppe, behandlungsgruppe, groupe, grupo, gruppo, groep",
    "contact_date": """
        contact date, first contact, booking date, booked, date booked, erstkontakt, anmeldung, anmeldedatum,
        premier contact, primer contacto, primo contatto, eerste contact, date randomized, date randomised
    """,
    "planned_sessions": "planned sessions, geplante sitzungen, séances prévues, sesiones previstas, sedute previste",
    "sex": "sex, gender, geschlecht, sexe, sexo, sesso, geslacht",
    "age_band": "age band, age group, age range, altersgruppe, altersklasse, tranche d âge, grupo edad, fascia d età",
    "period": """
        period, time point, timepoint, visit, phase, zeitpunkt, messzeitpunkt, période, visite, periodo, momento,
        periode, meetmoment
    """,
    "frequency": """
        frequency, headache days, headache days per month, headache frequency, days with headache,
        monthly headache days, migraine days, kopfschmerztage, kopfschmerztage pro monat,
        kopfschmerztage im monat, migränetage,
        häufigkeit, jours de céphalée, jours de céphalées, fréquence, días de dolor de cabeza, días de cefalea,
        frecuencia, giorni di cefalea, giorni di mal di testa, frequenza, hoofdpijndagen, frequentie, f
    """,
    "instrument": "instrument, questionnaire, fragebogen, cuestionario, questionario, vragenlijst",
    "score": "score, total, total score, points, punkte, gesamtpunkte, summe, puntuación, punteggio, totaalscore",
}

#: Units that a header may carry behind its meaning → the unit as a mapping names it.
_UNITS: dict[str, str] = {
    **dict.fromkeys(
        ("min", "mins", "minute", "minutes", "minuten", "minutos", "minuti", "minuut"), "minutes"
    ),
    **dict.fromkeys(("h", "hr", "hrs", "hour", "hours", "std", "stunde", "stunden"), "hours"),
    **dict.fromkeys(("heure", "heures", "hora", "horas", "ora", "ore", "uur", "uren"), "hours"),
    **dict.fromkeys(("s", "sec", "secs", "seconds", "sek", "sekunden"), "seconds"),
    **dict.fromkeys(("d", "days", "tage", "jours", "dias", "giorni", "dagen"), "days"),
    "mm": "mm",
    "cm": "cm",
    "inch": "inch",
}
_BEFORE = (
    "baseline before pre vorher vor ausgangswert avant initial antes basal prima iniziale voor nulmeting"
)
_AFTER = "followup after post nachher nach verlauf apres suivi despues seguimiento dopo controllo na vervolg"
#: Words that tell a time point → the period that plans compare.
_TIMES: dict[str, str] = {
    **dict.fromkeys(_BEFORE.split(" "), "baseline"),
    **dict.fromkeys(_AFTER.split(" "), "followup"),
}
#: Words that say nothing more about what a column means.
_FILLING = """
    a the of in on per pro at your my any taken today daily approx e nee
    der die das den des dem am im zur zum heute taglich ca ja nein yes no oui non si
    le la les de du d l au par un une el los las del al por il lo gli di da een het van op
    nrs vas eva scale skala echelle escala scala schaal score unit
"""
_FILLERS = frozenset(_FILLING.split())
_LOUD = ("max", "maximum", "worst", "peak", "total")
#: Numbers that belong to a scale or a span, and to nobody.
_NUMBERS = ("0", "10", "100", "28")


_BIRTH = frozenset(
    ("dob", "birth", "birthday", "birthdate", "geb", "gebdat", "naissance", "ddn", "nacimiento")
)
_BIRTH_BEGINS = ("geburt", "geboort", "nascita", "datanascita", "dateofbirth")


@dataclass(frozen=True)
class Meaning:
    """What a header says. `sure`: nothing in it was passed over but a unit, a scale or a time point.

    `top` is the highest value of the scale that it names, `time` the period that it tells.
    """

    what: str
    sure: bool
    unit: str = ""
    top: int = 0
    time: str = ""


@cache
def _by_phrase() -> dict[str, str]:
    """Phrase without spaces → what it means; the dictionary's own names first."""
    known = {name.replace("_", ""): name for table in TABLES.values() for name in table.names}
    for what, listed in _PHRASES.items():
        for phrase in listed.split(","):
            known.setdefault("".join(words(phrase)), what)
    return known


@cache
def _known_words() -> frozenset[str]:
    """Every word that a header may be shown with."""
    listed = {word for phrases in _PHRASES.values() for word in words(phrases)}
    listed |= {word for table in TABLES.values() for name in table.names for word in words(name)}
    return frozenset(listed | set(_UNITS) | set(_TIMES) | _FILLERS | set(_LOUD) | {"follow", "up"})


def meaning(header: str) -> Meaning | None:
    """What the header says, or nothing where one of its words is not listed or it says who somebody is."""
    if says(header) in ("identity", "text"):
        return None
    found = _words_of(header)
    phrases = _by_phrase()
    joined = "".join(found)
    if joined in phrases:
        return Meaning(phrases[joined], sure=True, unit=_unit(found), top=_top(found))
    unit = _unit(found[::-1])
    time = next((_TIMES[word] for word in found if word in _TIMES), "")
    rest = [word for word in found if word not in _NUMBERS]
    if not set(rest) <= _known_words():
        return None
    # First what only a time point or a unit follows; then what words that say nothing stand around.
    passed: set[str] = set()
    for more, sure in ((_TIMES, True), (_UNITS, True), (_FILLERS, False), (_LOUD, False)):
        passed |= set(more)
        bare = "".join(word for word in rest if word not in passed)
        if bare in phrases:
            return Meaning(phrases[bare], sure, unit, _top(found), time)
    return None


def may_be_shown(header: str) -> bool:
    """Whether all words of a header are words of headers, so that it is nobody's name."""
    plain = re.fullmatch(r"[\w ()\[\].,:;/%°+#?–-]{1,80}", header) is not None and header.isprintable()
    found = [word for word in _words_of(header) if word not in _NUMBERS]
    if not plain or not found:
        return False
    # `Name` is nothing but a header; `Name Miller` is somebody.
    return all(word in _known_words() or says(word) for word in found)


def says_birth(header: str) -> bool:
    """Whether a header says that its column holds dates of birth."""
    return any(word in _BIRTH or word.startswith(_BIRTH_BEGINS) for word in words(header))


def _words_of(header: str) -> list[str]:
    found = words(header)
    together: list[str] = []
    for word in found:
        if word == "up" and together and together[-1] == "follow":
            together[-1] = "followup"
        else:
            together.append(word)
    return together


def _unit(found: list[str]) -> str:
    return next((_UNITS[word] for word in found if word in _UNITS), "")


def _top(found: list[str]) -> int:
    """The top of the scale that a header names, as in `VAS (0-100)`."""
    return max((int(word) for word in found if word in ("10", "100")), default=0)


def family(header: str) -> tuple[str, str] | None:
    """(what comes before, number) of a header that ends in a number, such as `f1`, `Pain_2`, `T3`; else nothing."""
    apart = re.fullmatch(
        r"(?P<stem>[A-Za-z][A-Za-z_ .-]{0,30}?)[_ .-]?(?P<number>[0-9]{1,2})", header.strip()
    )
    return (fold(apart["stem"]), apart["number"]) if apart else None
