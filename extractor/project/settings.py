"""Settings of tools that concern a part of a project, with the names that the part has then."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from extractor.project.files import ProjectFiles

Target = Callable[[str], str | None]
"""A dotted name of the source to the one in the result; ``None`` for what stays behind."""


# Settings that hold paths, also where one looks like a module.
_PATHS = frozenset(
    {"exclude", "files", "include", "mypy_path", "omit", "pythonpath", "src", "testpaths"}
)


class _Names:
    """Rewrites modules and paths of the source in settings: ``None`` where one stays behind."""

    def __init__(self, tops: Iterable[str], folders: Iterable[str], target: Target) -> None:
        self._target = target
        words = "|".join(re.escape(top) for top in sorted(tops, key=len, reverse=True))
        self._folders = {folder.strip("/") for folder in folders if folder.strip("/")}
        above = "|".join(re.escape(folder) for folder in sorted(self._folders)) or "(?!)"
        self._word = re.compile(
            rf"(?<![\w.\-/])(?:\./)?(?:(?:{above})/)?(?P<name>(?:{words})(?:[./]\w+)*)(?![\w-])"
            if words
            else "(?!)"
        )

    def text(self, text: str, key: str = "") -> str | None:
        if text.strip("./") in self._folders:
            return "."
        behind = False

        def renamed(match: re.Match[str]) -> str:
            nonlocal behind
            name, after = match["name"], text[match.end() : match.end() + 1]
            suffix = ".py" if name.endswith(".py") else ""
            slashed = "/" in match[0] + after or bool(suffix) or key in _PATHS
            # A word among others is prose.
            if " " in text and not {".", "/"} & set(match[0]):
                return match[0]
            new = self._target(name.removesuffix(".py").replace("/", "."))
            behind |= new is None
            return (new or "").replace(".", "/") + suffix if slashed else new or ""

        changed = self._word.sub(renamed, text)
        return None if behind else changed

    def words(self, text: str) -> str:
        """Of arguments those that stay; an option by itself goes with its argument."""
        kept: list[str] = []
        for word in text.split():
            new = self.text(word)
            if new is not None:
                kept.append(new)
            elif kept and re.fullmatch(r"-\w", kept[-1]):
                kept.pop()
        return " ".join(kept)

    def value(self, value: Any, key: str = "") -> Any:
        """A TOML value without what stays behind; ``None`` where nothing is left of it."""
        if isinstance(value, str):
            return self.words(value) if key == "addopts" else self.text(value, key)
        if isinstance(value, list):
            whole = [self.value(item, key) for item in value]
            # A table that has lost a key says something else.
            kept = [
                new
                for old, new in zip(value, whole, strict=True)
                if new is not None and not (isinstance(old, dict) and old.keys() - new.keys())
            ]
            return kept if kept or not value else None
        if isinstance(value, dict):
            table: dict[str, Any] = {}
            for name, one in value.items():
                bare = name.isidentifier()
                new, content = name if bare else self.text(name), self.value(one, name)
                if new is not None and content is not None:
                    table[new] = content
            return table if table or not value else None
        return value


def settings_of(
    files: ProjectFiles,
    places: Sequence[tuple[str, str]],
    tops: Iterable[str],
    folders: Iterable[str],
    target: Target,
) -> Mapping[str, str]:
    """Text for each file of the result that ``places``, files and sections, leave settings in."""
    names = _Names(tops, folders, target)
    found: dict[str, list[str]] = {}
    for path, section in places:
        if path not in files.present:
            continue
        if path.endswith(".toml"):
            keys = [key for key in section.split(".") if key]
            kept = names.value(files.toml(path, *keys))
            if kept:
                for key in reversed(keys):
                    kept = {key: kept}
                found.setdefault(path, []).append(_toml(kept))
        else:
            found.setdefault(path, []).extend(_ini(files, path, section, names))
    return {path: "\n".join(texts) for path, texts in found.items() if texts}


def _toml(table: Any) -> str:
    # Contracts ask for a project's facts where only import-linter is installed.
    import tomlkit

    return tomlkit.dumps(table).strip("\n") + "\n"


def _ini(files: ProjectFiles, path: str, wanted: str, names: _Names) -> Iterable[str]:
    """The sections ``wanted`` of an INI file; one that ends in ``*`` stands for all alike."""
    sections: dict[str, list[str]] = {}
    for option in files.ini(path):
        alike = option.section.startswith(wanted[:-1]) and wanted.endswith("*")
        # mypy's sections of modules: [mypy-big.sub.*].
        kind, dash, module = option.section.partition("-")
        new = names.text(module)
        if not (alike or option.section == wanted) or new is None:
            continue
        head = kind + dash + new
        if option.name == "addopts":
            lines = [names.words(option.value)]
        else:
            found = (names.text(text, option.name) for _, text in option.values)
            lines = [new for new in found if new is not None]
        if any(lines) or not option.values:
            value = lines[0] if len(lines) == 1 else "".join(f"\n    {line}" for line in lines)
            sections.setdefault(head, []).append(f"{option.name} = {value}".rstrip())
    for head, options in sections.items():
        yield "\n".join([f"[{head}]", *options, ""])
