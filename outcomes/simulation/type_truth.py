"""What is planted about the headache types: how common, how often, and how the headache of each is."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class FeatureTruth:
    """How often a headache day has each feature; every day by itself, whoever the patient is.

    `medication_helped_share` is of the days with medication. An attack goes on over midnight on that share of the
    headache days that follow another; all others begin one, and further ones on top (a geometric number).
    """

    unilateral_share: float
    pulsating_share: float
    worse_with_activity_share: float
    nausea_or_vomiting_share: float
    photophobia_share: float
    phonophobia_share: float
    aura_share: float
    self_labelled_migraine_share: float
    medication_helped_share: float
    attack_goes_on_share: float
    further_attacks_per_day: float


# Plausible, not measured: what the criteria of ICHD-3 name stands out in the type that they name it for.
FEATURES = {
    "migraine": FeatureTruth(0.60, 0.65, 0.75, 0.55, 0.75, 0.70, 0.10, 0.80, 0.60, 0.60, 0.05),
    "tension_type": FeatureTruth(0.12, 0.10, 0.12, 0.05, 0.15, 0.12, 0.00, 0.10, 0.55, 0.70, 0.05),
    "cervicogenic": FeatureTruth(0.80, 0.15, 0.35, 0.12, 0.15, 0.12, 0.00, 0.15, 0.45, 0.80, 0.03),
    "cluster": FeatureTruth(0.98, 0.30, 0.10, 0.30, 0.40, 0.35, 0.00, 0.10, 0.65, 0.00, 1.00),
    "sinus": FeatureTruth(0.45, 0.40, 0.55, 0.40, 0.55, 0.45, 0.02, 0.25, 0.50, 0.60, 0.03),
}


@dataclass(frozen=True)
class TypeTruth:
    """One headache type: how common, how often, how bad, how long, who has it and what is taken for it.

    Without `features`, those of the type's name; of a name that has none, those of tension-type headache.
    """

    name: str
    share: float
    usual_days_per_28: float
    intensity_nrs: float
    median_duration_hours: float
    female_share: float
    first_medication: str
    second_medication: str
    features: FeatureTruth | None = None

    @property
    def days_are(self) -> FeatureTruth:
        """The features of this type's headache days."""
        return self.features or FEATURES.get(self.name, FEATURES["tension_type"])


# Plausible, not measured: rough shares and levels of a dry-needling clinic's headache patients.
TYPES = (
    TypeTruth("migraine", 0.42, 9.5, 6.2, 9.0, 0.78, "triptan", "nsaid"),
    TypeTruth("tension_type", 0.30, 12.0, 4.3, 6.0, 0.62, "paracetamol", "nsaid"),
    TypeTruth("cervicogenic", 0.20, 13.0, 5.0, 7.0, 0.60, "nsaid", "paracetamol"),
    TypeTruth("cluster", 0.03, 9.0, 8.0, 1.5, 0.25, "triptan", "other"),
    TypeTruth("sinus", 0.05, 9.0, 4.8, 6.0, 0.60, "paracetamol", "combination_analgesic"),
)
