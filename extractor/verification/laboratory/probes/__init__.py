"""Scripts that run inside an environment of the time: Python 3.6 to today, no imports of ours."""
