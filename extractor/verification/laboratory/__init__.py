"""Environments of the time, services in them, and what their tests come to."""
