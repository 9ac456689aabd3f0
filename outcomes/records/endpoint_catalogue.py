"""The endpoint catalogue: what can be measured per patient and period. An endpoint is one entry here and its test.

Definitions and sources in full: docs/method.md#further-endpoints. Keys of the plan stand in `day` as `$key`.
"""

from __future__ import annotations

from collections.abc import Iterator

from outcomes.records.code_lists import MEDICATION_CLASSES
from outcomes.records.endpoint_entry import Endpoint

#: Any of these tells whether acute medication was taken.
_MEDICATION = ("acute_medication", "acute_medication_class", "acute_doses")
_STRENGTH = ("intensity", "severity")

#: Classes whose regular use counts as overuse from 10 days a month on, and from 15 (ICHD-3 8.2, read).
OVERUSE_FROM_10 = ("triptan", "ergot", "opioid", "combination_analgesic")
OVERUSE_FROM_15 = ("paracetamol", "aspirin", "nsaid")

# ---- pieces of `day` that several entries share ----

_LONG_ENOUGH = "duration_hours * 60 >= $headache_day_min_minutes - 0.000000001"
_MODERATE_LONG = "(moderate_severe AND duration_hours >= $moderate_severe_min_hours - 0.000000001)"
_MODERATE_SEVERE_DAY = f"headache AND ({_MODERATE_LONG} OR took_medication)"
#: What is asked of headache days is no on a day that was written free of headache, unless it was written.
_MIGRAINE_DAY = (
    "CASE WHEN headache THEN (duration_hours * 60 >= $migraine_day_min_minutes - 0.000000001 "
    "AND two_pain_features AND accompanied) OR aura OR migraine_drug_counts WHEN aura THEN TRUE ELSE FALSE END"
)
_FEATURES = (
    "duration_hours",
    ("unilateral", "pulsating", "worse_with_activity"),
    ("nausea_or_vomiting", "photophobia"),
)
_ALSO_FEATURES = (
    "unilateral",
    "pulsating",
    "worse_with_activity",
    _STRENGTH,
    "nausea_or_vomiting",
    "photophobia",
    "phonophobia",
    "aura",
    "acute_medication_class",
)


def _class_day(*classes: str) -> str:
    """TRUE where one of the classes was taken. Codes of one cell are separated by semicolons."""
    named = " OR ".join(f"taken_classes LIKE '%;{name};%'" for name in classes)
    known = "took_medication AND taken_classes IS NOT NULL"
    return f"CASE WHEN {known} THEN {named} WHEN NOT took_medication THEN FALSE END"


def _days(
    name: str,
    label: str,
    day: str,
    needs: tuple[str | tuple[str, ...], ...],
    definition: str,
    source: str,
    also: tuple[str | tuple[str, ...], ...] = (),
) -> Endpoint:
    """An endpoint that counts days per 28."""
    return Endpoint(
        name, label, "days per 28", needs=needs, also=also, counts_days=True, highest=28, definition=definition,
        source=source, day=day,
    )  # fmt: skip


_CORE = (
    Endpoint(
        "headache_days_per_28",
        "Headache days",
        "days per 28",
        counts_days=True,
        highest=28,
        definition="Days written as headache days.",
        source="trial convention (from memory)",
        day="headache",
        core=True,
    ),
    Endpoint(
        "intensity_on_headache_days",
        "Intensity on headache days",
        "0–10 NRS",
        needs=("intensity",),
        conditional=True,
        highest=10,
        definition="Mean of the day's worst intensity over headache days that have one.",
        source="scale: COSMIG 2021 (read); mean over headache days: ours",
        day="CASE WHEN headache THEN intensity END",
        together="headache_mean",
        core=True,
    ),
    Endpoint(
        "burden_per_28",
        "Headache burden",
        "NRS points × days per 28",
        needs=("intensity",),
        highest=280,
        definition="Intensity summed over all days; headache days without one have the mean of the others.",
        source="headache index, AHS 2005 (read)",
        together="product",
        product_of=("headache_days_per_28", "intensity_on_headache_days"),
        core=True,
    ),
    Endpoint(
        "acute_medication_days_per_28",
        "Days with acute medication",
        "days per 28",
        needs=("acute_medication",),
        counts_days=True,
        highest=28,
        definition="Days on which any acute headache drug was taken.",
        source="ICHD-3 8.2 counts days (read)",
        day="acute_medication",
        core=True,
    ),
    Endpoint(
        "hours_on_headache_days",
        "Duration on headache days",
        "hours",
        needs=("duration_hours",),
        conditional=True,
        highest=24,
        definition="Mean of the hours with headache over headache days that have them.",
        source="ours",
        day="CASE WHEN headache THEN duration_hours END",
        together="headache_mean",
        core=True,
    ),
)

