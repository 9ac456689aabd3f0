"""What a workbook holds that nobody sees: the privacy gate's look at the container (G1).

Names of patients come in by hidden sheets, comments and the caches of pivot tables when the visible sheet was
cleaned with care. Nothing found here is ever shown: only that it is there, how often, and how to take it out.
"""

from __future__ import annotations

import re
import zipfile
from collections import Counter
from dataclasses import dataclass

from outcomes.errors import InvalidRecords
from outcomes.records.archives import part, tree
from outcomes.records.findings import Finding

INSPECT = (
    "In Excel: File › Info › Check for Issues › Inspect Document; or copy the cells into a new workbook."
)
_ADVICE = {
    "hidden sheet": "Show it (right-click a sheet's tab › Unhide), and delete it.",
    "comment": "Delete all comments and notes.",
    "defined name": "Delete it (Formulas › Name Manager).",
    "pivot cache": "Delete the pivot tables.",
    "external link": "Remove links to other files and addresses (Data › Edit Links; right-click › Remove Hyperlink).",
    "embedded file": "Delete the embedded objects.",
    "change history": "Accept all changes and stop recording them.",
}
_RULES = {
    "hidden sheet": "PRV-HIDDEN-SHEET",
    "comment": "PRV-COMMENT",
    "defined name": "PRV-DEFINED-NAME",
    "pivot cache": "PRV-PIVOT-CACHE",
    "external link": "PRV-EXTERNAL-LINK",
    "embedded file": "PRV-EMBEDDED-FILE",
    "change history": "PRV-CHANGE-HISTORY",
}
#: Parts of an .xlsx by what their names, or the relations that lead to them, tell.
_PARTS = {
    "comment": re.compile(r"comment|/persons?(/|$)", re.IGNORECASE),
    "pivot cache": re.compile(
        r"pivotcache|slicercache|timelinecache|(^|/)xl/model/|/powerpivotdata", re.IGNORECASE
    ),
    "external link": re.compile(r"externallink|/querytables?(/|$)|(^|/)connections(\.xml)?$", re.IGNORECASE),
    "embedded file": re.compile(r"embeddings/|/oleobject|/package$|activex|/control$", re.IGNORECASE),
    "change history": re.compile(r"/revision|/usernames", re.IGNORECASE),
}
_MACROS = re.compile(r"vbaproject|macrosheet|intlmacro|dialogsheet", re.IGNORECASE)
#: Names that a spreadsheet program makes by itself, for printing and filtering.
_OWN_NAMES = ("_xlnm.print_area", "_xlnm.print_titles", "_xlnm._filterdatabase")
_MAX_RELATIONS = 10_000_000
_PEOPLE = ("creator", "lastmodifiedby", "manager", "company", "initial-creator", "printed-by")


@dataclass(frozen=True)
class Sheet:
    """A sheet of an .xlsx workbook: its name, and the part that holds its cells."""

    name: str
    part: str


def found_beside(beside: Counter[str], label: str) -> list[Finding]:
    """A finding of the privacy gate for each kind of thing that nobody sees."""
    findings = []
    for what, count in beside.items():
        if count:
            problem = (
                f"{count} {what}{'s' if count > 1 else ''} in the workbook, which may say who somebody is."
            )
            if what == "change history":
                problem = "keeps a history of its changes, which may say who somebody is."
            findings.append(
                Finding(
                    "identity", _RULES[what], "", label, "", problem, f"{_ADVICE[what]} {INSPECT}", count, ()
                )
            )
    return findings


def warning(rule: str, label: str, problem: str, remedy: str, count: int = 1) -> Finding:
    return Finding("warning", rule, "", label, "", problem, remedy, count, ())


def look_into_xlsx(archive: zipfile.ZipFile, label: str) -> tuple[list[Sheet], list[Finding]]:
    """The sheets in order, and what is found beside their cells. Raises InvalidRecords."""
    names = archive.namelist()
    workbook = part(archive, "xl/workbook.xml")
    relations = part(archive, "xl/_rels/workbook.xml.rels")
    if workbook is None or relations is None or not _begins_with_workbook(archive, label):
        raise InvalidRecords([f"{label}: not a workbook, whatever its name says. Save it again as .xlsx."])
    kinds = _relation_kinds(archive, label)
    if any(_MACROS.search(name) for name in (*names, *kinds)):
        raise InvalidRecords(
            [f"{label}: holds programs (macros). Save it as an .xlsx workbook without them."]
        )
    beside: Counter[str] = Counter()
    for what, pattern in _PARTS.items():
        parts = sum(
            1 for name in names if pattern.search(f"/{name}") and not name.casefold().endswith(".rels")
        )
        beside[what] = parts or sum(count for kind, count in kinds.items() if pattern.search(kind))
    beside["external link"] += kinds["EXTERNAL"]
    sheets = _sheets(tree(workbook, label), _targets(relations, label), label, beside)
    return sheets, found_beside(beside, label) + _people(
        archive, ("docProps/core.xml", "docProps/app.xml"), label
    )


