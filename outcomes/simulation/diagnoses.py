"""The diagnosis of each patient: by ICHD-3, when it was written down, and what the referral called it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from outcomes.simulation.cohort import DAYS_PER_MONTH, Cohort
from outcomes.simulation.draws import Draws, Flags, yes_no
from outcomes.simulation.levels import Turns
from outcomes.simulation.truth import ClinicTruth

#: From so many usual days per 28 on, the chronic form is what gets written down (15 a month).
_CHRONIC_FROM_DAYS_PER_28 = 15

_AURA_SHARE = 0.2

#: What migraine and other headaches are called in a referral that calls them something else.
_OTHER_LABELS = np.array(["migraine", "tension_type", "cervicogenic", "sinus", "unclassified"], dtype=object)
_OTHER_LABEL_SHARES = (0.2, 0.3, 0.15, 0.25, 0.1)


def diagnoses(truth: ClinicTruth, cohort: Cohort, turns: Turns, dates: NDArray[Any]) -> dict[str, Any]:
    """The columns of `patients` on the diagnosis, frozen before the first session but for a planted share, and on
    preventive drugs."""
    draws = Draws(truth.seed, "diagnoses")
    size = truth.patients
    names = np.array([kind.name for kind in truth.types], dtype=object)[cohort.kind]
    evidence = np.where(draws.uniform(size) < truth.sinus_evidence_share, "yes", "no").astype(object)
    evidence[draws.uniform(size) < 0.15] = "unknown"
    evidence[names != "sinus"] = None
    aura = draws.uniform(size) < _AURA_SHARE
    late = draws.uniform(size) < truth.diagnosed_late_share
    wait = cohort.first_session - cohort.contact
    before = -1 - np.floor(draws.uniform(size) * wait).astype(np.int64)
    diagnosed = cohort.first_session + np.where(late, draws.whole(1, 28, size), before)
    differs = draws.uniform(size) < truth.label_differs_share
    label = np.where(differs, _OTHER_LABELS[draws.pick(_OTHER_LABEL_SHARES, size)], names)
    return {
        "ichd3_code": _ichd3(cohort, names, aura, turns.episodic, evidence == "yes"),
        "diagnosed_date": dates[np.minimum(diagnosed, truth.days - 1)],
        "label_as_referred": np.where(names == "sinus", "sinus", label),
        "sinus_evidence": evidence,
        "preventive_use": yes_no(draws.uniform(size) < truth.preventive_use_share, np.ones(size, dtype=bool)),
    }


def _ichd3(
    cohort: Cohort, names: NDArray[Any], aura: Flags, episodic: Flags, evidence: Flags
) -> NDArray[Any]:
    chronic = cohort.usual * DAYS_PER_MONTH >= _CHRONIC_FROM_DAYS_PER_28
    codes = {
        "migraine": np.where(chronic, "1.3", np.where(aura, "1.2", "1.1")),
        "tension_type": np.where(chronic, "2.3", "2.2"),
        "cervicogenic": np.full(len(names), "11.2.1"),
        "cluster": np.where(episodic, "3.1.1", "3.1.2"),
        "sinus": np.where(evidence, "11.5", "not_classified"),
    }
    given = np.full(len(names), "not_classified", dtype=object)
    for name, code in codes.items():
        given[names == name] = code[names == name]
    return given
