"""What a figure shows as text, and whether any of it is cut off or over another."""

from __future__ import annotations

import matplotlib
from matplotlib.figure import Figure
from matplotlib.text import Text


def visible_texts(figure: Figure) -> list[Text]:
    beyond = labels_beyond_the_ends(figure)
    found = figure.findobj(lambda artist: isinstance(artist, matplotlib.text.Text))
    return [
        text for text in found if text.get_visible() and text.get_text().strip() and id(text) not in beyond
    ]


def labels_beyond_the_ends(figure: Figure) -> set[int]:
    """Ticks beyond an axis' ends exist as objects and are not drawn."""
    beyond = set()
    for axis in (axis for axes in figure.axes for axis in (axes.xaxis, axes.yaxis)):
        low, high = sorted(axis.get_view_interval())
        for tick in (*axis.majorTicks, *axis.minorTicks):
            if not low - 1e-9 <= tick.get_loc() <= high + 1e-9:
                beyond |= {id(tick.label1), id(tick.label2)}
    return beyond


def text_faults(figure: Figure) -> list[tuple[str, ...]]:
    """Texts that are cut off, alone, and pairs that touch."""
    boxes = [(text.get_text(), text.get_window_extent()) for text in visible_texts(figure)]
    edge = figure.bbox
    faults: list[tuple[str, ...]] = [
        (words,)
        for words, box in boxes
        if box.x0 < -0.5 or box.y0 < -0.5 or box.x1 > edge.x1 + 0.5 or box.y1 > edge.y1 + 0.5
    ]
    for number, (words, box) in enumerate(boxes):
        for others, other in boxes[number + 1 :]:
            wide = min(box.x1, other.x1) - max(box.x0, other.x0)
            high = min(box.y1, other.y1) - max(box.y0, other.y0)
            # Boxes include the font's empty ascent; two pixels of it may meet.
            if wide > 0.5 and high > 2.0:
                faults.append((words, others))
    return faults
