"""Say of every class what it descends from and which plain values it holds, as JSON.

Usage: describe_classes.py TOP OUTPUT SPEC, with SPEC a JSON file: {"modules": [dotted names]}

A module that cannot be imported is told by its error; that is another check's finding.
"""

import importlib
import json
import os
import sys
import traceback

PLAIN = (str, int, float, bool, type(None))
NOT_OURS = {"__module__", "__doc__", "__qualname__", "__firstlineno__"}


def main():
    top, output, spec_path = sys.argv[1:4]
    sys.path[0] = top
    os.chdir(top)
    with open(spec_path, encoding="utf-8") as handle:
        spec = json.load(handle)
    answer = {}
    for name in spec["modules"]:
        try:
            module = importlib.import_module(name)
        except BaseException:
            answer[name] = {"error": traceback.format_exc().strip().splitlines()[-1]}
            continue
        answer[name] = {"classes": dict(classes_of(module))}
    with open(output, "w", encoding="utf-8") as out:
        json.dump(answer, out)
    # Threads that a module started must not hold the process.
    os._exit(0)


def classes_of(module):
    for _, value in sorted(vars(module).items()):
        if isinstance(value, type) and value.__module__ == module.__name__:
            for found in with_inner(value, set()):
                yield found


def with_inner(cls, seen):
    seen.add(cls)
    values = {
        name: plain(value)
        for name, value in sorted(vars(cls).items())
        if name not in NOT_OURS and is_plain(value)
    }
    ancestors = ["%s.%s" % (a.__module__, a.__qualname__) for a in cls.__mro__[1:-1]]
    yield cls.__qualname__, {"ancestors": ancestors, "values": values}
    for value in vars(cls).values():
        own = isinstance(value, type) and value.__qualname__.startswith(cls.__qualname__ + ".")
        if own and value not in seen:
            for found in with_inner(value, seen):
                yield found


def is_plain(value):
    if isinstance(value, (tuple, list, set, frozenset)):
        return all(is_plain(one) for one in value)
    if isinstance(value, dict):
        return all(is_plain(k) and is_plain(v) for k, v in value.items())
    return isinstance(value, PLAIN)


def plain(value):
    """As text: what JSON would make equal stays different, and sets get an order."""
    if isinstance(value, (set, frozenset)):
        return "%s of %s" % (type(value).__name__, sorted(map(repr, value)))
    return repr(value)


main()
