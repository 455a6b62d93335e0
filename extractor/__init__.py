"""Lift one subsystem out of a large Python repository."""

__version__ = "0.2.0"
