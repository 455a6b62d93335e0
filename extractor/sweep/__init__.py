"""A plan over many revisions: where it holds, and where it begins and ceases to."""
