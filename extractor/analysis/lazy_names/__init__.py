"""Which modules a package's ``__getattr__`` loads for which name (PEP 562).

The function is followed name by name with the tables of its own file: constants, conditions and
calls of the file's other functions. Nothing is run.
"""
