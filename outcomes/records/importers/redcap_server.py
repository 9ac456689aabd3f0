"""A REDCap project over its API, through PyCap: the data dictionary, and of the records the named fields only.

Fields that nobody named never leave the server. The token comes from an environment variable or from a file
that only its owner may read, never from the command line, where other users of the computer could see it.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from outcomes.errors import FileProblem, InvalidRecords, PlanError
from outcomes.records.importers.delimited import DelimitedTable
from outcomes.records.importers.redcap_dictionary import DataDictionary, dictionary_from
from outcomes.records.importers.redcap_fields import FieldMap, field_map

#: What messages and counts call the project: an address may name a clinic.
LABEL = "redcap"
TOKEN_VARIABLE = "REDCAP_TOKEN"  # noqa: S105 - the name of the variable, not a token
_TOKEN = re.compile(r"[0-9A-Fa-f]{32}")
_SECONDS = 120
_OWN = ("redcap_event_name", "redcap_repeat_instrument", "redcap_repeat_instance")


def fetch(options: Mapping[str, str]) -> tuple[DataDictionary | None, list[DelimitedTable], FieldMap]:
    """Ask the project. Raises PlanError, FileProblem or InvalidRecords, none with the server's own words."""
    url = _address(options["url"])
    token = _token(options)
    try:
        import redcap
        import requests
    except ImportError:
        raise PlanError(
            "Reading a live REDCap project needs PyCap: pip install 'outcomes[redcap]'."
        ) from None
    try:
        # A token is not sent on to wherever an answer points.
        project = redcap.Project(url, token, timeout=_SECONDS, allow_redirects=False)
        dictionary = dictionary_from(LABEL, _rows(project.metadata))
        fields = field_map(options, dictionary)
        wanted = _wanted(fields, dictionary)
        records = project.export_records(format_type="json", fields=wanted, event_name="unique")
    except (
        requests.RequestException,
        AssertionError,
        AttributeError,
        KeyError,
        TypeError,
        ValueError,
    ) as error:
        raise FileProblem(
            f"REDCap did not give the project ({type(error).__name__}). Check the address, the token and that it may "
            "export data."
        ) from None
    return dictionary, [_table(records)], fields


def _address(url: str) -> str:
    """The API's address. A token and patients' records go over it, so it is HTTPS or this computer."""
    try:
        parts = urlsplit(url)
        here = parts.hostname in ("localhost", "127.0.0.1", "::1")
    except ValueError:
        raise PlanError("url is the address of the API, such as https://redcap.example.org/api/.") from None
    if parts.username or parts.password:
        raise PlanError("url holds a user name or password. Give the token by a file or a variable.")
    if parts.scheme != "https" and not (parts.scheme == "http" and here):
        raise PlanError("url must begin with https://, since a token and records go over it.")
    if not parts.hostname or not parts.path.endswith("/api/") or parts.query or parts.fragment:
        raise PlanError("url is the address of the API and ends with /api/.")
    return url


def _token(options: Mapping[str, str]) -> str:
    file, variable = options.get("token_file", ""), options.get("token_env", "")
    if file and variable:
        raise PlanError("Give token_file or token_env, not both.")
    if file:
        token = _token_in(Path(file))
    else:
        variable = variable or TOKEN_VARIABLE
        if not re.fullmatch(r"[A-Z_][A-Z0-9_]{0,99}", variable):
            raise PlanError("token_env is the name of an environment variable, never the token itself.")
        token = os.environ.get(variable, "").strip()
        if not token:
            raise PlanError(f"The environment variable {variable} with the API token is not set.")
    if not _TOKEN.fullmatch(token):
        raise PlanError("The API token is not one of REDCap: 32 digits and letters from A to F.")
    return token


def _token_in(path: Path) -> str:
    try:
        mode = path.lstat().st_mode
        if not stat.S_ISREG(mode):
            raise PlanError("token_file is not an ordinary file.")
        if os.name == "posix" and mode & 0o077:
            raise PlanError("Others may read the file with the token. Keep it to yourself: chmod 600.")
        with path.open("rb") as file:
            return file.read(1000).decode("ascii").strip()
    except (OSError, ValueError):
        raise FileProblem("The file with the token cannot be read.") from None


def _rows(metadata: Any) -> list[tuple[int, dict[str, str]]]:
    return [
        (number, {str(name): "" if cell is None else str(cell) for name, cell in row.items()})
        for number, row in enumerate(metadata, start=1)
    ]


def _wanted(fields: FieldMap, dictionary: DataDictionary) -> list[str]:
    """The record id, the named fields, and whether their forms are complete."""
    named = [use.field for use in fields.uses]
    forms = dict.fromkeys(dictionary.by_name[name].form for name in named)
    return list(dict.fromkeys([dictionary.record_id.name, *named, *(f"{form}_complete" for form in forms)]))


def _table(records: Sequence[Mapping[str, Any]]) -> DelimitedTable:
    """The records as a raw export would hold them; rows are counted from 1."""
    if not isinstance(records, list) or not all(isinstance(row, dict) for row in records):
        raise InvalidRecords([f"{LABEL}: the project's answer is not a list of records."])
    if not records:
        raise InvalidRecords([f"{LABEL}: the project gave no record. The token may not export data."])
    names = list(dict.fromkeys(name for row in records for name in row))
    first = names[0]
    header = (first, *(name for name in _OWN if name in names), *(n for n in names[1:] if n not in _OWN))
    rows = tuple(
        (number, tuple("" if row.get(name) is None else str(row[name]) for name in header))
        for number, row in enumerate(records, start=1)
    )
    return DelimitedTable(LABEL, header, rows)
