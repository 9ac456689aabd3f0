"""A figure in fewer bytes is the same figure."""

from __future__ import annotations

import io
import re
from functools import partial
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest
import typst
from numpy.typing import NDArray

from outcomes.reporting import figures
from outcomes.reporting.figures_paper import figure_svg
from outcomes.reporting.lean_svg import lean
from outcomes.reporting.words import typst_data

PIL = pytest.importorskip("PIL.Image")


@pytest.fixture
def whole(monkeypatch: pytest.MonkeyPatch) -> str:
    """A figure as matplotlib writes it."""
    monkeypatch.setattr("outcomes.reporting.figures_paper.lean", lambda svg: svg)
    frame = pd.DataFrame({"week": range(-8, 24), "share": [0.5 + 0.01 * week for week in range(32)]})
    return figure_svg(partial(figures.draw_completeness, frame), 82, 45).decode()


def pixels(svg: str) -> NDArray[np.int64]:
    source = (
        f'#set page(width: auto, height: auto, margin: 0pt)\n#image(bytes({typst_data(svg)}), format: "svg")'
    )
    picture = typst.compile(source.encode(), format="png", ppi=200)
    return np.asarray(PIL.open(io.BytesIO(picture)).convert("L"), dtype=np.int64)


def test_it_looks_the_same_and_is_well_formed(whole: str) -> None:
    small = lean(whole)
    ElementTree.fromstring(small)
    assert len(small) < 0.75 * len(whole)
    one, other = pixels(whole), pixels(small)
    assert one.shape == other.shape and (one < 128).any()
    # Rounding by a hundredth of a point moves the edge of a line's shade, and no line.
    assert (np.abs(one - other) > 64).mean() < 1e-4


def test_every_reference_has_what_it_refers_to(whole: str) -> None:
    small = lean(whole)
    names = re.findall(r' id="([^"]+)"', small)
    assert len(names) == len(set(names))
    assert set(re.findall(r'href="#([^"]+)"', small) + re.findall(r"url\(#([^)]+)\)", small)) == set(names)


def test_neither_remarks_nor_metadata_are_left(whole: str) -> None:
    assert "<!--" in whole and "<metadata>" in whole
    small = lean(whole)
    assert not any(sign in small for sign in ("<!--", "<metadata>", "<!DOCTYPE", "Inter-Regular"))


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ('<a x="-0.001" y="12.340"/>', '<a x="0" y="12.34"/>'),
        ('<path d="M 1.005 2.999 \nL -0.5 3 \nz\n"/>', '<path d="M1 3L-0.5 3z"/>'),
        (
            '<g transform="translate(3.14159 2) scale(0.015625)"/>',
            '<g transform="translate(3.14 2) scale(0.015625)"/>',
        ),
    ],
)
def test_numbers_have_two_decimals_and_scales_keep_theirs(given: str, wanted: str) -> None:
    assert lean(given) == wanted
