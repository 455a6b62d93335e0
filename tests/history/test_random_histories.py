"""Random histories against a slow model that looks at every commit's whole tree."""

import subprocess
import tempfile
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from extractor.history.carry import carry_history, older_names
from extractor.history.check import check_history
from extractor.history.commits import Identity
from extractor.moves import SliceMove, WholeMove
from extractor.slicing.slices import bare_definitions, slice_past
from extractor.source.tree import git_environment
from tests.history.following import append_history

NAMES = ["a.py", "b.py", "d/a.py", "d/c.py", "e/f/g.py"]

# One commit: parents (as distances back), and what it does to which names.
ACTIONS = st.lists(
    st.tuples(
        st.sampled_from(["write", "edit", "edit", "delete", "rename", "copy"]),
        st.sampled_from(NAMES),
        st.sampled_from(NAMES),
    ),
    max_size=3,
)
COMMIT = st.tuples(st.lists(st.integers(1, 4), max_size=3), ACTIONS)
# What people do with branches and names; the first distance leads to what was there before.
SHAPES = {
    "no-ff": [([1], [("edit", "a.py", "a.py")]), ([2, 1], [])],
    "squash met its branch": [
        ([1], [("write", "d/a.py", "d/a.py")]),
        ([2], [("edit", "d/a.py", "d/a.py")]),
        ([2, 1], []),
        ([2, 1], []),
    ],
    "criss-cross": [
        ([1], [("edit", "a.py", "a.py")]),
        ([2], [("edit", "b.py", "b.py")]),
        ([2, 1], []),
        ([2, 3], []),
        ([2, 1], []),
    ],
    "name handed on": [
        ([1], [("write", "d/c.py", "d/c.py")]),
        ([1], [("rename", "a.py", "b.py")]),
        ([1], [("rename", "d/c.py", "a.py")]),
    ],
    "names swapped": [
        ([1], [("rename", "a.py", "e/f/g.py")]),
        ([1], [("rename", "b.py", "a.py")]),
        ([1], [("rename", "e/f/g.py", "b.py")]),
    ],
    "unrelated root joined": [
        ([], [("write", "a.py", "a.py"), ("write", "d/a.py", "d/a.py")]),
        ([1], [("rename", "a.py", "d/c.py")]),
        ([3, 1], []),
        ([1], [("edit", "d/c.py", "d/c.py")]),
    ],
}
COMMITS = st.lists(
    st.one_of(COMMIT.map(lambda commit: [commit]), st.sampled_from(list(SHAPES.values()))),
    min_size=1,
    max_size=9,
).map(lambda parts: [commit for part in parts for commit in part][:16])


class Model:
    """The commits of a random history: trees and parents, by index."""

    def __init__(self, plan):
        self.trees, self.parents = [], []
        counter = 0
        for index, (distances, actions) in enumerate(plan):
            parents = list(dict.fromkeys(index - d for d in distances if index - d >= 0))
            tree = dict(self.trees[parents[0]]) if parents else {}
            for other in parents[1:]:
                # What only the other side has comes in; where both differ, either may win.
                for path, content in self.trees[other].items():
                    if path not in tree or (index + len(path)) % 2:
                        tree[path] = content
            for kind, path, other in actions:
                counter += 1
                if kind == "write" or (kind == "edit" and path not in tree):
                    lines = [f"V{counter}_{n} = {n}" for n in range(8)]
                    tree[path] = "\n".join([*lines, "KEPT = 0", ""])
                elif kind == "edit":
                    head, _, _ = tree[path].rpartition("KEPT")
                    tree[path] = f"{head}KEPT = {counter % 3}\n"
                elif kind == "delete":
                    tree.pop(path, None)
                elif path in tree and path != other:
                    tree[other] = tree[path]
                    if kind == "rename":
                        del tree[path]
            self.trees.append(tree)
            self.parents.append(parents)

    def stream(self):
        out = []
        for index, (tree, parents) in enumerate(zip(self.trees, self.parents, strict=True)):
            branch = "main" if index == len(self.trees) - 1 else f"c{index}"
            out += [f"commit refs/heads/{branch}", f"mark :{index + 1}"]
            out += [f"committer C <c@x> {index} +0000", "data <<END", f"{index}", "END"]
            if parents:
                out.append(f"from :{parents[0] + 1}")
                out += [f"merge :{parent + 1}" for parent in parents[1:]]
            out.append("deleteall")
            for path, content in sorted(tree.items()):
                out += [f"M 100644 inline {path}", "data <<END", content + "END"]
            out.append("")
        return "\n".join(out)

    def ancestors(self, index):
        seen, waiting = set(), list(self.parents[index])
        while waiting:
            at = waiting.pop()
            if at not in seen:
                seen.add(at)
                waiting += self.parents[at]
        return seen


