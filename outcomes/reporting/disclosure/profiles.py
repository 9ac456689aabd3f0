"""What may be shown to whom: exact for the clinic's own eyes, controlled for what is handed on.

`internal` shows numbers as they are. In `share` a patient count is "≤7" or rounded to the nearest 5, shares
come from rounded counts, means need ten patients who differ and keep one decimal, and a group is shown only
where it cannot be used to work out another that is hidden. `public` asks for more patients. A report that is
handed on is also held against those before it (`release.py`). Sources and reasons: docs/method.md#disclosure.
"""

from __future__ import annotations

import pandas as pd

from outcomes.analysis.answers import Answers
from outcomes.reporting.disclosure.frames import FrameRules
from outcomes.reporting.disclosure.shown import SafeTable
from outcomes.reporting.disclosure.topic_frames import cross
from outcomes.reporting.disclosure.topics import SafeAnswers


class Disclosure(FrameRules):
    """The one way from numbers to a report: by subject in profile_rules, counts, means, shares, frames and topics."""

    def answers(self, answers: Answers) -> SafeAnswers:
        """The answers to a topic, of which each row and frame comes out as it may be shown."""
        return SafeAnswers(answers, self)

    def cross(self, frame: pd.DataFrame) -> SafeTable:
        """A table of counts of patients, groups by what they are counted by; see `topic_frames.cross`."""
        return cross(frame, self)
