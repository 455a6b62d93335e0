"""Rewrites, one file each: text to text, registered by module name."""
