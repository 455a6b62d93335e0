"""From the facts of every file to the edges between modules."""
