"""Make the result an installable distribution."""

from __future__ import annotations

import re
from collections.abc import Iterable

from extractor.analysis.resolver import Resolver, modules_of
from extractor.carving.extraction import Extraction, Step
from extractor.errors import UsageError
from extractor.plan.alive import tests_of_result
from extractor.project.conventions.setuptools import REQUIREMENTS, TEST_REQUIREMENTS
from extractor.project.facts import project_of
from extractor.rewrites import packaging


def package_result(extraction: Extraction) -> None:
    rules = extraction.plan.data.packaging
    project = project_of(extraction.source)
    library = _library(extraction)
    known = packaging.Known(
        {**library, **rules.distributions},
        project,
        [rules.requirements, rules.test_requirements],
        [*rules.requirement_lines, *library.values()],
    )
    tree = extraction.code()
    modules = modules_of(tree, extraction.tops())
    tests, helpers = tests_of_result(extraction.plan.data, tree, modules)
    wanted = packaging.requirements_of(
        tree,
        modules,
        known,
        runtime=rules.runtime,
        test=rules.test,
        in_tests=(tests | helpers).__contains__,
    )
    languages = [
        text for text in project.declared_pythons if text.startswith("Programming Language")
    ]
    defined = _defined(extraction)
    values = {
        "distribution": rules.distribution,
        "language_classifiers": "\n".join(f"    {line}" for line in languages),
        "entry_points": packaging.entry_points(rules.entry_points, defined),
        "extras": packaging.extras(wanted.optional),
        "options_extras": packaging.extras(wanted.optional, "options.extras_require"),
        "description": extraction.plan.data.description,
        "toml_description": packaging.toml_string(extraction.plan.data.description),
        "toml_dependencies": packaging.toml_array(wanted.runtime),
        "toml_extras": packaging.toml_extras(wanted.optional, wanted.test),
        "toml_entry_points": packaging.toml_entry_points(rules.entry_points, defined),
        "doc_requirements": "\n".join(
            f"  {line}" for line in packaging.requirement_lines(known.lines, rules.documentation)
        ),
        "tox_envlist": ",".join(_tox_environments(languages)),
        "source_name": extraction.old_package,
        "source_revision": extraction.described,
    }
    changes: dict[str, bytes | None] = {}
    for path, content in extraction.plan.packaging.items():
        try:
            filled = packaging.fill_template(content, values)
        except UsageError as error:
            raise UsageError(f"packaging/{path}: {error}") from None
        changes[f".{path}" if path in rules.hidden else path] = filled
    changes[REQUIREMENTS] = wanted.runtime
    changes[TEST_REQUIREMENTS] = wanted.test
    extraction.apply(
        Step(
            "packaging",
            f"Package {rules.distribution}",
            "Requirements are exactly what is imported, with the specifiers they had.",
            {p: c for p, c in sorted(changes.items()) if extraction.files.get(p) != c},
            tuple((REQUIREMENTS, f) for f in wanted.findings),
        )
    )


def _library(extraction: Extraction) -> dict[str, str]:
    """The distribution of the source by its import name, where the result still uses it."""
    data, old = extraction.plan.data, extraction.old_package
    if not data.kept:
        return {}
    given = data.packaging.distributions.get(old)
    if given is None:
        raise UsageError(
            f"{data.kept[0]} is kept as a library: name its distribution under "
            f'[packaging.distributions], as in {old} = "{old}"'
        )
    return {old: given}


def _defined(extraction: Extraction) -> set[str]:
    """Every module of the result, and every ``module:name`` that it defines."""
    tree = extraction.code()
    modules = modules_of(tree, {extraction.package})
    resolver = Resolver(tree, modules)
    tables = {module: resolver.names(module) for module in modules}
    names = {f"{m}:{name}" for m, table in tables.items() if table for name in table.binders}
    return names | set(modules)


def _tox_environments(languages: Iterable[str]) -> list[str]:
    """``py27`` for the classifier ``Programming Language :: Python :: 2.7``, and so on."""
    versions = [re.search(r":: (\d)\.(\d+)$", line) for line in languages]
    return [f"py{v[1]}{v[2]}" for v in versions if v] or ["py3"]