class Files:
    """Which commits have the same file under a path, told by comparing every parent and child."""

    def __init__(self, model, order):
        self.model = model
        self.order = {index: position for position, index in enumerate(order)}
        self.up = {}

    def top(self, index, path):
        """The first commit, in the engine's order, of the file that a commit has at the path."""
        if (path, index) not in self.up:
            self._connect(path)
        while self.up[path, index] != index:
            index = self.up[path, index]
        return index

    def _connect(self, path):
        has = [index for index in self.order if path in self.model.trees[index]]
        self.up.update({(path, index): index for index in has})
        for index in has:
            content = self.model.trees[index][path]
            parents = self.model.parents[index]
            there = [p for p in parents if path in self.model.trees[p]]
            same = [p for p in there if self._alike(content, self.model.trees[p][path])]
            is_new = parents and parents[0] not in there
            tops = {self.top(p, path) for p in there}
            if len(parents) < 2 or (len(tops) == 1 and not is_new):
                same = there
            elif not same and not is_new:
                same = there[:1]
            for parent in same:
                ends = sorted((self.top(index, path), self.top(parent, path)), key=self.order.get)
                self.up[path, ends[1]] = ends[0]

    @staticmethod
    def _alike(content, other):
        lines = [Counter(text.split("\n")[:-1]) for text in (content, other)]
        shared = (lines[0] & lines[1]).total()
        return 4 * shared >= lines[0].total() + lines[1].total() > 0


def mapped_tree(tree, index, lineages, files, names):
    """A commit's mapped tree, straight from the words of ``Provider``'s docstring."""
    found = {}
    told_apart = {}
    for providers in lineages.providers.values():
        for provider in providers:
            told_apart.setdefault(provider.path, set()).add(provider.life)
    for target, providers in lineages.providers.items():
        for provider in providers:
            content = tree.get(provider.path)
            if content is None:
                continue
            lives = told_apart[provider.path]
            life = names[files.top(index, provider.path)] if lives != {""} else ""
            if (life if life in lives else "") != provider.life:
                continue
            if provider.symbols is not None:
                cut = slice_past if provider.is_main else bare_definitions
                content = cut(content.encode(), provider.symbols)[0].decode()
                if not content:
                    continue
            found[target] = content
            break
    return found


def living_parents(model, index, tree, kept, stands, below):
    """The kept commits that are parents of this one's image, by the rule that the docs state."""
    above = {}
    for parent in model.parents[index]:
        if parent in stands:
            above.setdefault(stands[parent], set()).add(parent)
    parents = list(above)
    for older in list(above):
        newer = [p for p in parents if p != older and older in below[p]]
        newer_sources = set().union(*(above[p] for p in newer))
        was_so = any(model.ancestors(p) & above[older] for p in newer_sources)
        if newer and not was_so and not is_rested_on(older, parents, tree, kept):
            parents.remove(older)
    return parents


