"""The team's pages in a real Chromium: by mouse, by keyboard, in the dark, on a phone, and under axe."""

import os
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import axe_core_python
import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.select import Select

from tests.helpers.report_server import ReportServer, start_server, token_file, wait_for

AXE = (Path(axe_core_python.__file__).parent / "axe.min.js").read_text()
PROGRAMS = {name: shutil.which(name) for name in ("chromium", "chromedriver")}
A_YEAR = f"from={datetime.now(UTC).date() - timedelta(weeks=52)}"
PAGES = (
    *("/", f"/?project=search&sort=p90&{A_YEAR}", "/target?project=shop&target=test"),
    *("/?from=x", "/target?target=none"),
    *("/adoption", "/events", "/machines"),
)
pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(240),  # the demonstration makes up a year first
    pytest.mark.skipif(
        not all(PROGRAMS.values()),
        reason=f"not installed: {', '.join(name for name, path in PROGRAMS.items() if not path)}",
    ),
]
Browser = webdriver.Chrome
VIEW = "the-viewers-own-token"


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """Chromium without a window, which finds this machine under a name from elsewhere, too."""
    options = webdriver.ChromeOptions()
    options.binary_location = PROGRAMS["chromium"] or ""
    for word in ("--headless=new", "--disable-gpu", "--disable-dev-shm-usage", "--window-size=1280,1000"):
        options.add_argument(word)
    options.add_argument("--host-resolver-rules=MAP devtel.example.com 127.0.0.1")
    options.add_argument(f"--user-data-dir={tmp_path_factory.mktemp('chromium')}")
    if os.geteuid() == 0:
        options.add_argument("--no-sandbox")  # Chromium's cannot be had as root
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    service = webdriver.ChromeService(PROGRAMS["chromedriver"])
    with webdriver.Chrome(options, service) as driver:
        driver.implicitly_wait(5)
        yield driver


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ReportServer]:
    """The demonstration, which asks for a token from elsewhere."""
    home = tmp_path_factory.mktemp("demo")
    with start_server(home, "--demo", "--view-token-file", token_file(home, VIEW)) as server:
        yield server


@pytest.fixture(autouse=True)
def _as_new(browser: Browser, demo: ReportServer) -> None:
    browser.set_window_size(1280, 1000)
    emulate(browser, "light")
    browser.get(address(demo, "/healthz"))
    browser.delete_all_cookies()
    browser.get_log("browser")


def address(demo: ReportServer, path: str, host: str = "") -> str:
    """Where a page is."""
    url = demo.client.base_url
    return str(url.copy_with(host=host) if host else url).rstrip("/") + path


