"""What the trees under test run in."""

from dataclasses import replace

import pytest

from extractor.verification import labs
from extractor.verification.laboratory.environment import NoEnvironment


def test_the_source_gets_what_it_requires_less_and_more_than_that(shop, monkeypatch):
    source = shop.folder / "mall"
    source.mkdir()
    (source / "requirements.txt").write_text("six\nlinter>=2\n")
    context = shop.context(against=source)
    said = replace(context.settings.source, without=("lint*",), also=("checks==1.5",))
    context = replace(context, settings=replace(context.settings, source=said))
    monkeypatch.setattr(labs, "interpreter", lambda context: None)
    monkeypatch.setattr(labs, "environment", lambda made, interpreter, report: made)
    made = labs.environment_of_source(context)
    more = context.settings.serve.requirements
    assert made.requirements == ("six", *more, "checks==1.5")


def test_drivers_that_are_missing_are_named_with_the_cure(monkeypatch):
    labs.require_drivers("schemas are read")
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(NoEnvironment, match=r"pip install 'extractor-toolkit\[database\]'"):
        labs.require_drivers("schemas are read")
