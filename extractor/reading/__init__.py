"""One reading of a file: what its text says, apart from any question asked of it."""
