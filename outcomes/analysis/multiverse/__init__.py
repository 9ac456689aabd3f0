"""One question, every defensible way to answer it: how far the answer moves, and which choice moves it.

choices.py says what may be cut otherwise, cuts.py cuts, analyses.py says what is done with the days of a cut,
running.py does all of it, moves.py reads the result. Sources: docs/method.md#multiverse.
"""

from outcomes.analysis.multiverse.running import multiverse

__all__ = ["multiverse"]
