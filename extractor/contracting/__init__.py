"""Contracts on any state of a repository: what they look at is our own reading, not grimp's."""
