"""How long a report's page takes from its address to its first picture, in a real browser.

    python -m tests.benchmarks.first_picture PAGE [--times 5]

Each time in a browser of its own. Prints milliseconds until the first picture is drawn, until
something is seen at all, and until the whole page is read.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import time
from pathlib import Path

from selenium import webdriver
from selenium.webdriver.chrome.service import Service

SEEN = """
const paint = performance.getEntriesByName("first-contentful-paint")[0];
const page = performance.getEntriesByType("navigation")[0];
return [Number(document.documentElement.dataset.firstPicture || 0), paint ? paint.startTime : 0,
  page.domContentLoadedEventEnd];
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("page", type=Path)
    parser.add_argument("--times", type=int, default=5)
    chosen = parser.parse_args()
    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium") or shutil.which("google-chrome") or ""
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--window-size=1280,800"):
        options.add_argument(argument)
    rows = []
    for _ in range(chosen.times):
        driver = webdriver.Chrome(options=options, service=Service(shutil.which("chromedriver")))
        try:
            driver.get("about:blank")
            time.sleep(1)  # The browser's own start is not the page's.
            driver.get(chosen.page.resolve().as_uri())
            while not (seen := driver.execute_script(SEEN))[0]:
                time.sleep(0.05)
        finally:
            driver.quit()
        rows.append([round(value) for value in seen])
        print("first picture {}, first seen {}, all read {}".format(*rows[-1]), flush=True)
    pictures = sorted(row[0] for row in rows)
    print(f"first picture: median {statistics.median(pictures)} ms, most {pictures[-1]} ms")


if __name__ == "__main__":
    main()
