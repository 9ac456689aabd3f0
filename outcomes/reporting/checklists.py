"""What STROBE (2007, cohort studies) and STRICTA (2010) ask of a paper, in short words of ours.

Sources: von Elm et al., Lancet 2007;370:1453; MacPherson et al., PLoS Med 2010;7:e1000261 (both from memory; the
checklists themselves say more and are what a journal wants filled in). STRICTA is written for acupuncture; dry
needling has no checklist of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Status = Literal["filled", "in part", "missing"]
FILLED: Status = "filled"
IN_PART: Status = "in part"
MISSING: Status = "missing"


@dataclass(frozen=True)
class Item:
    """One item of a checklist. `authors`: what nobody but the authors can write, where that is so."""

    number: str
    asks: str
    authors: str = ""


@dataclass(frozen=True)
class Answered:
    """An item with what the records and the plan say to it; `text` is disclosure-safe."""

    item: Item
    status: Status
    text: str


STROBE: tuple[Item, ...] = (
    Item("1a", "Design named in title or abstract"),
    Item("1b", "Abstract: what was done and found", "the abstract"),
    Item("2", "Background and rationale", "background, with the trials there are"),
    Item("3", "Objectives, hypotheses declared beforehand", "who declared them, when and where"),
    Item("4", "Study design"),
    Item("5", "Setting, places, dates", "place of the clinic, how patients came to it"),
    Item(
        "6", "Participants: who could take part, how they were followed", "how patients were chosen and asked"
    ),
    Item("7", "Variables defined"),
    Item("8", "Sources of data, how things were measured"),
    Item("9", "What was done about bias"),
    Item("10", "Study size", "how the size was arrived at"),
    Item("11", "How quantities were grouped"),
    Item("12a", "Statistical methods"),
    Item("12b", "Subgroups"),
    Item("12c", "Missing data"),
    Item("12d", "Loss to follow-up"),
    Item("12e", "Sensitivity analyses"),
    Item("13", "Participants at each stage, reasons for loss"),
    Item(
        "14", "Characteristics of participants, missing values", "comorbidity, time since the first headache"
    ),
    Item("15", "Outcome data over time"),
    Item("16", "Main results with intervals"),
    Item("17", "Other analyses"),
    Item("18", "Key results against the objectives", "the key results in the authors' words"),
    Item("19", "Limitations"),
    Item("20", "Interpretation", "the interpretation, beside other studies"),
    Item("21", "To whom the results may apply", "to whom the results may apply"),
    Item("22", "Funding", "who paid, and what they had to say in it"),
)

STRICTA: tuple[Item, ...] = (
    Item("1a", "Style of needling"),
    Item("1b", "Reasoning for the treatment, with sources", "the reasoning, with sources"),
    Item("1c", "How far the treatment was varied"),
    Item("2a", "Needles per patient and session"),
    Item("2b", "Points or muscles needled"),
    Item("2c", "Depth of insertion"),
    Item("2d", "Response sought"),
    Item("2e", "Stimulation, by hand or electrical"),
    Item("2f", "How long needles stayed in"),
    Item("2g", "Type of needle: diameter, length, maker", "diameter, length and maker of the needles"),
    Item("3a", "Number of sessions"),
    Item("3b", "How often and how long"),
    Item("4a", "Other care given with it"),
    Item("4b", "Setting, what patients were told", "setting, and what patients were told"),
    Item("5", "Who needled: training, experience", "training and experience of each practitioner"),
    Item("6a", "Why this comparator"),
    Item("6b", "The comparator in detail"),
)