def is_rested_on(older, parents, tree, kept):
    content = kept[older][1]
    # A file that neither has agrees too: another parent may have it.
    paths = set().union(tree, *(its for _parents, its in kept.values()))
    agrees = {path for path in paths if tree.get(path) == content.get(path)}
    if older != parents[0]:
        earlier = [kept[p][1] for p in parents[: parents.index(older)]]
        return any(all(tree.get(p) != other.get(p) for other in earlier) for p in agrees)
    line = [parents[1]]
    while line[-1] != older:
        if not kept[line[-1]][0]:
            return True
        line.append(kept[line[-1]][0][0])
    return any(kept[at][1].get(path) != tree.get(path) for at in line for path in agrees)


def in_form(rewritten):
    """The options of a run in that form; rewriting makes some versions equal, as names do."""

    def make_rewrite(older):
        def rewrite(path, content):
            content = content.replace(b"KEPT = 1", b"KEPT = 2")
            has_moved = any(name.endswith("b.py") for name in older)
            return content.replace(b"_3 = 3", b"_3 = 33") if has_moved else content

        return rewrite

    return {"make_rewrite": make_rewrite} if rewritten else {}


def carry(source, revision, moves, target, form):
    name = "rewritten" if form else "moved"
    return carry_history(source, revision, moves, target, form=name, **form)


def simplified(model, lineages, order, names, rewrite):
    """Index to (parents, tree) of every kept commit, and which one stands for the others.

    ``order`` has the model's index of each commit by the engine's, ``names`` git's names.
    """
    kept, stands = {}, {}
    below = {}
    files = Files(model, order)
    for index in order:
        tree = mapped_tree(model.trees[index], index, lineages, files, names)
        tree = {path: rewrite(path, content.encode()).decode() for path, content in tree.items()}
        parents = living_parents(model, index, tree, kept, stands, below)
        if not parents and not tree:
            continue
        if len(parents) == 1 and kept[parents[0]][1] == tree:
            stands[index] = parents[0]
            continue
        kept[index] = (parents, tree)
        stands[index] = index
        below[index] = set().union(*({p} | below[p] for p in parents)) if parents else set()
    return kept, stands


def git(git_dir, *arguments, stdin=None):
    done = subprocess.run(
        ["git", "--git-dir", git_dir, *arguments],
        input=stdin, capture_output=True, check=True, env=git_environment(),
    )  # fmt: skip
    return done.stdout.decode()


def read_back(git_dir):
    """Subject to (subjects of the parents, tree) of every commit of ``upstream``."""
    found, subjects = {}, {}
    for line in git(git_dir, "log", "--format=%H %s %P", "upstream").splitlines():
        name, subject, *parents = line.split()
        subjects[name] = int(subject)
        found[int(subject)] = (parents, name)
    return {
        subject: (
            [subjects[p] for p in parents],
            {
                path: git(git_dir, "show", f"{name}:{path}")
                for path in git(git_dir, "ls-tree", "-r", "--name-only", name).splitlines()
            },
        )
        for subject, (parents, name) in found.items()
    }


