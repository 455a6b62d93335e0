"""The parts of a first plan: a table each, and the questions that come up on the way."""