_KINDS_OF_DAYS = (
    _days(
        "headache_days_trial_rule_per_28",
        "Headache days by the trial rule",
        f"headache AND ({_LONG_ENOUGH} OR took_medication)",
        ("duration_hours",),
        "Headache of at least `headache_day_min_minutes`, or of any length with acute medication.",
        "common trial rule (from memory); 60 minutes Leiden (read), 240 PREEMPT (from memory)",
        (_MEDICATION,),
    ),
    _days(
        "moderate_severe_days_per_28",
        "Days with moderate or severe headache",
        _MODERATE_SEVERE_DAY,
        ("duration_hours", _STRENGTH, _MEDICATION),
        "At least moderate for at least `moderate_severe_min_hours`, or any headache with acute medication.",
        "adapted from IHS 2018 (from memory)",
    ),
    _days(
        "moderate_severe_days_no_drug_arm_per_28",
        "Days with moderate or severe headache by strength alone",
        f"headache AND {_MODERATE_LONG}",
        ("duration_hours", _STRENGTH),
        "The same without the drug arm, which hides a change where the habit of taking drugs is stable.",
        "adapted from IHS 2018 (from memory); without the drugs: ours",
    ),
    _days(
        "migraine_days_per_28",
        "Migraine days by rule",
        _MIGRAINE_DAY,
        _FEATURES,
        "At least `migraine_day_min_minutes` with two pain features and nausea, or light and sound; or an aura; or "
        "a headache with a triptan, ergot, gepant or ditan (`migraine_drug_days`).",
        "van der Arend 2023 (read); 240 minutes and effective drugs only: IHS 2018 (from memory)",
        _ALSO_FEATURES,
    ),
    _days(
        "self_labelled_migraine_days_per_28",
        "Migraine days as the patient calls them",
        "CASE WHEN headache THEN self_labelled_migraine WHEN self_labelled_migraine THEN TRUE ELSE FALSE END",
        ("self_labelled_migraine",),
        "Days that the patient calls migraine days; never mixed with the rule.",
        "ours",
    ),
    _days(
        "migraine_or_moderate_severe_days_per_28",
        "Days with migraine or moderate or severe headache",
        f"({_MIGRAINE_DAY}) OR ({_MODERATE_SEVERE_DAY})",
        (*_FEATURES, _STRENGTH, _MEDICATION),
        "A migraine day by rule, or a day with moderate or severe headache, drug arm included.",
        "what the bands of 2025 are cut from (Sacco 2025, bands second-hand)",
        _ALSO_FEATURES,
    ),
)

_ATTACKS = (
    Endpoint(
        "attacks_by_separation_per_28",
        "Number of attacks by the separation rule",
        "attacks per 28",
        highest=28,
        definition="Headache days with `attack_free_days` recorded days free of headache just before them.",
        source="one free day: IHS 2000 (read second-hand); 48 hours: IHS 2000, 2012 (from memory)",
        day="headache AND free_1_before AND ($attack_free_days < 2 OR free_2_before)",
    ),
    Endpoint(
        "attacks_recorded_per_28",
        "Number of attacks written down",
        "attacks per 28",
        needs=("attacks",),
        highest=1400,
        definition="Attacks that began, as written; a day free of headache has none.",
        source="ours",
        day="CASE WHEN headache THEN attacks ELSE 0 END",
        together="sum",
    ),
    Endpoint(
        "attacks_recorded_per_week",
        "Number of attacks written down per week",
        "attacks per week",
        needs=("attacks",),
        highest=350,
        definition="The same per week, as cluster headache is counted.",
        source="preventive trials in cluster headache (review 2024, read)",
        day="CASE WHEN headache THEN attacks ELSE 0 END",
        together="week",
    ),
)