def emulate(browser: Browser, scheme: str) -> None:
    """Prefer light or dark, as a system does."""
    wanted = {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", wanted)


def find(browser: Browser, selector: str) -> WebElement:
    """The element."""
    return browser.find_element(By.CSS_SELECTOR, selector)


def heading(browser: Browser) -> str:
    """The page's heading."""
    return find(browser, "h1").text


def text(browser: Browser) -> str:
    """All that can be read, whichever page it is at this moment."""
    shown: str = browser.execute_script("return document.body ? document.body.innerText : ''")
    return shown


def targets(browser: Browser) -> list[str]:
    """The targets in the overview's table."""
    return [cell.text for cell in browser.find_elements(By.CSS_SELECTOR, "section[aria-labelledby=targets] tbody th")]


def colour(browser: Browser, selector: str, name: str) -> tuple[int, ...]:
    """A computed colour."""
    text = find(browser, selector).value_of_css_property(name)
    return tuple(int(float(part)) for part in text[text.index("(") + 1 : -1].split(",")[:3])


def faults(browser: Browser) -> list[dict[str, Any]]:
    """The findings of axe, with all tables open."""
    browser.execute_script("for (const it of document.querySelectorAll('details')) it.open = true")
    browser.execute_script(AXE)
    found = browser.execute_async_script("axe.run().then(arguments[arguments.length - 1])")
    return [{"rule": it["id"], "where": [node["target"] for node in it["nodes"]]} for it in found["violations"]]


def test_a_reader_goes_from_the_overview_to_a_target_and_back(browser: Browser, demo: ReportServer) -> None:
    browser.get(address(demo, "/"))
    assert heading(browser) == "Where does our tooling cost us time?"
    assert "made up by a program" in find(browser, "[role=note]").text
    browser.find_element(By.LINK_TEXT, "test.e2e").click()
    assert heading(browser) == "test.e2e shop"
    browser.find_element(By.LINK_TEXT, "shop").click()
    assert heading(browser) == "Where does our tooling cost us time?"
    assert Select(find(browser, "select")).first_selected_option.text == "shop"


def test_a_project_is_chosen_and_stands_in_the_address(browser: Browser, demo: ReportServer) -> None:
    browser.get(address(demo, "/"))
    everything = targets(browser)
    Select(find(browser, "select")).select_by_visible_text("search")
    find(browser, ".filters button").click()
    wait_for(lambda: "project=search" in browser.current_url)
    assert sorted(targets(browser)) == ["index", "test"]
    assert len(everything) > 6
    shared = browser.current_url
    browser.get(address(demo, "/"))
    browser.get(shared)
    assert sorted(targets(browser)) == ["index", "test"]


def test_the_keyboard_alone_is_enough(browser: Browser, demo: ReportServer) -> None:
    browser.get(address(demo, "/"))

    def press(*keys: str) -> WebElement:
        webdriver.ActionChains(browser).send_keys(*keys).perform()
        return browser.switch_to.active_element

    assert press(Keys.TAB).text == "Skip to the content"
    assert press(Keys.ENTER).get_attribute("id") == "main"
    assert press(Keys.TAB).tag_name == "select"
    while (active := press(Keys.TAB)).text != "Runs":
        assert active.tag_name != "body", "no way to the column's head"
    outline = active.value_of_css_property("outline-style")
    press(Keys.ENTER)
    wait_for(lambda: "sort=runs" in browser.current_url)
    assert find(browser, "[aria-sort=descending]").text == "Runs"
    arrow = "return getComputedStyle(document.querySelector('[aria-sort] a'), '::after').content"
    assert "▾" in browser.execute_script(arrow)
    assert outline == "solid"


def test_a_chart_opens_its_table(browser: Browser, demo: ReportServer) -> None:
    browser.get(address(demo, "/"))
    chart = find(browser, ".chart")
    table = chart.find_element(By.TAG_NAME, "table")
    assert not table.is_displayed()
    chart.find_element(By.TAG_NAME, "summary").click()
    assert table.is_displayed()
    columns = chart.find_elements(By.CSS_SELECTOR, "svg g")
    assert len(columns) == len(table.find_elements(By.CSS_SELECTOR, "tbody tr")) > 10


def test_in_the_dark_the_paper_is_dark_and_charts_are_light(browser: Browser, demo: ReportServer) -> None:
    seen = {}
    for scheme in ("light", "dark"):
        emulate(browser, scheme)
        browser.get(address(demo, "/"))
        body = sum(colour(browser, "body", "background-color"))
        seen[scheme] = (body, sum(colour(browser, "body", "color")), colour(browser, ".chart g path", "fill"))
    (paper, ink, bars), (dark_paper, dark_ink, dark_bars) = seen["light"], seen["dark"]
    assert (paper > 700, dark_paper < 100) == (True, True)
    assert (ink < 120, dark_ink > 600) == (True, True)
    assert bars != dark_bars


# The height of each text of a chart, and whether it is inside the picture.
TEXTS_OF_CHARTS = """
return [...document.querySelectorAll('.chart text')].map(it => {
  const box = it.getBoundingClientRect(), picture = it.ownerSVGElement.getBoundingClientRect();
  const inside = box.left >= picture.left - 1 && box.right <= picture.right + 1;
  return {text: it.textContent, height: box.height, inside};
});
"""


@pytest.fixture
def phone(browser: Browser) -> Iterator[None]:
    """A screen of 400 points."""
    wanted = {"width": 400, "height": 740, "deviceScaleFactor": 1, "mobile": True}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", wanted)
    yield
    browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


@pytest.mark.usefixtures("phone")
@pytest.mark.parametrize("path", PAGES)
def test_a_narrow_screen_never_scrolls_sideways(browser: Browser, demo: ReportServer, path: str) -> None:
    browser.get(address(demo, path))
    assert browser.execute_script("return document.documentElement.scrollWidth") <= 400
    texts = browser.execute_script(TEXTS_OF_CHARTS)
    assert all(it["height"] >= 11 and it["inside"] for it in texts), texts
    assert faults(browser) == []


# Of each table whose rows are cards: the heads of the figures, the names above them, and whether it scrolls sideways.
CARDS = """
return [...document.querySelectorAll('.cards')].map(it => {
  const row = it.querySelector('tbody tr'), figures = [...row.cells].filter(cell => cell.dataset.head);
  return {
    display: getComputedStyle(row).display, scrolls: it.scrollWidth > it.clientWidth,
    heads: figures.map(cell => it.querySelectorAll('thead th')[cell.cellIndex].textContent),
    names: figures.map(cell => getComputedStyle(cell, '::before').content.slice(1, -1)),
  };
});
"""


@pytest.mark.usefixtures("phone")
@pytest.mark.parametrize(
    ("path", "figures"),
    [("/", 9), ("/machines", 3), ("/target?project=shop&target=test", 4), ("/adoption", 3), ("/events", 0)],
)
def test_on_a_narrow_screen_each_row_is_a_card_with_named_figures(
    browser: Browser, demo: ReportServer, path: str, figures: int
) -> None:
    browser.get(address(demo, path))
    (cards,) = browser.execute_script(CARDS)
    assert cards["names"] == cards["heads"]
    assert (cards["display"], cards["scrolls"], len(cards["names"])) == ("grid", False, figures)


@pytest.mark.usefixtures("phone")
def test_on_a_narrow_screen_the_cards_can_be_sorted(browser: Browser, demo: ReportServer) -> None:
    browser.get(address(demo, "/"))
    browser.find_element(By.LINK_TEXT, "Failure rate").click()
    wait_for(lambda: "sort=failures" in browser.current_url)


def test_a_project_s_name_in_the_legend_leads_to_its_own_view(browser: Browser, demo: ReportServer) -> None:
    browser.get(address(demo, "/"))
    find(browser, ".legend").find_element(By.LINK_TEXT, "search").click()
    wait_for(lambda: "project=search" in browser.current_url)
    assert Select(find(browser, "select")).first_selected_option.text == "search"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", PAGES)
def test_axe_finds_nothing(browser: Browser, demo: ReportServer, path: str, scheme: str) -> None:
    emulate(browser, scheme)
    browser.get(address(demo, path))
    assert faults(browser) == []


def test_a_page_leaves_the_console_empty(browser: Browser, demo: ReportServer) -> None:
    for path in ("/", "/target?project=shop&target=test"):
        browser.get(address(demo, path))
        wait_for(lambda: find(browser, "svg").is_displayed())
    assert [line["message"] for line in browser.get_log("browser")] == []


def test_from_elsewhere_a_token_is_typed_once(browser: Browser, demo: ReportServer) -> None:
    away = address(demo, "/", host="devtel.example.com")
    browser.get(away)
    assert heading(browser) == "Sign in"
    assert faults(browser) == []
    find(browser, "[name=token]").send_keys("wrong", Keys.ENTER)
    wait_for(lambda: "not valid" in text(browser))
    find(browser, "[name=token]").send_keys(VIEW, Keys.ENTER)
    wait_for(lambda: "Where does our tooling cost us time?" in text(browser))
    assert browser.execute_script("return document.cookie") == ""
    browser.find_element(By.LINK_TEXT, "test.e2e").click()
    assert heading(browser) == "test.e2e shop"
    find(browser, "nav form button").click()
    wait_for(lambda: "View token" in text(browser))


def test_the_api_can_be_read_without_a_network(browser: Browser, demo: ReportServer) -> None:
    browser.get(address(demo, "/docs"))
    wait_for(lambda: "/devtel/v1/team-metrics.csv" in text(browser))
    assert [line["message"] for line in browser.get_log("browser") if line["level"] == "SEVERE"] == []


def test_an_empty_server_has_a_page_that_axe_likes(browser: Browser, tmp_path: Path) -> None:
    with start_server(tmp_path) as empty:
        browser.get(address(empty, "/"))
        assert "No report yet" in find(browser, "main").text
        assert faults(browser) == []
