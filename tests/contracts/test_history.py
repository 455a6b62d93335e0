"""Which commits contracts would have stopped."""

from __future__ import annotations

import subprocess
from pathlib import Path

from extractor_contracts.configuration import load

from extractor.contracting.history import replay, summary
from tests.contracts.conftest import Shop, configured


def commit(folder: Path, message: str) -> str:
    identity = ["-c", "user.name=n", "-c", "user.email=e"]
    subprocess.run(["git", *identity, "add", "."], cwd=folder, check=True)
    subprocess.run(["git", *identity, "commit", "-qm", message], cwd=folder, check=True)
    head = subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=folder, check=True, capture_output=True, text=True
    )
    return head.stdout.strip()


def test_each_commit_answers_for_itself(shop: Shop) -> None:
    subprocess.run(["git", "init", "-q"], cwd=shop.folder, check=True)
    shop.write({"contracts.toml": configured("quiet_init", 'packages = ["shop"]')})
    shop.write({"shop/__init__.py": "import shop.a", "shop/a.py": "", "shop/b.py": ""})
    first = commit(shop.folder, "known")
    shop.write({"shop/a.py": "import os"})
    harmless = commit(shop.folder, "harmless")
    shop.write({"shop/__init__.py": "import shop.b"})
    guilty = commit(shop.folder, "guilty")
    shop.write({"shop/b.py": "import os"})
    later = commit(shop.folder, "later")

    judged = list(replay(shop.folder / ".git", first, later, load(shop.folder / "contracts.toml")))

    assert [j.commit for j in judged] == [harmless, guilty, later]
    assert [bool(j.stopped_by) for j in judged] == [False, True, False]
    assert [v.key for v in judged[1].stopped_by["it"]] == ["shop -> shop.b"]
    assert judged[1].cured == {"it": 1}
    assert "it: shop -> shop.b" in summary(judged) and "1 of 3 commits" in summary(judged)
