"""What counts as a copy, and what as the same definition."""

from extractor.history.likeness import (
    COPY_SIMILARITY,
    carried_names,
    copied_share,
    most_similar,
    split_from,
)

LICENCE = b"".join(b"# line %d of a licence\n" % n for n in range(40))
CODE = b"".join(b"A_%d = %d\n" % (n, n) for n in range(20))
BODY = b"    a = 1\n    b = 2\n    c = 3\n    return a\n"


def test_a_copy_shares_most_lines_with_and_without_comments():
    assert copied_share(LICENCE + CODE, LICENCE + CODE) == 100
    changed = LICENCE + CODE.replace(b"A_3 =", b"B_3 =")
    assert COPY_SIMILARITY <= copied_share(changed, LICENCE + CODE) < 100
    # Four fifths of the lines are the licence's.
    assert copied_share(LICENCE + CODE[:100], LICENCE + CODE[100:]) == 0
    assert copied_share(LICENCE, LICENCE) == 0


def test_indentation_and_blank_lines_do_not_count():
    assert copied_share(CODE, CODE.replace(b"\n", b"\n\n  ")) == 100


def test_a_definition_goes_by_its_own_name_or_by_most_of_its_lines():
    assert most_similar(b"def g():\n" + BODY, {"f": b"def f():\n" + BODY}) == ("f", 0.8)
    assert most_similar(b"def g():\n    pass\n", {"f": b"def f():\n    pass\n"}) is None
    names, share = carried_names({"f": b"def f():\n" + BODY}, {"f": b"def f():\n" + BODY}, {})
    assert (names, share) == ({"f": "f"}, 1.0)


def test_a_short_definition_needs_a_longer_one_beside_it():
    short = {"L": b"L = call()\n"}
    assert carried_names(short, short, {}) == ({}, 0.0)
    long = {**short, "f": b"def f():\n" + BODY}
    assert carried_names(long, long, {})[0] == {"L": "L", "f": "f"}
    # It is still where it was: many files have the like.
    assert carried_names(long, long, short)[0] == {"f": "f"}


def test_a_part_comes_from_what_lost_its_lines():
    whole = b"class Big(object):\n" + b"".join(b"    x_%d = %d\n" % (n, n) for n in range(30))
    part = b"class Part(object):\n" + b"".join(b"    x_%d = %d\n" % (n, n) for n in range(20))
    left = b"class Big(Part):\n" + b"".join(b"    x_%d = %d\n" % (n, n) for n in range(20, 30))
    found = split_from("Part", {"Big": whole}, {"Big": left, "Part": part})
    assert found is not None
    assert found[0] == "Big"
    assert split_from("Part", {"Big": whole}, {"Big": whole, "Part": part}) is None
