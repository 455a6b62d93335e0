"""The moves as history needs them; they are defined where the plan makes them."""

from extractor.moves import Move, SliceMove, WholeMove, moves_by_target

__all__ = ["Move", "SliceMove", "WholeMove", "moves_by_target"]
