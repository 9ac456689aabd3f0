"""Each promise of a clinic as a question to its records: one topic, one module, one `Answers`.

To add a topic write a module with a function from `Periods` to `Answers` and name it in `TOPICS`.
"""

from __future__ import annotations

import difflib
import importlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from outcomes.errors import PlanError

if TYPE_CHECKING:
    from outcomes.analysis.answers import Answers
    from outcomes.analysis.periods import Periods


@dataclass(frozen=True)
class Topic:
    """A question, in words, and the function that answers it: `function` of `outcomes.analysis.questions.NAME`."""

    name: str
    question: str
    function: str


TOPICS: dict[str, Topic] = {
    topic.name: topic
    for topic in (
        Topic(
            "response", "How many patients improved, by how much, and for how long in a row?", "ask_response"
        ),
        Topic("durability", "Does a response last, and when is it lost?", "ask_durability"),
        Topic(
            "states",
            "How many are chronic, in the overuse range, or under control, before and after?",
            "ask_states",
        ),
        Topic("care", "What other care was in force in the follow-up window?", "ask_care"),
        Topic("concurrent", "Who changed a preventive drug around the first session?", "ask_concurrent"),
        Topic("dose", "How do sessions received and headache days go together?", "ask_dose"),
        Topic("within_session", "How does pain change within a session?", "ask_within_session"),
        Topic("safety", "What happened after needling, and was it asked for?", "ask_safety"),
        Topic("practitioners", "How far do practitioners and sites differ?", "ask_practitioners"),
        Topic("strata", "Does the change differ between kinds of patients?", "ask_strata"),
        Topic("questionnaires", "How did questionnaires and measurements change?", "ask_questionnaires"),
        Topic("diagnosis", "Who are the patients, and how were they diagnosed?", "ask_diagnosis"),
        Topic(
            "recalled", "What do patients recall at their visits, where there is no diary?", "ask_recalled"
        ),
    )
}


def ask(periods: Periods, topic: str) -> Answers:
    """What the records say to a topic. Raises PlanError for an unknown one and where the records cannot answer."""
    if topic not in TOPICS:
        close = difflib.get_close_matches(topic, TOPICS, 1)
        hint = f"Did you mean '{close[0]}'?" if close else f"Known topics: {', '.join(TOPICS)}."
        raise PlanError(f"'{topic}' is not a topic. {hint}")
    module = importlib.import_module(f"{__name__}.{topic}")
    answers: Answers = getattr(module, TOPICS[topic].function)(periods)
    return answers
