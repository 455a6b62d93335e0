"""The page in a real browser: no error, no request, what can be clicked works."""

import itertools
import json
import os
import shutil
import time

import pytest
from axe_core_python.selenium import Axe
from extractor_reports.html import render_html

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
        page.write_text(render_html(report), encoding="utf-8")
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
    browser.execute_script(
        """const place = document.getElementById(arguments[0]);
        for (let up = place; up; up = up.parentElement) up.open = true;
        place.scrollIntoView();""",
        place,
    )
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
    "series-effects",
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
    scripts = "return [...document.scripts].filter((s) => s.type !== 'application/json').length"
    assert browser.execute_script(scripts) == 2
    assert browser.execute_script("return typeof alerted") == "undefined"


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
    rows = "return document.getElementById('coupling').data.rows.length"
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
    browser.find_element("id", "theme").click()
    level = "return document.getElementById('cascade-before').data.level"
    assert browser.execute_script(level) == "shop.plain", "another light leaves the reader there"
    assert browser.get_log("browser") == []


def test_arrows_walk_the_icicle(show):
    browser = show(make_run())
    drawn(browser, "cascade-before")
    picture = browser.find_element("id", "cascade-before")
    said = browser.find_element("id", "cascade-before-said")
    picture.send_keys("\ue015")  # down
    assert said.text.startswith("shop.plain: 20 lines of its own, 50 with what it loads first")
    picture.send_keys("\ue015")
    assert said.text.startswith("shop.tax: 30 lines")
    here = (
        "return [...document.querySelectorAll('#cascade-before .here')].map(e => e.dataset.module)"
    )
    assert browser.execute_script(here) == ["shop.tax"], "where the reader is"
    picture.send_keys("\ue013")  # up
    picture.send_keys("\ue007")  # enter
    level = "return document.getElementById('cascade-before').data.level"
    wait(lambda: browser.execute_script(level) == "shop.plain")
    picture.send_keys("\ue00c")  # escape
    wait(lambda: browser.execute_script(level) == "shop.till")
    assert browser.get_log("browser") == []


@pytest.fixture
def screen(browser):
    """Set the window and what the reader prefers; taken back at the end."""

    def choose(width=1366, theme="light", media=""):
        browser.execute_cdp_cmd(
            "Emulation.setDeviceMetricsOverride",
            {"width": width, "height": 844, "deviceScaleFactor": 1, "mobile": width < 500},
        )
        feature = {"name": "prefers-color-scheme", "value": theme}
        browser.execute_cdp_cmd(
            "Emulation.setEmulatedMedia", {"media": media, "features": [feature]}
        )

    yield choose
    browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "", "features": []})


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1366])
def test_the_rules_of_accessibility(show, screen, make, width, theme):
    """By axe-core: roles, names, landmarks, heads of tables, contrast of text, and more."""
    screen(width, theme)
    browser = show(make())
    for place in PLACES if make is make_run else ():
        drawn(browser, place)
    found = Axe().run(browser)
    assert len(found["passes"]) > 30
    assert [(v["id"], [n["html"] for n in v["nodes"]]) for v in found["violations"]] == []


CONTRASTS = """
const number = (text) => (text.match(/[\\d.]+/g) || [0, 0, 0, 0]).map(Number);
const light = ([r, g, b]) => [r, g, b].map((c) => c / 255).map(
  (c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)).reduce(
  (all, c, i) => all + c * [0.2126, 0.7152, 0.0722][i], 0);
const ground = (node) => {
  for (let up = node; up; up = up.parentElement) {
    const colour = number(getComputedStyle(up).backgroundColor);
    if (colour.length === 3 || colour[3] > 0) return colour;
  }
  return [255, 255, 255];
};
const found = [];
const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
for (let node = walker.nextNode(); node; node = walker.nextNode()) {
  const at = node.parentElement;
  if (!node.textContent.trim() || !at.checkVisibility() || at.closest("script, svg")) continue;
  const [a, b] = [light(number(getComputedStyle(at).color)), light(ground(at))];
  const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  found.push([ratio, node.textContent.trim().slice(0, 30)]);
}
return found;
"""


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_stands_out_from_its_ground(show, screen, make, theme):
    screen(theme=theme)
    browser = show(make())
    found = browser.execute_script(CONTRASTS)
    assert len(found) > 30
    assert [pair for pair in found if pair[0] < 4.5] == []


def test_headings_go_down_one_by_one(show, make):
    browser = show(make())
    levels = [
        int(h.tag_name[1]) for h in browser.find_elements("css selector", "h1, h2, h3, h4, h5, h6")
    ]
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))


def test_the_tab_key_goes_through_the_page_in_its_order(show, make):
    browser = show(make())
    at = "const a = document.activeElement; return [a.id, a.className, a.getAttribute('href')]"
    order = """
      const all = [...document.querySelectorAll('*')];
      return all.indexOf(document.activeElement)"""
    body = browser.find_element("tag name", "body")
    seen = []
    for _ in range(40):
        body.send_keys("\ue004")
        seen.append((browser.execute_script(order), browser.execute_script(at)))
        assert browser.execute_script("return document.activeElement.checkVisibility()")
    assert seen[0][1] == ["", "skip", "#content"]
    places = [place for place, _ in seen]
    last = next((i for i, (a, b) in enumerate(itertools.pairwise(places)) if b < a), len(places))
    assert last > 8, "it came round too early"
    assert places[: last + 1] == sorted(places[: last + 1])


def test_nothing_moves_for_who_does_not_want_it(show):
    browser = show(make_run())
    scrolling = "return getComputedStyle(document.documentElement).scrollBehavior"
    assert browser.execute_script(scrolling) == "auto"
    drawn(browser, "cascade-before")
    slices = browser.find_elements("css selector", "#cascade-before g.slice")
    browser.execute_script(
        "arguments[0].dispatchEvent(new MouseEvent('click', {bubbles: true}))", slices[1]
    )
    level = "return document.getElementById('cascade-before').data.level"
    wait(lambda: browser.execute_script(level))


def test_on_paper(show, screen):
    """What must be reviewed is unfolded, what can only be clicked is gone, ink is dark."""
    screen(theme="dark", media="print")
    browser = show(make_run())
    browser.execute_script("dispatchEvent(new Event('beforeprint'))")
    folded = "return document.querySelectorAll('#overlay details:not([open])').length"
    assert browser.execute_script(folded) == 0
    for selector in ("nav", ".filter", "button"):
        shown = f"return document.querySelector('{selector}').checkVisibility()"
        assert not browser.execute_script(shown)
    colour = "return getComputedStyle(document.body).color"
    assert browser.execute_script(colour) == "rgb(28, 32, 36)"
    browser.execute_script("dispatchEvent(new Event('afterprint'))")
    assert browser.execute_script("return document.documentElement.dataset.theme") is None


def test_cells_on_a_phone_say_what_they_are(show, screen):
    screen(width=390)
    browser = show(make_run())
    cell = browser.find_element("css selector", "#checks td:nth-child(3)")
    assert cell.get_attribute("data-head") == "Evidence"
    before = "return getComputedStyle(arguments[0], '::before').content"
    assert "Evidence" in browser.execute_script(before, cell)
    assert cell.get_attribute("role") == "cell"


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
