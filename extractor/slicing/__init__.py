"""Slice a module: the lines of some of its top-level names and of all they need.

The source is cut into top-level statements by its lexical shape alone (strings, brackets,
line joins), which is the same in every Python there was: a version that only Python 2
parses is sliced as well as a new one. A grammar is needed only to tell which names one
statement binds and uses; where none accepts the statement, its identifiers are taken.

No line is ever edited, so a slice is an ordered selection of its source's lines. What
is known about a statement is remembered by its bytes: the versions of one file through
its history share nearly all of their statements.
"""