_STRENGTH_AND_LENGTH = (
    Endpoint(
        "peak_intensity",
        "Peak intensity",
        "0–10 NRS",
        needs=("intensity",),
        highest=10,
        definition="The worst intensity of the period; 0 where no day had headache.",
        source="AHS 2005, peak severity (read)",
        day="CASE WHEN headache THEN intensity ELSE 0 END",
        together="peak",
    ),
    Endpoint(
        "intensity_over_all_days",
        "Intensity over all days",
        "0–10 NRS",
        needs=("intensity",),
        highest=10,
        definition="Mean intensity over all days on which it is known, days free of headache counting 0.",
        source="ours",
        day="CASE WHEN headache THEN intensity ELSE 0 END",
        together="mean",
    ),
    Endpoint(
        "severity_on_headache_days",
        "Severity in words on headache days",
        "0–3, in words",
        needs=("severity",),
        conditional=True,
        highest=3,
        definition="Mean of mild 1, moderate 2, severe 3 over headache days with a word; never from 0–10.",
        source="IHS four-point scale (from memory)",
        day="CASE WHEN severity = 'mild' THEN 1 WHEN severity = 'moderate' THEN 2 WHEN severity = 'severe' THEN 3 END",
        together="headache_mean",
    ),
    Endpoint(
        "headache_hours_per_28",
        "Hours with headache",
        "hours per 28 days",
        needs=("duration_hours",),
        highest=672,
        definition="Hours with headache added up, at most 24 a day.",
        source="cumulative hours, PREEMPT (read)",
        day="CASE WHEN headache THEN duration_hours ELSE 0 END",
        together="sum",
    ),
    Endpoint(
        "area_under_curve_per_28",
        "Area under the curve",
        "NRS points × hours per 28 days",
        needs=("intensity", "duration_hours"),
        highest=6720,
        definition="Worst intensity × hours of each day, added up.",
        source="tension-type headache, adapted from IHS 2010 (from memory)",
        day="CASE WHEN headache THEN intensity * duration_hours ELSE 0 END",
        together="sum",
    ),
    Endpoint(
        "headache_index_legacy",
        "Headache index of older studies",
        "days × NRS points × hours per 28 days",
        needs=("intensity", "duration_hours"),
        highest=6720,
        definition="Headache days × mean intensity × mean duration; the area only where these are uncorrelated.",
        source="older studies (ours to flag)",
        together="product",
        product_of=("headache_days_per_28", "intensity_on_headache_days", "hours_on_headache_days"),
        no_inference="no_inference: a product of three means is not a mean over days; see area_under_curve_per_28",
    ),
)


def _class_endpoints() -> Iterator[Endpoint]:
    for name in MEDICATION_CLASSES:
        words = "another acute drug" if name == "other" else f"{name.replace('_', ' ')}"
        yield _days(
            "other_acute_drug_days_per_28" if name == "other" else f"{name}_days_per_28",
            f"Days with {words}",
            _class_day(name),
            ("acute_medication_class",),
            f"Days on which {words} was taken.",
            "ICHD-3 8.2 counts days by class (read)",
        )


_MEDICATION_ENDPOINTS = (
    Endpoint(
        "acute_doses_per_28",
        "Doses of acute medication",
        "doses per 28 days",
        needs=("acute_doses",),
        highest=1400,
        definition="Doses added up; a day without acute medication has none.",
        source="doses apart from days, IHS (from memory)",
        day="CASE WHEN took_medication AND acute_doses > 0 THEN acute_doses WHEN NOT took_medication THEN 0 END",
        together="sum",
    ),
    *_class_endpoints(),
    _days(
        "overuse_class_days_per_28",
        "Days with drugs that overuse is counted by",
        _class_day(*OVERUSE_FROM_10, *OVERUSE_FROM_15),
        ("acute_medication_class",),
        "Days with a triptan, ergot, opioid, combination, paracetamol, aspirin or NSAID: several classes together.",
        "ICHD-3 8.2 (read)",
    ),
)

CATALOGUE: dict[str, Endpoint] = {
    endpoint.name: endpoint
    for endpoint in (*_CORE, *_KINDS_OF_DAYS, *_ATTACKS, *_STRENGTH_AND_LENGTH, *_MEDICATION_ENDPOINTS)
}

CORE_NAMES = tuple(name for name, endpoint in CATALOGUE.items() if endpoint.core)
