"""What a column's header says: that it holds an identity, free text, or somebody's age.

Headers are split into words without case and accents; what matters is a whole word, or the beginning of one
where a language joins words (`Geburtsdatum`, `Versichertennummer`).
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Literal

from outcomes.records.identity.vocabulary import fold

Says = Literal["", "identity", "text", "age"]


def _listed(text: str) -> frozenset[str]:
    return frozenset(text.split())


_IDENTITY = _listed(
    """
    name names forename forenames firstname lastname surname surnames fullname familyname givenname initials initial
    maiden alias nickname salutation
    dob birth birthday birthdate birthyear yob born
    email mail phone telephone tel telno mobile cell cellphone fax whatsapp skype facebook instagram twitter linkedin
    website url homepage ip ipaddress mac imei hostname username login userid
    address addresses addr street road city town village county postcode zip zipcode postal geohash gps latitude
    longitude lat lon lng geolocation coordinates
    nhs nhsno nhsnumber ssn mrn nino chi hospitalno hospitalnumber passport licence license policy insurance insurer
    medicare medicaid iban account payment invoice
    gp kin relative spouse guardian carer nextofkin emergency employer workplace school physician doctor
    signature photo photograph picture serial serialnumber deviceid
    vorname nachname familienname zuname rufname geb gebdat geschlechtsname anschrift adresse strasse str ort wohnort
    plz telefon handy mobil mobilnummer festnetz krankenkasse versicherung versicherungsnummer versichertennummer
    kvnr kvnummer svnr ahv sozialversicherung hausarzt arbeitgeber angehorige angehoriger ausweis patientenname
    nom noms prenom prenoms nomprenom naissance ddn portable courriel adresse rue ville commune cp codepostal
    telephone nir secu securitesociale insee ins mutuelle medecin medecintraitant employeur conjoint
    nombre nombres apellido apellidos nacimiento fnac correo telefono movil celular direccion calle ciudad poblacion
    municipio cpostal dni nie nif nss tarjeta sanitaria empleador medico familiar
    nome nomi cognome nominativo nascita datanascita cellulare indirizzo citta comune cap tessera codicefiscale
    cf medicocurante datore posta
    naam voornaam achternaam familienaam tussenvoegsel voorletters roepnaam geboorte geboortedatum gebdatum
    telefoonnummer telefoon mobiel adres straat woonplaats gemeente bsn huisarts werkgever verzekering zorgverzekeraar
    polis polisnummer
    """
)
#: Beginnings that joined words share.
_IDENTITY_BEGINS = (
    "geburt",
    "geboort",
    "vornam",
    "nachnam",
    "familiennam",
    "achternaam",
    "telefon",
    "telefoon",
    "handynr",
    "handynummer",
    "versicher",
    "sozialversicher",
    "krankenkass",
    "krankenversicher",
    "hausarzt",
    "arbeitgeber",
    "postleitzahl",
    "hausnummer",
    "strassen",
    "wohnort",
    "adress",
    "anschrift",
    "patientenname",
    "patientname",
    "huisarts",
    "verzeker",
    "zorgverzeker",
    "personnummer",
    "burgerservice",
    "emailad",
)
_TEXT = _listed(
    """
    note notes comment comments remark remarks freetext narrative memo diarytext journal
    notiz notizen bemerkung bemerkungen kommentar kommentare anmerkung anmerkungen freitext hinweis hinweise
    remarque remarques commentaire commentaires textelibre
    nota notas comentario comentarios observaciones anotaciones textolibre
    commento commenti osservazioni annotazioni testolibero
    opmerking opmerkingen notitie notities toelichting vrijetekst
    """
)
_TEXT_PAIRS = (
    ("free", "text"),
    ("texte", "libre"),
    ("texto", "libre"),
    ("testo", "libero"),
    ("vrije", "tekst"),
)
_AGE = frozenset(["age", "ages", "alter", "altersjahre", "edad", "eta", "leeftijd", "ageyears", "patientage"])
_BANDED = _listed(
    "band bands group groups class range category gruppe klasse tranche groupe grupo rango fascia groep"
)
#: `name` says nothing about a person behind one of these.
_THINGS = _listed(
    """
    medication medicine drug med device instrument file sheet muscle technique study trial product event variable form
    test questionnaire clinic site centre center project column field table unit group period arm visit treatment
    medikament medicament medicamento farmaco medicijn
    """
)
#: Words that mean a person only where they stand alone: `doctor` does, `doctor_visits` is a count.
_DOUBTFUL = _listed(
    """
    initial str cell cap cp cf ort road lat lon mac nie ins photo policy chi doctor physician school relative
    emergency payment invoice medico familiar posta rue picture signature carer ip
    """
)
_PAIRS = _listed(
    "emergencycontact familydoctor ipaddress macaddress birthdate dateofbirth nextofkin mothersname"
)


def words(header: str) -> list[str]:
    """The words of a header, folded; a change from small to capital letters begins a new one."""
    apart = re.sub(r"(?<=[a-zà-öø-ÿ0-9])(?=[A-ZÀ-ÖØ-Þ])", " ", header)
    return re.findall(r"[^\W_]+", fold(apart))


def says(header: str) -> Says:
    """What the header says. A name of the data dictionary says nothing: its column has rules of its own."""
    from outcomes.records.schema import TABLES

    if any(header.strip().casefold() in table.names for table in TABLES.values()):
        return ""
    found = words(header)
    joined = "".join(found)
    if _TEXT & {*found, joined} or any(pair in pairwise(found) for pair in _TEXT_PAIRS):
        return "text"
    if joined in _IDENTITY or joined.startswith(_IDENTITY_BEGINS) or _names_identity(found):
        return "identity"
    if _AGE & set(found) and not _BANDED & set(found):
        return "age"
    return ""


def _names_identity(found: list[str]) -> bool:
    if any("".join(pair) in _PAIRS for pair in pairwise(found)):
        return True
    for position, word in enumerate(found):
        bare = word.rstrip("0123456789")
        if word.startswith(_IDENTITY_BEGINS):
            return True
        if word not in _IDENTITY and bare not in _IDENTITY:
            continue
        before = found[position - 1] if position else ""
        if bare in ("name", "names", "nom", "nombre", "nome", "naam") and before in _THINGS:
            continue
        if bare in _DOUBTFUL and len(found) > 1:
            continue
        return True
    return False
