"""Where every name of a tree leads: one resolver for the rewrites' proof and the checks.

modules = Modules(paths, read)             # dotted names to paths, and how to read a path
resolve_tree(modules).unresolved           # path, line, name, reason
differences(old, new, moved)               # where two trees do not agree
"""

from extractor.resolution.agreement import Difference, differences
from extractor.resolution.modules import Modules
from extractor.resolution.moved import Moved
from extractor.resolution.tree import Resolution, Unresolved, resolve_tree

__all__ = [
    "Difference",
    "Modules",
    "Moved",
    "Resolution",
    "Unresolved",
    "differences",
    "resolve_tree",
]
