"""Our numbers for each R value: one function per R method, giving its fields by R's names.

A field that no function gives must stand in agreement_reasons.py with the reason why.
"""

from __future__ import annotations

import agreement_models
import agreement_others
import agreement_pairs
from agreement_registry import METHODS

#: The modules that register on import.
PARTS = (agreement_pairs, agreement_models, agreement_others)

__all__ = ["METHODS", "PARTS"]
