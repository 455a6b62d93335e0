"""What the trees under test run in."""

from dataclasses import replace

from extractor.verification import labs


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
