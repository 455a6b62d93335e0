"""A rewritten file, run in the new world, does what it did in the old one.

Random modules are run twice with an import system of paper: there an attribute of a module
is the canonical new name of what it stands for, so both runs must collect the same names.
"""

from __future__ import annotations

import ast
import builtins
from typing import Any

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from extractor.outcome import Rewritten, Unchanged
from extractor.rewrites.rename_references import Renames, rewrite

RENAMES = Renames(
    modules={
        "big.part": "part",
        "big.part.util": "part.util",
        "big.deep.thing": "part.objects.thing",
        "big.error": "part.error",
    },
    symbols={
        "big.error:Base": "part.error:Problem",
        "big.fields:Text": "fieldlib.fields:Text",
        "big.fields:Number": "fieldlib.fields:Number",
        "big.fields:Colour": "part.colours:Colour",
        "big.fields:Shade": "part.colours:Hue",
    },
    known_modules=frozenset({"big", "big.deep", "big.deep.other", "big.fields", "big.stays"}),
)
OLD = RENAMES.known
NEW = {"part", "part.util", "part.objects", "part.objects.thing", "part.error", "part.colours"}
NEW |= {"fieldlib", "fieldlib.fields"}


class Paper:
    """A module of which nothing but its name and its submodules' names is known."""

    def __init__(self, name: str, seen: list[str]) -> None:
        self.__dict__.update(name=name, seen=seen)

    def __getattr__(self, attribute: str) -> Any:
        if attribute.startswith("__"):
            raise AttributeError(attribute)
        inner = f"{self.name}.{attribute}"
        if f"{self.name}:{attribute}" not in RENAMES.symbols and inner in OLD | NEW:
            return Paper(inner, self.seen)
        canonical = RENAMES.symbols.get(f"{self.name}:{attribute}")
        if canonical is None:
            canonical = f"{RENAMES.modules.get(self.name, self.name)}:{attribute}"
        self.seen.append(canonical)
        return canonical


def names_seen(source: str) -> list[str]:
    """The canonical names of everything that running ``source`` takes from a module."""
    seen: list[str] = []

    def paper_import(
        name: str, _globals: Any = None, _locals: Any = None, names: Any = (), _level: int = 0
    ) -> Paper:
        return Paper(name if names else name.partition(".")[0], seen)

    exec(
        compile(source, "random", "exec"),
        {"__builtins__": {**vars(builtins), "__import__": paper_import}, "__name__": "random"},
    )
    return seen


IMPORTS = {
    "from big import fields": ["fields.Text", "fields.Number", "fields.Colour", "fields.Shade"],
    "from big import fields as f": ["f.Text", "f.Colour", "f.Shade.lower()"],
    "from big import error": ["error.Base", "error.Other", "getattr(error, 'Base')"],
    "from big import error as problem": ["problem.Base"],
    "from big.error import Base": ["Base", "Base.lower()"],
    "from big.fields import Colour, Text as T": ["Colour", "T"],
    "from big.fields import (\n    Shade,\n    Number as N,\n)": ["Shade", "N.lower()"],
    "from big import deep": ["deep.thing.x", "deep.other.y", "deep.own"],
    "from big.deep import thing, other": ["thing.x", "other.y.lower()"],
    "import big": ["big.deep.thing.x", "big.stays.y", "big.error.Base", "big.fields.Shade"],
    "import big.deep.thing": ["big.deep.thing.x.lower()"],
    "import big.deep.thing as deepest": ["deepest.z"],
    "from big.part import util": ["util.x"],
    "from big import part": ["part.util.x", "part.own"],
    "import other": ["other.big.lower()"],
}
FRAMES = [
    "x = [{use}]\n",
    "def call():\n    return {use}\n\n\ncall()\n",
    "def call():\n    {inner}\n    return {use}\n\n\ncall()\n",
    "class Klass(object):\n    {local} = {use}\n\n    def m(self):\n        return {use}\n\n\n"
    "Klass().m()\n",
    "def call({local}='shadow'):\n    return {local}.lower()\n\n\ncall({use})\n",
    "x = [{use} for y in [1, 2] if {use}]\n",
    "try:\n    x = {use}; y = {use}\nfinally:\n    pass\n",
    "x = (lambda {local}: {local})({use})\n",
    "x = f'{{{use}}} and {{1}}'\n",
    "x = ({use},\n     {use})\n",
]


@st.composite
def sources(draw: st.DrawFn) -> str:
    imports = draw(st.lists(st.sampled_from(sorted(IMPORTS)), min_size=1, max_size=5, unique=True))
    bound: dict[str, str] = {}
    chosen: list[str] = []
    for statement in imports:
        # Two imports that bind the same name to different things are another test's matter.
        names = {
            alias.asname or alias.name.partition(".")[0]
            for alias in ast.parse(statement).body[0].names  # type: ignore[attr-defined]
        }
        if names.isdisjoint(bound) or (names == {"big"} and bound.get("big") == "big"):
            bound.update(dict.fromkeys(names, "big" if names == {"big"} else statement))
            chosen.append(statement)
    body = "".join(statement + "\n" for statement in chosen) + "\n"
    for _ in range(draw(st.integers(1, 6))):
        statement = draw(st.sampled_from(chosen))
        use = draw(st.sampled_from(IMPORTS[statement]))
        local = use.removeprefix("getattr(").partition(".")[0].partition(",")[0]
        frame = draw(st.sampled_from(FRAMES))
        if "f'" in frame and "'" in use:
            continue
        inner = statement.replace("\n", "\n    ")
        body += frame.format(use=use, local=local, inner=inner)
    return body


@settings(max_examples=200, deadline=None, derandomize=True, phases=[Phase.generate])
@given(sources())
def test_same_names_are_reached(source: str) -> None:
    expected = names_seen(source)
    outcome = rewrite(source.encode(), module="random", is_package=False, renames=RENAMES)
    assert isinstance(outcome, Rewritten | Unchanged)
    after = outcome.content.decode() if isinstance(outcome, Rewritten) else source
    got = names_seen(after)
    # Which import statement comes first may change, what the code then takes may not.
    assert sorted(set(got)) == sorted(set(expected))
    again = rewrite(after.encode(), module="random", is_package=False, renames=RENAMES)
    assert again == Unchanged(again.findings if isinstance(again, Unchanged) else ())
