"""The pages of vouchers in a real browser, at the sizes of a phone and a desk, light and dark: the voucher's page, the
link, "My Vouchers" and the code for the till, which is read back from the picture of the screen. axe finds nothing serious,
no console error (a violation of the content policy is one), no request to a foreign host, and each page is light.

usage: voucher_page.py path/to/tessera [folder for screenshots]
"""

import gzip
import io
import json
import pathlib
import signal
import subprocess
import sys
import tempfile
import urllib.request
from urllib.parse import urlsplit

import zxingcpp
from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from decoders import zbar_reads, zxing_reads
from properties import Api
from tip_page import CHROMIUM, DESKTOP, PHONE, QUIET_ARGS, WAIT_MS, Shots, Watch, accessible, demo_of

PAGE_MAX_BYTES = 30_000
CUSTOMER = "CUST-1"


def publish(api: Api) -> dict:
    """A business with two places, and a voucher of it that people can have."""
    places = [
        {"name": "Marina", "address": "12 Marina, Lagos Island, Lagos", "latitude_e6": 6451140, "longitude_e6": 3387530},
        {"name": "Allen Avenue", "address": "5 Allen Avenue, Ikeja, Lagos"},
    ]
    business = api.json("POST", "/api/v1/businesses", {"name": "Kofi's Café", "locations": places},
                        idempotency_key="page-business")
    voucher = api.json("POST", "/api/v1/vouchers", {
        "business_id": business["business_id"],
        "title": "A free coffee on your birthday",
        "description": "Any hot drink of the menu, in the size that you like.",
        "terms": "One for each customer.\nNot together with other offers.",
        "benefit": {"type": "free_item", "item": "A coffee"},
        "expires_at": "2029-12-31T23:00:00Z",
    }, idempotency_key="page-voucher")
    path = f"/api/v1/vouchers/{voucher['voucher_id']}"
    api.json("POST", f"{path}/publish", {})
    other = api.json("POST", "/api/v1/vouchers", {
        "business_id": business["business_id"],
        "title": "Half price on Mondays",
        "benefit": {"type": "percentage", "basis_points": 5000},
        "expires_at": "2029-12-31T23:00:00Z",
    }, idempotency_key="page-other")
    path = f"/api/v1/vouchers/{other['voucher_id']}"
    for change in ("publish", "pause"):
        api.json("POST", f"{path}/{change}", {})
    return {"open": voucher["voucher_id"], "paused": other["voucher_id"]}


def weigh(page: Page, what: str) -> None:
    """A page with its style and script is light."""
    loaded = page.evaluate("""() => [location.href, ...performance.getEntriesByType("resource")
        .filter((entry) => ["link", "script"].includes(entry.initiatorType)).map((entry) => entry.name)]""")
    total = len(gzip.compress(page.content().encode()))
    for url in loaded[1:]:
        with urllib.request.urlopen(url, timeout=30) as answer:
            total += len(gzip.compress(answer.read()))
    assert total <= PAGE_MAX_BYTES, f"{what}: {total} bytes"
    print(f"{what}: {total} bytes compressed, with style and script")


def opened(browser: Browser, demo: dict, viewport: dict, scheme: str, script: bool = True) -> tuple[Page, Watch]:
    """A new browser."""
    context = browser.new_context(viewport=viewport, color_scheme=scheme, locale="en-NG", java_script_enabled=script)
    page = context.new_page()
    page.set_default_timeout(WAIT_MS)
    return page, Watch(page, {urlsplit(demo["base_url"]).netloc})


def reads_code(page: Page, base: str) -> None:
    """The code on the screen is read from its picture, as a camera sees it."""
    picture = Image.open(io.BytesIO(page.locator(".pass-code").screenshot())).convert("RGB")
    url = page.evaluate("""async (id) => (await (await fetch(`/api/v1/customers/vouchers/${id}/code`)).json()).url""",
                        page.url.rsplit("/", 1)[1])
    assert url.startswith(f"{base}/v/"), url
    found = [code.text for code in zxingcpp.read_barcodes(picture)]
    assert len(found) == 1 and found[0].startswith(f"{base}/v/ey"), found
    assert zbar_reads(picture, found[0]) and zxing_reads(picture, found[0]), "a decoder misses the code"
    side_mm = page.locator(".pass-code svg").bounding_box()["width"] * 25.4 / 96
    assert side_mm >= 15, side_mm
    print(f"the code is read from the screen: {len(found[0])} characters on {side_mm:.0f} mm")


