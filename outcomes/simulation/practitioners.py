"""Who treats whom, and where; and how far practitioners and sites differ, if they are made to."""

from __future__ import annotations

from outcomes.simulation.draws import Draws, Floats, Wholes
from outcomes.simulation.truth import ClinicTruth


def practitioner_shares(truth: ClinicTruth) -> list[float]:
    """How the patients spread over the practitioners: the first ones see more."""
    return [1 / (2 + number) for number in range(truth.practitioners)]


def own_practitioner(truth: ClinicTruth) -> Wholes:
    """Number of each patient's own practitioner, from 0: the first draw of the sessions, made beforehand."""
    return Draws(truth.seed, "sessions").pick(practitioner_shares(truth), truth.patients)


def site_of(truth: ClinicTruth, practitioner: Wholes) -> Wholes:
    """Number of the site at which a practitioner works, from 0. Each works at one."""
    return practitioner % truth.sites


def own_site(truth: ClinicTruth) -> Wholes:
    """Number of the site of each patient's own practitioner, from 0."""
    return site_of(truth, own_practitioner(truth))


def spread_days_per_28(truth: ClinicTruth) -> tuple[Floats, Floats]:
    """What is added to the real change of a practitioner's, and of a site's patients; the mean is not kept at 0."""
    draws = Draws(truth.seed, "spread")
    practitioners = truth.practitioner_sd_days_per_28 * draws.normal(truth.practitioners)
    return practitioners, truth.site_sd_days_per_28 * draws.normal(truth.sites)
