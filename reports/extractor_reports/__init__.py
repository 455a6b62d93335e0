"""Findings drawn for people: pages, Markdown and JSON from one report file."""
