"""The rewrites of one extraction: a mapped tree in, one step after another out."""
