"""The documentation site: ``sphinx-build -W -b html docs build/site``."""

from __future__ import annotations

import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE.parent), str(HERE.parent / "contracts"), str(HERE.parent / "reports")]

from docs.reference_pages import write_pages  # noqa: E402
from extractor import __version__  # noqa: E402

project = "extractor"
author = "The extractor maintainers"
copyright = author
version = release = __version__

extensions = ["myst_parser", "sphinx.ext.autodoc"]
source_suffix = {".md": "markdown"}
exclude_patterns = ["__pycache__"]
myst_heading_anchors = 3
myst_enable_extensions = ["deflist"]
# Links from a page to a file of the repository that is no page become downloads.
suppress_warnings = ["myst.header"]

autodoc_member_order = "bysource"
autodoc_typehints = "description"

html_theme = "furo"
html_title = f"extractor {__version__}"
html_copy_source = False

# The words of a link checker: addresses on other hosts are tried by hand, in `-b linkcheck`.
linkcheck_timeout = 10


def setup(app: object) -> None:
    """Write the reference from the command line and the schemas, before anything is read."""
    write_pages(HERE / "reference")
