"""Proof that the result still works: independent checks with evidence."""
