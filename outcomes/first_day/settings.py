"""The plan and the mapping of a new clinic, with a comment on every key. Both load as they are."""

from __future__ import annotations

from outcomes.first_day import texts
from outcomes.plan import AnalysisPlan
from outcomes.records.mapping import MAPPING_VERSION

_PLAN_HEAD = """\
# The choices that can move a number. Everything here is the default; change it before you look at results,
# for all patients at once, and leave it alone afterwards. Each report prints the plan it was made with.
"""

_PLAN_TAIL = """
# A further category of patients, with its codes. Then add a column of that name to the sheet 'patients'.
# [patients.referred_by]
# codes = ["doctor", "self", "other"]
"""

_MAPPING = f"""\
# How your records are read. The workbooks of this folder carry the names of the data dictionary and need nothing
# from here. Take away the # in front of a line to use it.
mapping_version = {MAPPING_VERSION}

# Sheets that may be empty, for the first weeks. Take a name out once its sheet has rows: then a sheet that was
# emptied by mistake is noticed.
allow_empty = ["patients", "sessions", "scores", "events", "diary"]

# The day these records were last brought up to date. Dates after it are typing errors.
# exported_on = 2026-10-31

# Somebody's word that the codes of patients say nothing about anybody: they were given out in the order of
# booking, or drawn, and hold no birthday, initials or hospital number.
# attestation = {{ kind = "pseudonym", by = "practice manager", date = 2026-01-05 }}

# A list from elsewhere with its own names, such as an export of the practice system saved as visits.csv.
# 'outcomes check --suggest' drafts such a part from your file, for you to confirm.
# [[tables]]
# source = "visits"
# table = "sessions"
# dates = "DD/MM/YYYY"
# ignore = ["Room", "Invoice"]
# [tables.columns]
# patient_id = "Study code"
# date = "Visit date"
# pain_before = {{ source = "Pain before (0-100)", scale = [0, 100] }}
# technique = {{ source = "Method", codes = {{ "Deep" = "deep", "Surface" = "superficial" }} }}
"""


#: Keys that stand with the next one, under one comment.
_WITH_THE_NEXT = (
    "followup_first_day",
    "summary_baseline",
    "relapse_within_days",
    "wearing_off_weeks",
    "score_baseline_first_day",
    "score_followup_first_day",
)


def plan_file(baseline_days: int = 28) -> str:
    """`outcomes.toml` with every key, its default and why it is there; 14 days of baseline on request."""
    plan = AnalysisPlan(baseline_days=baseline_days)
    lines = [_PLAN_HEAD]
    for key, value in plan.to_dict().items():
        if key in ("endpoints", "patients"):
            continue
        lines += [f"# {line}" for line in texts.PLAN_COMMENTS.get(key, "").splitlines()]
        lines += [f"# {key} = 20" if value is None else f"{key} = {_toml(value)}"]
        if key not in _WITH_THE_NEXT:
            lines += [""]
    return "\n".join(lines).rstrip("\n") + "\n" + _PLAN_TAIL


def mapping_file() -> str:
    """`mapping.toml`: nothing needs mapping, sheets may start empty, and examples wait behind a #."""
    return _MAPPING


def _toml(value: object) -> str:
    if isinstance(value, str):
        return '"' + value + '"'
    if isinstance(value, list):
        return "[" + ", ".join(_toml(item) for item in value) + "]"
    if isinstance(value, dict):
        inner = ", ".join(f"{name} = {_toml(item)}" for name, item in value.items())
        return f"{{ {inner} }}" if inner else "{}"
    if isinstance(value, float) and value.is_integer():
        return f"{value:.1f}"
    return str(value)
