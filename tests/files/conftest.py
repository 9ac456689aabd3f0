"""What several tests of files need."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def powerless() -> Iterator[Path]:
    """A folder of a person who is not root, whom permissions bind; we are that person for the test."""
    with tempfile.TemporaryDirectory() as name:
        if os.geteuid() == 0:
            os.chown(name, 65534, -1)
            os.seteuid(65534)
        try:
            yield Path(name)
        finally:
            if os.getuid() == 0:
                os.seteuid(0)
