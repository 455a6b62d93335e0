"""Prices by article, in cents: set by whoever uses this package."""

CATALOGUE = {}
