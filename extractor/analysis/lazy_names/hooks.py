"""The hook of a package, or what it was attached by, asked for every name it may be asked for."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any

from extractor.analysis.facts import Facts
from extractor.analysis.lazy_names.functions import Functions
from extractor.analysis.lazy_names.values import UNKNOWN

_MOST_NAMES = 3000
# https://scientific-python.org/specs/spec-0001/
_ATTACHING = frozenset({"attach", "attach_stub", "recreate_module"})
ANY_NAME = "*"


def read_lazy_names(tree: ast.Module, facts: Facts) -> None:
    """Fill in ``lazy_names``, ``lazy_line`` and ``lazy_stub`` of a file's facts."""
    file = Functions(tree)
    for statement in file.statements:
        _attached(file, statement, facts)
    hook = file.functions.get("__getattr__")
    if hook is None or not (hook.args.args or hook.args.posonlyargs):
        return
    for name in sorted(file.words())[:_MOST_NAMES]:
        loads, line = file.ask(hook, name)
        if loads:
            facts.lazy_names[name] = loads
        elif line:
            facts.lazy_names[name] = [f"?{line}"]
    loads, facts.lazy_line = file.ask(hook, UNKNOWN)
    if loads:
        # Whatever it is asked for.
        facts.lazy_names[ANY_NAME] = loads


def _attached(file: Functions, statement: ast.stmt, facts: Facts) -> None:
    """``__getattr__, ... = attach(__name__, submod_attrs={...})`` and its like."""
    if not isinstance(statement, ast.Assign) or not isinstance(statement.value, ast.Call):
        return
    call = statement.value
    function = ast.unparse(call.func).rpartition(".")[2]
    targets = {ast.unparse(part) for t in statement.targets for part in _parts(t)}
    replaced = "sys.modules[__name__]" in targets
    if not ("__getattr__" in targets or replaced or function in _ATTACHING):
        return
    if function == "attach_stub":
        facts.lazy_stub = True
        return
    given = [*call.args, *(keyword.value for keyword in call.keywords)]
    known = False
    for argument in given:
        value = file.value(argument, {})
        if isinstance(value, dict):
            for module, names in value.items():
                known |= _of_module(facts, module, names)
        elif isinstance(value, list | tuple | set | frozenset) and not replaced:
            known = True
            for name in value:
                if isinstance(name, str):
                    facts.lazy_names.setdefault(name, [f".{name}"])
    if not known and "__getattr__" in targets:
        facts.lazy_line = statement.lineno


def _of_module(facts: Facts, module: Any, names: Any) -> bool:
    """Note the names that a row of a table says a submodule has."""
    if not isinstance(module, str):
        return False
    where = module if module.startswith(".") or "{" in module else f".{module}"
    if isinstance(names, str):
        # The other way round: a name, and the module that it comes from.
        facts.lazy_names[module] = [names if names.startswith((".", "{")) else f"?{0}"]
        return names.startswith((".", "{"))
    if not isinstance(names, list | tuple | set | frozenset):
        return False
    facts.lazy_names.setdefault(module, [where])
    for name in names:
        if isinstance(name, str):
            facts.lazy_names[name] = [where]
    return True


def _parts(target: ast.expr) -> Iterator[ast.expr]:
    if isinstance(target, ast.Tuple | ast.List):
        for part in target.elts:
            yield from _parts(part)
    else:
        yield target
