"""The source lets go of the subsystem: a series of commits on the source's own side."""
