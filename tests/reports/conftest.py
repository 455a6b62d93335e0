"""Reports small enough to read, in which every text tries to be something else."""

import pytest
from extractor_reports import schema

HOSTILE = (
    "<script>alerted='x'</script><img src=x onerror=alerted=1>\"'`|[a](javascript:b) @all %{y} "
    "</style><!--&lt;&amp; \x1b[31mred\x1b[0m \u202egnp.exe\n\n# head\n- {{ 7*7 }} ${8*8} $\\x$"
)
# As a report holds it: what a terminal obeys is spelled out.
SHOWN = HOSTILE.replace("\x1b", "\\x1b").replace("\u202e", "\\u202e")


def make_run(text="plain"):
    """A run's report with every section, ``text`` in every place that holds some."""
    cascade = schema.Cascade(
        root="shop.till",
        lines=60,
        modules=(
            schema.LoadedModule(module="shop.till", path="shop/till.py", lines=10, belongs=True),
            schema.LoadedModule(
                module=f"shop.{text}",
                path=text,
                lines=20,
                loaded_by="shop.till",
                line=3,
                how="import",
                belongs=False,
            ),
            schema.LoadedModule(
                module="shop.tax",
                path="shop/tax.py",
                lines=30,
                loaded_by=f"shop.{text}",
                line=1,
                how="import",
                belongs=False,
            ),
        ),
        third_party=(schema.ThirdParty(package=text, users=1, first=text),),
    )
    return schema.RunReport(
        tool=schema.Tool(name="extractor", version="1"),
        title=text,
        source=schema.Source(described=text, revision="1" * 40, date="2018-02-28T00:00:00+00:00"),
        plan=text,
        plan_digest="2" * 64,
        results=(schema.Result(path="till", revision="3" * 40, commits=2),),
        counts={"files": 3},
        cascades=schema.Cascades(
            before=cascade,
            after=cascade,
            payments=(
                schema.Payment(
                    kind="decision",
                    subject=text,
                    alone=2,
                    alone_lines=50,
                    together=1,
                    undone=1,
                    undone_lines=20,
                ),
                schema.Payment(
                    kind="carry", alone=0, alone_lines=0, together=1, undone=1, undone_lines=30
                ),
            ),
            offers=(schema.CutOffer(what=text, place=text, modules=1, lines=30),),
        ),
        coupling=schema.Coupling(
            package="shop.things",
            classes=(
                schema.CoupledClass(
                    name=text,
                    module=text,
                    line=1,
                    belongs=True,
                    fields=(schema.FieldLink(field=text, holds=text),),
                    tables=(text,),
                    users=(
                        schema.Users(part=text, places=3),
                        schema.Users(part=text, places=2, belongs=True),
                    ),
                ),
                schema.CoupledClass(
                    name="Other",
                    module="shop.things.other",
                    line=9,
                    belongs=False,
                    users=(schema.Users(part="shop.tax", places=1),),
                ),
            ),
        ),
        symbols=(
            schema.SymbolRow(
                symbol=f"shop.tax:{text}",
                fate="shared",
                path=text,
                line=4,
                last_line=5,
                target=text,
                target_path=text,
                target_line=1,
                used_by=(text,),
                why=(text,),
                code=text,
            ),
            schema.SymbolRow(symbol="shop.tax:Left", fate="left", path="shop/tax.py", line=9),
        ),
        decisions=(
            schema.Decision(
                kind="replace",
                subject=text,
                reason=text,
                outcome="applied",
                stand_in=text,
                touched=(text,),
            ),
        ),
        overlay=(schema.OverlayFile(path=text, code_lines=1, purpose=text, text=text),),
        history=schema.History(
            source_commits=9,
            kept=2,
            merges=0,
            followed=1,
            authors=(schema.Author(name=text, commits=2, first="2018-01-01", last="2018-02-01"),),
            timeline=(
                schema.Month(month="2018-01", commits=1, followed=1),
                schema.Month(month="2018-02", commits=1),
            ),
            blame=(schema.FileBlame(path=text, same=3, older=1, different=0, unpaired=1),),
        ),
        steps=(
            schema.Step(revision="4" * 40, subject=text, body=text, files=1, added=1, removed=1),
        ),
        series=tuple(
            schema.Patch(
                number=number,
                phase=text * number,
                title=text,
                reason=text,
                status=text,
                rewrites=(text,),
                paths=(text,),
                effects=(
                    schema.Effect(
                        module=text, before=3 - number, after=2 - number, no_more=(text,)
                    ),
                ),
                users=(3, 3 - number),
                left=(number - 1, 40),
                proofs=(
                    schema.Proof(
                        part=text,
                        outcome="held",
                        modules=2,
                        tests=number - 1,
                        findings=(text,),
                        evidence=(text,),
                    ),
                ),
                revision="5" * 40,
                change_id=text,
                patch=text,
            )
            for number in (1, 2)
        ),
        series_checks=(schema.Check(name=text, outcome="held", evidence=(text,)),),
        series_left=(schema.Task(subject=text, task=text),),
        checks=(
            schema.Check(name=text, outcome="held", evidence=(text,) * 5),
            schema.Check(name="tests", outcome="did not hold", evidence=(text,)),
        ),
        contracts=(
            schema.Contract(
                configuration=text, package=text, id=text, name=text, type=text, known=(text,)
            ),
            schema.Contract(configuration="c.toml", package="p", id="i", name="n", type="t"),
        ),
        database=schema.Database(
            tables=(
                schema.Table(name=text, path=text, line=1, columns=2, migrations=(text,)),
                schema.Table(name="lost"),
            ),
            notes=(schema.ColumnNote(table=text, column=text, definition=text, reason=text),),
            models=text,
            migrations=(text,),
            version_table=text,
            source_version_table=text,
            source_versions=(1, 2),
        ),
        left_for_a_person=(schema.Task(subject=text, task=text),),
        remaining_words=(schema.Word(path=text, line=1, text=text, reason=text),),
        failed=(schema.Trouble(step=text, path=text, reason=text),),
        skipped=(schema.Trouble(step=text, reason=text),),
        dropped=(schema.Trouble(step="drop", path=text, reason=text),),
        pictures=(
            schema.Picture(
                title=text,
                marked=text,
                svg=f'<svg xmlns="http://www.w3.org/2000/svg"><script>{text}</script></svg>',
                arrows=(schema.Dependency(importer=text, imported="b", in_cycle=True),),
                cycles=((text, "b"),),
            ),
            schema.Picture(title="none", missing=text),
        ),
        caveats=(text,),
    )


