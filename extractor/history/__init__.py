"""The subsystem's past: paths followed, sliced, mapped and written to a new repository."""
