"""The page in a real browser: no error, no request, what can be clicked works."""

import json
import os
import shutil
import time

import pytest

from reports.html import render_html
from tests.reports.conftest import HOSTILE, make_change, make_run

BROWSER = shutil.which("chromium") or shutil.which("google-chrome")
DRIVER = shutil.which("chromedriver")
REQUIRED = os.environ.get("EXTRACTOR_REQUIRE_BROWSER") == "1"

pytestmark = pytest.mark.skipif(
    not (BROWSER and DRIVER) and not REQUIRED,
    reason="NOT TESTED IN A BROWSER: needs chromium and chromium-driver "
    "(EXTRACTOR_REQUIRE_BROWSER=1 makes this a failure)",
)


@pytest.fixture(scope="module")
def browser():
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    assert BROWSER and DRIVER, "EXTRACTOR_REQUIRE_BROWSER is set, but there is no Chromium"
    options = webdriver.ChromeOptions()
    options.binary_location = BROWSER
    for argument in (
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--force-prefers-reduced-motion",
        "--window-size=1366,900",
    ):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(DRIVER))
    yield driver
    driver.quit()


@pytest.fixture
def show(browser, tmp_path):
    def open_it(report):
        page = tmp_path / "index.html"
        page.write_text(render_html(report))
        browser.get_log("performance")
        browser.get_log("browser")
        browser.get(page.as_uri())
        return browser

    yield open_it


def wait(condition, seconds=20):
    until = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < until, "it did not come"
        time.sleep(0.05)
    return found


def drawn(browser, place):
    browser.execute_script(f"document.getElementById('{place}').scrollIntoView()")
    wait(lambda: browser.execute_script(f"return document.getElementById('{place}').dataset.drawn"))


def requests(browser):
    messages = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    return [
        m["params"]["request"]["url"]
        for m in messages
        if m["method"] == "Network.requestWillBeSent"
    ]


PLACES = (
    "cascade-before",
    "cascade-after",
    "payments",
    "offers",
    "coupling",
    "timeline",
    "blame",
    "steps",
)


@pytest.mark.parametrize("text", ["plain", HOSTILE])
def test_no_error_and_no_request(show, text):
    browser = show(make_run(text))
    for place in PLACES:
        drawn(browser, place)
    asked = [url for url in requests(browser) if not url.startswith(("data:", "blob:"))]
    assert len(asked) == 1 and asked[0].startswith("file:")
    assert browser.get_log("browser") == []
    assert browser.execute_script("return document.querySelectorAll('[onerror]').length") == 0


def test_the_first_picture_is_drawn_at_once(show):
    browser = show(make_run())
    taken = wait(
        lambda: browser.execute_script("return document.documentElement.dataset.firstPicture")
    )
    assert float(taken) > 0
    assert browser.execute_script("return document.querySelectorAll('#cascade-before svg').length")


def visible(browser, table):
    return browser.execute_script(
        f"return [...document.querySelectorAll('#{table} tbody tr')].filter(r => !r.hidden).length"
    )


def test_filters_work(show):
    browser = show(make_run())
    table = browser.find_element("id", "symbol-table-search")
    choice = browser.find_element("css selector", "#symbol-table-kind option[value='']")
    assert visible(browser, "symbol-table") == 1, "what was left is not shown at first"
    choice.click()
    assert visible(browser, "symbol-table") == 2
    table.send_keys("left")
    assert visible(browser, "symbol-table") == 1
    table.clear()
    table.send_keys("nothing of this kind")
    assert visible(browser, "symbol-table") == 0
    said = browser.find_element("css selector", "[data-for=symbol-table] output")
    assert said.text == "0 of 2"


def test_the_matrix_follows_its_filter(show):
    browser = show(make_run())
    drawn(browser, "coupling")
    rows = "return document.getElementById('coupling').data[0].y.length"
    assert browser.execute_script(rows) == 2
    browser.find_element("css selector", "#classes-kind option[value=own]").click()
    wait(lambda: browser.execute_script(rows) == 1)
    assert visible(browser, "classes") == 1


def test_links_lead_to_the_lines(show):
    browser = show(make_run())
    lines = browser.find_element("id", "lines-1")
    assert lines.get_attribute("open") is None
    browser.find_element("css selector", "a[href='#lines-1']").click()
    wait(lambda: lines.get_attribute("open") is not None)
    for link in browser.find_elements("css selector", "nav a"):
        link.click()
        target = link.get_attribute("href").partition("#")[2]
        assert browser.execute_script("return location.hash") == f"#{target}"


def test_a_click_looks_inside_a_module(show):
    browser = show(make_run())
    drawn(browser, "cascade-before")
    slices = browser.find_elements("css selector", "#cascade-before g.slice")
    assert len(slices) == 3
    browser.execute_script(
        "arguments[0].dispatchEvent(new MouseEvent('click', {bubbles: true}))", slices[1]
    )
    wait(
        lambda: browser.execute_script(
            "return document.querySelectorAll('#cascade-before g.pathbar').length > 0"
        )
    )


def test_light_and_dark(show):
    browser = show(make_run())
    drawn(browser, "cascade-before")
    ground = "return getComputedStyle(document.body).backgroundColor"
    before = browser.execute_script(ground)
    browser.find_element("id", "theme").click()
    assert browser.execute_script(ground) != before


@pytest.mark.parametrize("width", [390, 1366])
def test_nothing_is_wider_than_the_window(show, make, width):
    browser = show(make(HOSTILE))
    browser.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": width, "height": 844, "deviceScaleFactor": 1, "mobile": width < 500},
    )
    try:
        assert (
            browser.execute_script("return document.documentElement.scrollWidth - innerWidth") <= 0
        )
    finally:
        browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def test_keys_reach_what_a_pointer_can(show):
    browser = show(make_run())
    reachable = browser.execute_script(
        "return [...document.querySelectorAll('.scroll, .plot, pre, .drawing')]"
        ".every(e => e.tabIndex >= 0)"
    )
    assert reachable
    unnamed = browser.execute_script(
        "return [...document.querySelectorAll('input, select, button, [role=region], [role=img]')]"
        ".filter(e => !(e.ariaLabel || e.textContent.trim() || (e.labels || []).length)).length"
    )
    assert unnamed == 0


def test_a_change_has_no_error_either(show):
    browser = show(make_change(HOSTILE, crossings=3))
    browser.find_element("id", "added-table-search").send_keys("no such thing")
    assert visible(browser, "added-table") == 0
    assert browser.get_log("browser") == []
