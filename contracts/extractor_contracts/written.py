"""Write the configurations that come with this package where a project can take them from."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from extractor_contracts import baseline

_HERE = Path(__file__).parent
SNIPPETS = ("playbooks/contracts/run.yaml", "tox.ini", "zuul.yaml")


def shipped() -> tuple[str, ...]:
    """Names of the configurations that come with this package."""
    return tuple(sorted(path.stem for path in _HERE.glob("*.toml")))


def shipped_path(name: str) -> Path:
    """The file of a shipped configuration."""
    return _HERE / f"{name}.toml"


def write_contracts(
    folder: Path, baselines: Mapping[str, baseline.Baseline] | None = None
) -> tuple[Path, ...]:
    """Write into ``folder`` a folder a configuration: it, its baseline, tox and Zuul snippets.

    ``baselines`` are by the name of the configuration; those that hold nothing, and those not
    given, are not written. Returns the files, sorted.
    """
    written = []
    for name in shipped():
        here = folder / name / "contracts"
        here.mkdir(parents=True, exist_ok=True)
        text = (_HERE / f"{name}.toml").read_text(encoding="utf-8")
        known = (baselines or {}).get(name, {})
        if any(known.values()):
            text = text.replace(
                "[tool.importlinter]\n",
                f'[tool.importlinter]\nbaseline = "contracts/{name}.baseline.toml"\n',
            )
            file = here / f"{name}.baseline.toml"
            file.write_text(baseline.dump(known), encoding="utf-8")
            written.append(file)
        (here / f"{name}.toml").write_text(text, encoding="utf-8")
        written.append(here / f"{name}.toml")
        for snippet in SNIPPETS:
            content = (_HERE / "snippets" / snippet).read_text(encoding="utf-8")
            file = folder / name / snippet
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(content.replace("NAME", name), encoding="utf-8")
            written.append(file)
    return tuple(sorted(written))