def walks(browser: Browser, demo: dict, ids: dict, shots: Shots, viewport: dict, scheme: str) -> None:
    """From the voucher's page by the link to the code, and back out."""
    name, api = f"{scheme}-{viewport['width']}", Api(demo)
    page, watch = opened(browser, demo, viewport, scheme)
    base, look = demo["base_url"], lambda what: (shots.take(page, f"{name}-{what}"), accessible(page, f"{what} ({name})"), weigh(page, what))
    with page.expect_request("**/scan") as counted:
        page.goto(f"{base}/v/{ids['open']}")
    assert counted.value.method == "POST", "the scan is counted by the page's script"
    look("voucher")
    page.get_by_role("link", name="Add to My Vouchers").click()
    page.get_by_role("heading", name="Open your link first").wait_for()
    look("door")
    customer = f"{CUSTOMER}-{name}"
    page.goto(api.json("POST", f"/api/v1/customers/{customer}/links", {})["url"])
    look("link")
    page.get_by_role("button", name="Open my vouchers").click()
    page.get_by_text("There are none yet").wait_for()
    look("empty")
    page.goto(f"{base}/my/vouchers/{ids['open']}")
    look("add")
    page.get_by_role("button", name="Add to My Vouchers").click()
    page.get_by_text("Show this to the cashier").wait_for()
    page.locator("#left").wait_for()
    look("code")
    reads_code(page, base)
    page.goto(f"{base}/my/vouchers")
    look("mine")
    page.goto(f"{base}/v/{ids['paused']}")
    page.get_by_text("has paused this voucher").wait_for()
    look("paused")
    page.goto(f"{base}/my/vouchers/{ids['open']}")
    page.get_by_role("button", name="Remove from My Vouchers").click()
    page.get_by_text("There are none yet").wait_for()
    page.get_by_role("button", name="Sign out on this device").click()
    page.get_by_role("heading", name="Open your link first").wait_for()
    watch.check()
    page.context.close()


def renews(browser: Browser, demo: dict, ids: dict) -> None:
    """A page that has slept gets a new code as soon as it is looked at again."""
    api = Api(demo)
    page, watch = opened(browser, demo, PHONE, "light")
    page.clock.install()
    page.goto(api.json("POST", f"/api/v1/customers/{CUSTOMER}-sleeper/links", {})["url"])
    page.get_by_role("button", name="Open my vouchers").click()
    page.goto(f"{demo['base_url']}/my/vouchers/{ids['open']}")
    page.get_by_role("button", name="Add to My Vouchers").click()
    page.locator("#left").wait_for()
    with page.expect_navigation():
        page.clock.fast_forward(400_000)
    page.locator("#left").wait_for()
    print("a page that has slept has a new code")
    watch.check()
    page.context.close()


def plainly(browser: Browser, demo: dict, ids: dict, shots: Shots) -> None:
    """The same without JavaScript."""
    api = Api(demo)
    page, watch = opened(browser, demo, PHONE, "light", script=False)
    page.goto(f"{demo['base_url']}/v/{ids['open']}")
    shots.take(page, "plain-voucher")
    page.goto(api.json("POST", f"/api/v1/customers/{CUSTOMER}-plain/links", {})["url"])
    page.get_by_role("button", name="Open my vouchers").click()
    page.goto(f"{demo['base_url']}/my/vouchers/{ids['open']}")
    page.get_by_role("button", name="Add to My Vouchers").click()
    page.get_by_text("Show this to the cashier").wait_for()
    shots.take(page, "plain-code")
    assert page.locator("meta[http-equiv=refresh]").get_attribute("content") == "225"
    watch.check()
    page.context.close()


def main() -> None:
    """Starts the platform, and walks through the pages at both sizes, in both colours."""
    binary = pathlib.Path(sys.argv[1]).resolve()
    folder = pathlib.Path(sys.argv[2]).resolve() if len(sys.argv) > 2 else None
    if folder:
        folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as data:
        process = subprocess.Popen([binary, "--port", "0", "--data", data], stdout=subprocess.DEVNULL)
        try:
            demo = demo_of(pathlib.Path(data) / "demo.json", process)
            ids = publish(Api(demo))
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET_ARGS)
                shots = Shots(folder)
                for viewport in (PHONE, DESKTOP):
                    for scheme in ("light", "dark"):
                        walks(browser, demo, ids, shots, viewport, scheme)
                renews(browser, demo, ids)
                plainly(browser, demo, ids, shots)
                browser.close()
            print("vouchers were seen, added, shown and removed:", json.dumps(ids))
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(timeout=30)


if __name__ == "__main__":
    main()
