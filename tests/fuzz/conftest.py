"""The parts of the campaign lie beside its tests."""

from __future__ import annotations

import sys
from pathlib import Path

# `targets.py` and its neighbours are imported by name, whichever way pytest finds the test modules.
sys.path.insert(0, str(Path(__file__).resolve().parent))
