"""Lift one subsystem out of a large Python repository."""

__version__ = "0.1.0"