def make_change(text="plain", crossings=1):
    """A change's report with every section."""
    source = schema.Source(described=text, revision="1" * 40, date="2018-02-28")
    return schema.ChangeReport(
        tool=schema.Tool(name="extractor", version="1"),
        title=text,
        before=source,
        after=source,
        plan=text,
        files=1,
        added=tuple(
            schema.Crossing(
                path=text,
                line=n + 1,
                importer=text,
                # The first four of one module share a line of Markdown.
                imported=f"{text}{n if n > 3 else ''}",
                inward=True,
                at_import=True,
            )
            for n in range(crossings)
        ),
        removed=(
            schema.Crossing(
                path=text, line=1, importer=text, imported=text, inward=False, at_import=False
            ),
        ),
        cascades=(
            schema.CascadeChange(
                root=text,
                before=1,
                after=2,
                before_lines=10,
                after_lines=30,
                gained=(schema.NewlyLoaded(module=text, lines=20, through=text),),
                lost=(text,),
            ),
        ),
        borders=(schema.Border(symbol=text, path=text, line=1, inward=True, new=True),),
        violations=tuple(
            schema.Violation(contract=text, path=text, line=1, message=text, broken=broken)
            for broken in (True, False)
        ),
        caveats=(text,),
    )


@pytest.fixture(params=[make_run, make_change], ids=["run", "change"])
def make(request):
    return request.param
