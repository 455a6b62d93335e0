"""The renaming of one file: what its imports are to be, and what its uses are to say."""