def _begins_with_workbook(archive: zipfile.ZipFile, label: str) -> bool:
    """Whether the archive says that its workbook is the one looked at here: a library may follow it elsewhere."""
    first = part(archive, "_rels/.rels")
    if first is None:
        return False
    kinds = [element for element in tree(first, label) if element.get("Type", "").endswith("/officeDocument")]
    return [element.get("Target", "").removeprefix("/") for element in kinds] == ["xl/workbook.xml"]


def _relation_kinds(archive: zipfile.ZipFile, label: str) -> Counter[str]:
    """How often each kind of relation is named, and how many lead out of the workbook."""
    kinds: Counter[str] = Counter()
    relations = [info for info in archive.infolist() if info.filename.casefold().endswith(".rels")]
    if sum(info.file_size for info in relations) > _MAX_RELATIONS:
        raise InvalidRecords([f"{label}: holds too many links. Copy the cells into a new workbook."])
    for info in relations:
        for element in tree(part(archive, info.filename) or b"", label):
            kinds[element.get("Type", "")] += 1
            kinds["EXTERNAL"] += element.get("TargetMode", "").casefold() == "external"
    return kinds


def _targets(relations: bytes, label: str) -> dict[str, str]:
    targets: dict[str, str] = {}
    for element in tree(relations, label):
        known, target = element.get("Id", ""), element.get("Target", "")
        if known in targets:
            raise InvalidRecords(
                [f"{label}: names two parts as one. Save it again in the spreadsheet program."]
            )
        inside = target.removeprefix("/") if target.startswith(("/", "xl/")) else f"xl/{target}"
        targets[known] = inside
    return targets


def _sheets(workbook: object, targets: dict[str, str], label: str, beside: Counter[str]) -> list[Sheet]:
    sheets = []
    for element in workbook.iter():  # type: ignore[attr-defined]
        kind = element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""
        if kind == "sheet":
            beside["hidden sheet"] += element.get("state", "visible").casefold() != "visible"
            known = next((value for key, value in element.attrib.items() if key.endswith("}id")), "")
            sheets.append(Sheet(element.get("name", ""), targets.get(known, "")))
        elif kind == "definedName":
            beside["defined name"] += element.get("name", "").casefold() not in _OWN_NAMES
    if len({sheet.name.casefold() for sheet in sheets}) < len(sheets):
        raise InvalidRecords([f"{label}: two sheets have the same name. Name them apart."])
    return sheets


def look_into_ods(archive: zipfile.ZipFile, label: str) -> list[Finding]:
    """What is found in an .ods workbook beside its content. Raises InvalidRecords."""
    manifest = part(archive, "META-INF/manifest.xml") or b""
    if b"encryption-data" in manifest:
        raise InvalidRecords([f"{label}: protected by a password. Save it without one."])
    if "content.xml" not in archive.namelist():
        raise InvalidRecords(
            [f"{label}: not a workbook, whatever its name says. Save it again as .ods or .xlsx."]
        )
    beside = Counter({"change history": any(name.startswith("Versions/") for name in archive.namelist())})
    return found_beside(beside, label) + _people(archive, ("meta.xml",), label)


def _people(archive: zipfile.ZipFile, parts: tuple[str, ...], label: str) -> list[Finding]:
    """A warning where the workbook's properties name somebody; the name itself is not kept."""
    for name in parts:
        xml = part(archive, name)
        if xml is None:
            continue
        for element in tree(xml, label).iter():
            tag = element.tag.rpartition("}")[2].casefold() if isinstance(element.tag, str) else ""
            if tag in _PEOPLE and (element.text or "").strip() not in ("", "outcomes", "openpyxl"):
                problem = "the workbook's properties name an author, or who saved it."
                return [warning("PRV-AUTHOR", label, problem, f"It was not read. To take it out: {INSPECT}")]
    return []
