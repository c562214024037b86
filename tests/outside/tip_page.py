"""The tip page in a real browser at a phone's size: a patron tips through the page and the simulator's checkout, with
JavaScript and without it; and, of a tenant who has switched that on, through a payment inside the page, which falls back
to the checkout where the script or its frame is blocked. axe finds nothing serious, no console error (a violation of the
content policy is one), no request to a foreign host.

usage: tip_page.py path/to/tessera [folder for screenshots]
"""

import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time
from urllib.parse import urlsplit

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

from properties import START_MAX_S, Api, wait_for

CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
QUIET_ARGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
              "--disable-component-update", "--disable-sync"]
PHONE = {"width": 360, "height": 740}
DESKTOP = {"width": 1280, "height": 800}
WAIT_MS = 15_000


def demo_of(path: pathlib.Path, process: subprocess.Popen) -> dict:
    """The demo's facts, once its guard is there as well."""
    deadline = time.monotonic() + START_MAX_S
    while "guard_token" not in (demo := wait_for(path, process)):
        assert time.monotonic() < deadline, "the demo has no guard"
        time.sleep(0.1)
    return demo


class Watch:
    """A page's console errors and the hosts that it asks."""

    def __init__(self, page: Page, hosts: set[str]):
        self.errors: list[str] = []
        self.foreign: list[str] = []
        page.on("console", lambda message: self.errors.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("request", lambda request: self.request(request.url, hosts))

    def request(self, url: str, hosts: set[str]) -> None:
        """Notes what goes anywhere else."""
        parts = urlsplit(url)
        if parts.scheme in ("http", "https") and parts.netloc not in hosts:
            self.foreign.append(url)

    def check(self) -> None:
        """Nothing was wrong."""
        assert not self.errors, f"the console says: {self.errors}"
        assert not self.foreign, f"asked elsewhere: {self.foreign}"


def accessible(page: Page, what: str) -> None:
    """axe finds nothing serious or critical."""
    found = Axe().run(page).response["violations"]
    serious = [f"{v['id']}: {v['help']} {[n['target'] for n in v['nodes']]}" for v in found
               if v["impact"] in ("serious", "critical")]
    assert not serious, f"{what}: {serious}"
    print(f"{what}: axe finds nothing serious ({len(found)} lesser)")


class Shots:
    """Pictures for people to look at."""

    def __init__(self, folder: pathlib.Path | None):
        self.folder = folder

    def take(self, page: Page, name: str) -> None:
        """One picture of the whole page."""
        if self.folder:
            page.screenshot(path=self.folder / f"{name}.png", full_page=True)


def pays(page: Page, shots: Shots, name: str) -> None:
    """On the simulator's checkout: success; then our own page says that the tip has arrived."""
    page.wait_for_url("**/checkout/**", timeout=WAIT_MS)
    shots.take(page, f"{name}-checkout")
    page.get_by_role("button", name="Pay ").first.click()
    page.wait_for_url("**/tips/*/status*", timeout=WAIT_MS)
    page.get_by_text("Your tip has arrived").wait_for(timeout=WAIT_MS)
    shots.take(page, f"{name}-succeeded")


def tips(browser: Browser, demo: dict, shots: Shots, viewport: dict, script: bool) -> str:
    """One patron, from the scan to the success page."""
    name = f"{'script' if script else 'plain'}-{viewport['width']}"
    context = browser.new_context(viewport=viewport, java_script_enabled=script, locale="en-NG")
    page = context.new_page()
    page.set_default_timeout(WAIT_MS)
    watch = Watch(page, {urlsplit(demo["base_url"]).netloc, urlsplit(demo["simulator_url"]).netloc})
    page.goto(f"{demo['base_url']}/g/{demo['guard_token']}")
    shots.take(page, f"{name}-page")
    if script:
        accessible(page, f"tip page at {viewport['width']} px")
    page.locator("input[type=radio]").nth(1).check()
    page.get_by_role("button").last.click()
    if not script:
        page.wait_for_url("**/pay*", timeout=WAIT_MS)
        shots.take(page, f"{name}-pay")
        page.get_by_role("button").last.click()
    pays(page, shots, name)
    if script:
        accessible(page, "status page")
    status = page.url
    page.reload()
    page.get_by_text("Your tip has arrived").wait_for(timeout=WAIT_MS)
    watch.check()
    context.close()
    return status


def switch_on(demo: dict) -> None:
    """The demo's tenant has the payment inside its tip pages from now on; the page is kept for a minute at most."""
    api = Api(demo)
    tenant = api.json("GET", "/api/v1/tenant")
    shown = ("id", "has_logo", "version", "destinations_applied")
    settings = {name: value for name, value in tenant.items() if name not in shown}
    settings["tips"]["inline_checkout"] = True
    api.json("PUT", "/api/v1/tenant", settings)


def begins(browser: Browser, demo: dict, blocked: str | None = None) -> tuple[Page, Watch]:
    """A patron at a phone has chosen an amount and sent the form; what matches `blocked` never arrives."""
    context = browser.new_context(viewport=PHONE, locale="en-NG")
    page = context.new_page()
    page.set_default_timeout(WAIT_MS)
    if blocked:
        page.route(blocked, lambda route: route.abort())
    watch = Watch(page, {urlsplit(demo["base_url"]).netloc, urlsplit(demo["simulator_url"]).netloc})
    scripts = []
    page.on("request", lambda request: scripts.append(request.url) if request.url.endswith("/v2/inline.js") else None)
    page.goto(f"{demo['base_url']}/g/{demo['guard_token']}")
    assert page.locator("form[data-inline]").count() == 1, "the switch is not on"
    page.wait_for_load_state("networkidle")
    assert not scripts, "whoever only looks is not known to Paystack"
    page.locator("input[type=radio]").nth(1).check()
    page.get_by_role("button").last.click()
    return page, watch


def tips_inside(browser: Browser, demo: dict, shots: Shots, outcome: str) -> None:
    """One patron pays, or goes away, in the frame; our own page says what became of the tip."""
    page, watch = begins(browser, demo)
    frame = page.frame_locator("iframe[src*='/popup/']")
    frame.get_by_role("button", name="Pay ").first.wait_for()
    assert page.url.endswith(f"/g/{demo['guard_token']}"), page.url
    if shots.folder:
        page.screenshot(path=shots.folder / f"inside-{PHONE['width']}-open.png")
    frame.get_by_role("button", name="Be declined").click()
    frame.get_by_text("You can try again").wait_for()
    frame.get_by_role("button", name=outcome).first.click()
    page.wait_for_url("**/tips/*/status", timeout=WAIT_MS)
    if outcome == "Cancel":
        page.get_by_role("link", name="Go to the payment").click()
        pays(page, shots, "inside-cancelled")
    page.get_by_text("Your tip has arrived").wait_for(timeout=WAIT_MS)
    shots.take(page, f"inside-{PHONE['width']}-arrived")
    watch.check()
    page.context.close()


def falls_back(browser: Browser, demo: dict, shots: Shots, blocked: str) -> None:
    """What opens the payment inside the page is blocked: it is opened by itself."""
    page, watch = begins(browser, demo, blocked)
    page.wait_for_url("**/checkout/**", timeout=2 * WAIT_MS)
    pays(page, shots, "fallback")
    assert all("ERR_FAILED" in error for error in watch.errors), watch.errors
    assert not watch.foreign, watch.foreign
    page.context.close()


def tips_once(browser: Browser, demo: dict) -> None:
    """A reload in the middle of a payment leads to the same payment."""
    page, watch = begins(browser, demo)
    frame = page.locator("iframe[src*='/popup/']")
    first = frame.get_attribute("src")
    page.reload()
    page.locator("input[type=radio]").nth(1).check()
    page.get_by_role("button").last.click()
    assert frame.get_attribute("src") == first, "a second payment"
    watch.check()
    page.context.close()


def main() -> None:
    """Starts the platform, tips eight times, looks at the ledger."""
    binary = pathlib.Path(sys.argv[1]).resolve()
    folder = pathlib.Path(sys.argv[2]).resolve() if len(sys.argv) > 2 else None
    if folder:
        folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as data:
        process = subprocess.Popen([binary, "--port", "0", "--data", data], stdout=subprocess.DEVNULL)
        try:
            demo = demo_of(pathlib.Path(data) / "demo.json", process)
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET_ARGS)
                shots = Shots(folder)
                for viewport in (PHONE, DESKTOP):
                    for script in (True, False):
                        tips(browser, demo, shots, viewport, script)
                switch_on(demo)
                for outcome in ("Pay ", "Cancel"):
                    tips_inside(browser, demo, shots, outcome)
                for blocked in ("**/v2/inline.js", "**/popup/*"):
                    falls_back(browser, demo, shots, blocked)
                tips_once(browser, demo)
                browser.close()
            invariants = Api(demo).json("GET", "/api/v1/ledger/invariants")
            assert invariants["violations"] == [], invariants
            print("eight tips paid; the ledger is in order:", json.dumps(invariants))
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(timeout=30)


if __name__ == "__main__":
    main()
