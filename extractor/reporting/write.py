"""Put a report into a folder: the JSON, and what is drawn from it alone."""

from __future__ import annotations

from pathlib import Path

from extractor_reports.html import render_html
from extractor_reports.markdown import render_markdown
from extractor_reports.schema import Report, parse_report, report_bytes

from extractor.files import replace_file


def write_report(folder: Path, report: Report) -> Path:
    """Write ``report.json``, ``report.md`` and ``index.html``; gives the page's path."""
    folder.mkdir(parents=True, exist_ok=True)
    content = report_bytes(report)
    # What is drawn is what was written: nothing else can reach the page.
    again = parse_report(content)
    page = folder / "index.html"
    for path, data in (
        (folder / "report.json", content),
        (folder / "report.md", render_markdown(again, "index.html").encode("utf-8")),
        (page, render_html(again).encode("utf-8")),
    ):
        replace_file(path, data)
    return page
