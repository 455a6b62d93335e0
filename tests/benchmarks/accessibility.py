"""What axe-core says of a report's page, in a real browser.

    python -m tests.benchmarks.accessibility PAGE

As the tests ask it of small pages, for a page of any size: at the width of a laptop and of a
phone, light and dark, as it opens and with everything opened. Prints how many elements there
are, the seconds it took, and each violation; ends with 1 when there is one.
"""

from __future__ import annotations

import argparse
import itertools
import shutil
import sys
import time
from pathlib import Path

from axe_core_python.selenium import Axe
from selenium import webdriver
from selenium.webdriver.chrome.service import Service

_PATIENCE = 1200.0  # Seconds: axe-core looks at each element by each of its rules.
_OPEN = "for (const one of document.querySelectorAll('details')) one.open = true;"
_SIZE = "return document.querySelectorAll('*').length;"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("page", type=Path)
    chosen = parser.parse_args()
    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium") or shutil.which("google-chrome") or ""
    for argument in (
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--force-prefers-reduced-motion",
    ):
        options.add_argument(argument)
    driver = webdriver.Chrome(options=options, service=Service(shutil.which("chromedriver")))
    driver.set_script_timeout(_PATIENCE)
    driver.command_executor.client_config.timeout = _PATIENCE
    broken = 0
    try:
        for width, theme, opened in itertools.product(
            (390, 1366), ("light", "dark"), (False, True)
        ):
            driver.execute_cdp_cmd(
                "Emulation.setDeviceMetricsOverride",
                {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False},
            )
            feature = {"name": "prefers-color-scheme", "value": theme}
            driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [feature]})
            driver.get(chosen.page.resolve().as_uri())
            if opened:
                driver.execute_script(_OPEN)
            time.sleep(3)  # What is seen is drawn when it comes into view.
            started = time.monotonic()
            found = Axe().run(driver, options={"resultTypes": ["violations"]})
            print(
                f"{width} {theme} {'opened' if opened else 'as it opens'}: "
                f"{driver.execute_script(_SIZE)} elements, {len(found['passes'])} rules passed, "
                f"{len(found['violations'])} broken, {time.monotonic() - started:.0f} s",
                flush=True,
            )
            for violation in found["violations"]:
                broken += 1
                nodes = violation["nodes"]
                print(f"  {violation['id']}: {violation['help']} ({len(nodes)} times)")
                for node in nodes[:5]:
                    print(f"    {node['html'][:150]}")
    finally:
        driver.quit()
    sys.exit(1 if broken else 0)


if __name__ == "__main__":
    main()