@pytest.mark.slow
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(COMMITS, st.sets(st.sampled_from(NAMES), min_size=1), st.booleans(), st.booleans())
@example(
    # Renamed away and back, then merged with a line that has neither.
    [
        ([], [("write", "a.py", "a.py")]),
        ([1], [("rename", "a.py", "b.py")]),
        ([1], [("rename", "b.py", "a.py")]),
        ([], []), ([], []), ([], []),
        ([1, 4], []),
    ],
    {"a.py"}, False, False,
)  # fmt: skip
@example(
    # A slice of one line, which rewriting changes.
    [([1], [("edit", "a.py", "a.py")]), *[([1], [("edit", "a.py", "a.py")])] * 3],
    {"a.py"}, True, True,
)  # fmt: skip
@example(
    # A merge of two files of one name takes the other one: the first-parent line leaves its branch.
    [
        ([], []), *SHAPES["criss-cross"], *SHAPES["squash met its branch"], ([1], []), ([1, 4], []),
    ],
    {"a.py", "b.py", "d/a.py"}, False, False,
)  # fmt: skip
def test_the_result_is_the_models(plan, chosen, sliced, rewritten):
    form = in_form(rewritten)
    model = Model(plan)
    tip = len(plan) - 1
    paths = sorted(chosen & model.trees[tip].keys())
    if not paths:
        return
    moves = [WholeMove(path, f"new/{path}") for path in paths]
    if sliced:
        moves[0] = SliceMove(paths[0], f"new/{paths[0]}", frozenset({"KEPT"}))
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "source"
        git(source, "init", "-q", "--bare", source)
        git(source, "fast-import", "--quiet", stdin=model.stream().encode())
        revision = git(source, "rev-parse", "main").strip()
        target = Path(folder) / "target"
        carried = carry(source, revision, moves, target, form)
        found = read_back(target / ".git")
        git(target / ".git", "fsck", "--strict")
        checked = check_history(source, target, blame=False, **form)
        assert checked.noise == checked.foreign == checked.strange == ()
        log = git(source, "log", "--topo-order", "--reverse", "--format=%s %H", "main")
        names = {int(line.split()[0]): line.split()[1] for line in log.splitlines()}
        older = older_names(source, revision, moves, carried.lineages)
    assert names.keys() == {tip} | model.ancestors(tip)
    rewrite = form["make_rewrite"](older) if rewritten else lambda _path, content: content
    kept, stands = simplified(model, carried.lineages, list(names), names, rewrite)
    reached, waiting = set(), [stands[tip]]
    while waiting:
        at = waiting.pop()
        if at not in reached:
            reached.add(at)
            waiting += kept[at][0]
    assert found == {index: kept[index] for index in reached}
    # The names a file had just before it was moved by git's own account are followed.
    for target_path, providers in carried.lineages.providers.items():
        assert providers[0].path == target_path.removeprefix("new/")


