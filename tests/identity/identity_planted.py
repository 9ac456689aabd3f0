"""Identifiers to plant: names in six languages, numbers with true check digits, addresses, dates, notes."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Callable


def _listed(text: str) -> list[str]:
    return text.split()


FIRST = [
    "Anna",
    "Sarah",
    "James",
    "Oliver",
    "Emily",
    "Jack",
    "Thomas",
    "Grace",
    "Wei",
    "Mohammed",
    "Priya",
    "Aisha",
    "Hannah",
    "Lukas",
    "Jürgen",
    "Käthe",
    "Günther",
    "Heike",
    "Sabine",
    "Wolfgang",
    "Amélie",
    "Jean-Pierre",
    "Françoise",
    "Léa",
    "Hugo",
    "Chloé",
    "Benoît",
    "María",
    "José",
    "Lucía",
    "Javier",
    "Carmen",
    "Íñigo",
    "Giulia",
    "Marco",
    "Francesca",
    "Niccolò",
    "Alessandro",
    "Chiara",
    "Daan",
    "Sanne",
    "Femke",
    "Maarten",
    "Joris",
    "Lieke",
    "Siân",
    "Ólafur",
    "Bo",
    "Eva",
    "Jo-Anne",
    "Ruth",
    "Mark",
]
LAST = [
    "Smith",
    "Jones",
    "O'Neill",
    "McDonald",
    "Taylor",
    "Patel",
    "Khan",
    "Nguyen",
    "Brown",
    "Evans",
    "Müller",
    "Schmidt",
    "Schäfer",
    "Weiß",
    "Krüger",
    "Hoffmann",
    "Vogel",
    "Dupont",
    "Lefèvre",
    "Moreau",
    "Garnier",
    "Rousseau",
    "Bernard",
    "García",
    "Fernández",
    "López",
    "Martínez",
    "Ibáñez",
    "Núñez",
    "Rossi",
    "Bianchi",
    "Esposito",
    "D'Angelo",
    "Ferrari",
    "Colombo",
    "Jansen",
    "Visser",
    "Bakker",
    "Dekker",
    "Hendriks",
    "Meijer",
    "Novák",
    "Kowalski",
    "Andersson",
    "Hansen",
    "Okafor",
    "Silva",
]
STREETS = ("High Street", "Station Road", "Church Lane", "Mill Close", "Victoria Avenue")
FOREIGN = (
    "Hauptstraße {}",
    "{} rue de la Paix",
    "Calle Mayor {}",
    "Via Roma {}",
    "Kerkstraat {}",
    "Lindenweg {}",
)
NOTES = (
    "Patient rang on Tuesday and said that the pain is worse at night",
    "Seen with her husband, works at the bakery, worried about the job",
    "Kommt auf Empfehlung der Schwester und fragt nach einer Krankschreibung",
    "Habite au troisième étage et ne peut pas conduire le soir",
    "Has two children and moved house in spring, mother had migraine too",
)
_AREAS = ("SW", "EH", "M", "LS", "B")

Make = Callable[[random.Random], str]


def _digits(draw: random.Random, n: int) -> str:
    return "".join(draw.choices("0123456789", k=n))


def _until(module: str, form: Callable[[random.Random], str]) -> Make:
    """Draw until python-stdnum takes it: the check digit is then a true one."""
    import importlib

    check = importlib.import_module(f"stdnum.{module}").is_valid

    def make(draw: random.Random) -> str:
        while True:
            text = form(draw)
            if len(set(text)) > 3 and check(text):
                return text

    return make


def _birthday(draw: random.Random) -> dt.date:
    return dt.date(1938, 1, 1) + dt.timedelta(draw.randint(0, 24_000))


def _initials(draw: random.Random) -> str:
    return draw.choice(FIRST)[0].translate({0xCD: "I", 0xD3: "O"}) + draw.choice(LAST)[0]


def _pesel(draw: random.Random) -> str:
    return f"{_birthday(draw):%y%m%d}{_digits(draw, 5)}"


def _nir(draw: random.Random) -> str:
    first = f"{draw.choice('12')}{_birthday(draw):%y%m}{draw.randint(1, 95):02d}{_digits(draw, 6)}"
    return f"{first}{97 - int(first) % 97:02d}"


def _codice(draw: random.Random) -> str:
    letters = "".join(draw.choices("BCDFGLMNPRST", k=6))
    tail = f"{_birthday(draw):%y}{draw.choice('ABCDEHLMPRST')}{draw.randint(1, 28):02d}H501"
    from stdnum.it.codicefiscale import calc_check_digit

    return letters + tail + calc_check_digit(letters + tail)


def _dni(draw: random.Random) -> str:
    number = _digits(draw, 8)
    return number + "TRWAGMYFPDXBNJZSQVHLCKE"[int(number) % 23]


def _german(draw: random.Random) -> str:
    """Ten digits of which one stands twice, and the check digit."""
    from stdnum.iso7064.mod_11_10 import calc_check_digit

    digits = draw.sample("123456789", 9)
    number = "".join(digits) + digits[draw.randint(0, 5)]
    return number + calc_check_digit(number)


def _iban(draw: random.Random) -> str:
    from stdnum.iban import calc_check_digits

    rest = _digits(draw, 18)
    return f"DE{calc_check_digits('DE00' + rest)}{rest}"


KINDS: dict[str, Make] = {
    "full name": lambda d: f"{d.choice(FIRST)} {d.choice(LAST)}",
    "full name in capitals": lambda d: f"{d.choice(LAST)}, {d.choice(FIRST)}".upper(),
    "full name in small letters": lambda d: f"{d.choice(FIRST)} {d.choice(LAST)}".lower(),
    "first name": lambda d: d.choice(FIRST),
    "surname": lambda d: d.choice(LAST),
    "surname and number": lambda d: f"{d.choice(LAST).lower()}{d.randint(1, 99)}",
    "street address": lambda d: f"{d.randint(1, 199)} {d.choice(STREETS)}",
    "street address abroad": lambda d: d.choice(FOREIGN).format(d.randint(1, 199)),
    "e-mail": lambda d: f"{d.choice(FIRST).lower()}.{d.randint(1, 99)}@example.org",
    "phone UK": lambda d: f"07{_digits(d, 3)} {_digits(d, 6)}",
    "phone US": lambda d: f"({d.randint(201, 989)}) {d.randint(200, 999)}-{_digits(d, 4)}",
    "phone abroad": lambda d: f"+{d.choice(['49 30', '33 1', '34 91', '39 06', '31 20'])} {_digits(d, 7)}",
    "date of birth": lambda d: _birthday(d).isoformat(),
    "date of birth, day first": lambda d: f"{_birthday(d):%d/%m/%Y}",
    "date of birth, dots": lambda d: f"{_birthday(d):%d.%m.%Y}",
    "NHS number": _until("gb.nhs", lambda d: d.choice("4679") + _digits(d, 9)),
    "NHS number, spaced": lambda d: (lambda n: f"{n[:3]} {n[3:6]} {n[6:]}")(KINDS["NHS number"](d)),
    "SSN with dashes": lambda d: f"{d.randint(100, 665)}-{d.randint(10, 99)}-{d.randint(1000, 9999)}",
    "SSN without dashes": lambda d: f"{d.randint(100, 665)}{d.randint(10, 99)}{d.randint(1000, 9999)}",
    "NINO": lambda d: f"{d.choice('ABCEHJ')}{d.choice('BCEHJK').replace('B', 'L')}{_digits(d, 6)}{d.choice('ABCD')}",
    "postcode": lambda d: f"{d.choice(_AREAS)}{d.randint(1, 20)} {d.randint(1, 9)}{d.choice(['AA', 'BD', 'XY'])}",
    "ZIP": lambda d: f"{d.randint(10001, 99950)}",
    "ZIP, leading zero": lambda d: f"0{d.randint(1001, 9950)}",
    "ZIP+4": lambda d: f"{d.randint(10001, 99950)}-{_digits(d, 4)}",
    "MRN": lambda d: f"MRN{_digits(d, 6)}",
    "MRN, bare": lambda d: f"{d.randint(1_000_000, 9_999_999)}",
    "initials and birth date": lambda d: f"{_initials(d)}{_birthday(d):%d%m%y}",
    "initials and whole birth date": lambda d: f"{_initials(d)}-{_birthday(d):%Y%m%d}",
    "IP address": lambda d: f"{d.randint(11, 223)}.{d.randint(0, 255)}.{d.randint(0, 255)}.{d.randint(1, 254)}",
    "IPv6 address": lambda d: f"2001:db8:{d.randint(4096, 65535):x}:{d.randint(4096, 65535):x}::{d.randint(1, 99)}",
    "URL": lambda d: f"https://example.org/p/{_digits(d, 5)}",
    "free-text note": lambda d: d.choice(NOTES) + f" ({d.randint(1, 99)})",
    "formula": lambda d: f'=HYPERLINK("x{_digits(d, 3)}")',
    "Dutch BSN": _until("nl.bsn", lambda d: d.choice("12345678") + _digits(d, 8)),
    "Polish PESEL": _until("pl.pesel", _pesel),
    "Swedish personnummer": _until("se.personnummer", lambda d: f"{_birthday(d):%Y%m%d}{_digits(d, 4)}"),
    "Danish CPR": _until("dk.cpr", lambda d: f"{_birthday(d):%d%m%y}{_digits(d, 4)}"),
    "Indian Aadhaar": _until("in_.aadhaar", lambda d: d.choice("23456789") + _digits(d, 11)),
    "German tax number": _german,
    "French NIR": _until("fr.nir", _nir),
    "Italian tax code": _codice,
    "Spanish DNI": _dni,
    "IBAN": _iban,
}  # fmt: skip

#: One cell of these stops everything, in whatever column it stands.
ONE_IS_ENOUGH = ("e-mail", "SSN with dashes", "NINO", "IP address", "IPv6 address", "URL", "formula")


def distinct(kind: str, n: int, seed: int) -> list[str]:
    """`n` identifiers of a kind, as different as the kind allows."""
    draw = random.Random(f"{kind} {seed}")
    found: dict[str, None] = {}
    for _ in range(n * 2):
        found[KINDS[kind](draw)] = None
        if len(found) == n:
            break
    return [list(found)[place % len(found)] for place in range(n)]
