"""Stand-ins whose place the source has taken: the names that its module lacks stand elsewhere."""

from tests.repositories import git, write
from tests.shop import FILES, PLAN, call

RULE = """
[[replace]]
subject = "shop.stock"
with = "till.store"
where_taken = { count_all = "till.counting:count_all" }
reason = "Counting is the shop's own business."
"""
STAND_IN = "def count_all():\n    return 0\n"
CUT = PLAN[PLAN.index("[[cut]]") : PLAN.index("[layout.modules]")]


def run(folder, more):
    source, plan = folder / "source", folder / "plan"
    source.mkdir()
    write(
        plan,
        {
            "plan.toml": PLAN.replace(CUT, RULE),
            "overlay/till/store.py": STAND_IN,
            "overlay/till/counting.py": STAND_IN,
        },
    )
    git(source, "init", "-q", "-b", "main")
    write(source, {**FILES, **more})
    git(source, "add", "-A")
    git(source, "commit", "-qm", "all")
    assert call("run", source, folder / "out", "--plan", plan, "--quiet") == 0
    return folder / "out" / "till"


def test_the_names_that_the_sources_own_module_lacks_come_from_elsewhere(tmp_path):
    own = "def open_late():\n    return True\n"
    uses = FILES["shop/till/door.py"].replace("stock.count_all()", "stock.count_all()\n    late()")
    uses += "\n\ndef late():\n    from shop.till import store\n    return store.open_late()\n"
    result = run(tmp_path, {"shop/till/store.py": own, "shop/till/door.py": uses})
    assert (result / "till" / "store.py").read_text() == own
    assert (result / "till" / "counting.py").read_text() == STAND_IN
    assert "from till import counting as stock" in (result / "till" / "door.py").read_text()


def test_where_the_place_is_free_the_stand_in_has_them_and_nothing_else_came(tmp_path):
    result = run(tmp_path, {})
    assert "from till import store as stock" in (result / "till" / "door.py").read_text()
    assert (result / "till" / "store.py").read_text() == STAND_IN
    assert "till/counting.py" not in git(result, "log", "--format=", "--name-only")