@pytest.mark.slow
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    COMMITS, st.sets(st.sampled_from(NAMES), min_size=1), st.integers(0, 13),
    st.booleans(), st.booleans(),
)  # fmt: skip
@example(
    # A root joined after the first run has a file of our name.
    [([1], [("edit", "a.py", "a.py")]), ([2, 1], []), *SHAPES["unrelated root joined"]],
    {"a.py"}, 0, False, False,
)  # fmt: skip
@example(
    # Two files of a new name, of which a merge takes one.
    [
        ([1], [("edit", "a.py", "a.py")]), ([2, 1], []), ([1], []),
        ([1], [("write", "d/a.py", "d/a.py")]), ([2], [("edit", "d/a.py", "d/a.py")]),
        ([2, 1], []), ([2, 1], []),
    ],
    {"a.py", "d/a.py", "b.py"}, 0, False, False,
)  # fmt: skip
@example(
    # Merged while nothing is there of what is carried.
    [
        ([1], [("write", "d/c.py", "d/c.py")]),
        ([1], [("rename", "a.py", "b.py")]),
        ([1], [("rename", "d/c.py", "a.py")]),
        ([1], [("edit", "a.py", "a.py")]),
        ([2], [("edit", "b.py", "b.py")]),
        ([2, 1], []), ([2, 3], []), ([2, 1], []), ([1], []),
    ],
    {"b.py", "d/c.py"}, 0, False, False,
)  # fmt: skip
@example(
    # A merge renames, and later another file gets the name that was given up.
    [
        ([], []), ([1], [("edit", "a.py", "a.py")]), ([2, 1], []), ([], []), ([], []),
        ([1, 3], [("rename", "a.py", "b.py")]),
        ([1], [("edit", "a.py", "a.py")]), ([2, 1], []),
    ],
    {"a.py"}, 6, False, False,
)  # fmt: skip
@example(
    # The same with another root before it, in the other form.
    [
        ([], []), ([1], [("edit", "a.py", "a.py")]), ([2, 1], []), ([], []), ([], []), ([], []),
        ([1, 3], [("rename", "a.py", "b.py")]),
        ([1], [("edit", "a.py", "a.py")]), ([2, 1], []),
    ],
    {"a.py"}, 6, False, True,
)  # fmt: skip
@example(
    # A merge that joins two commits of the first run, and takes what the first of them has.
    [*SHAPES["criss-cross"], *SHAPES["criss-cross"]],
    {"a.py", "b.py"}, 6, False, False,
)  # fmt: skip
@example(
    # A name is given up, and the next file of that name becomes one that is carried.
    [
        ([1], [("edit", "a.py", "a.py")]), ([2, 1], []),
        *SHAPES["name handed on"], *SHAPES["name handed on"],
    ],
    {"a.py", "b.py", "d/c.py"}, 2, False, False,
)  # fmt: skip
@example(
    # What was deleted before the first run comes back.
    [
        ([], [("write", "a.py", "a.py"), ("write", "b.py", "b.py")]),
        ([1], [("delete", "a.py", "a.py")]), ([1], [("write", "a.py", "a.py")]),
    ],
    {"a.py", "b.py"}, 1, False, False,
)  # fmt: skip
@example(
    # A merge writes anew a file of which its parents have two.
    [
        ([], [("write", "a.py", "a.py")]), *SHAPES["name handed on"],
        ([3, 1], [("write", "a.py", "a.py")]),
    ],
    {"a.py"}, 0, False, False,
)  # fmt: skip
@example(
    # All is carried again, and what there was is the beginning of it.
    [([], [("write", "a.py", "a.py")]), *SHAPES["name handed on"]],
    {"a.py", "b.py"}, 2, False, True,
)  # fmt: skip
def test_appending_gives_a_fresh_runs_tree_and_only_adds(plan, chosen, where, sliced, rewritten):
    form = in_form(rewritten)
    model = Model(plan)
    tip = len(plan) - 1
    middle = where % len(plan)
    if middle not in model.ancestors(tip):
        return

    def moves_at(index):
        paths = sorted(chosen & model.trees[index].keys())
        moves = [WholeMove(path, f"new/{path}") for path in paths]
        if sliced and moves:
            moves[-1] = SliceMove(paths[-1], f"new/{paths[-1]}", frozenset({"KEPT"}))
        return moves

    if not moves_at(middle) or not moves_at(tip):
        return
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "source"
        git(source, "init", "-q", "--bare", source)
        git(source, "fast-import", "--quiet", stdin=model.stream().encode())
        old, new = (git(source, "rev-parse", n).strip() for n in (f"c{middle}", "main"))
        target, fresh = Path(folder) / "target", Path(folder) / "fresh"
        before = carry(source, old, moves_at(middle), target, form)
        author = Identity("A", "a@b")
        appended = append_history(source, new, moves_at(tip), target, author=author, **form)
        expected = carry(source, new, moves_at(tip), fresh, form)
        git_dir = target / ".git"
        tree = git(git_dir, "rev-parse", "upstream^{tree}")
        assert tree == git(fresh / ".git", "rev-parse", f"{expected.tip}^{{tree}}")
        git(git_dir, "merge-base", "--is-ancestor", before.tip, "upstream")
        assert appended.before == before.tip
        assert git(git_dir, "rev-parse", "upstream").strip() == appended.tip
        if appended.is_anew:
            assert git(git_dir, "rev-parse", "upstream^1").strip() == expected.tip
        checked = check_history(source, target, **form)
        as_fresh = check_history(source, fresh, **form)
        assert checked.noise == checked.foreign == checked.lost == checked.strange == ()
        # Which commit a line is from may differ: what was carried before stays as it was.
        assert [file.path for file in checked.files] == [file.path for file in as_fresh.files]
        git(git_dir, "fsck", "--strict")
