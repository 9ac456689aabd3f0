"""The modules that the tests of the identity gate share are imported by name, as `diaries.py` is."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
