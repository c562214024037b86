"""The wallet of a customer with points in a real browser: the code is read back from the screen and brings points, which
the page shows by itself; it renews itself, also after the page has slept; a reward's code holds its points and is given
up; failures are told in words; without a network the phone signs codes of its own, which two decoders read and the
platform takes once. The same without JavaScript. axe finds nothing serious on a phone and on a desktop, light and dark,
no console error (a violation of the content policy is one), no request to a foreign host, and the page is light.

usage: loyalty_wallet.py path/to/tessera [folder for screenshots]
"""

import gzip
import io
import json
import pathlib
import signal
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from urllib.parse import urlsplit

import zxingcpp
from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from decoders import zbar_reads, zxing_reads
from desk_pages import fits, reachable
from properties import Api
from tip_page import CHROMIUM, DESKTOP, PHONE, QUIET_ARGS, WAIT_MS, Shots, Watch, accessible, demo_of

PAGE_MAX_BYTES = 30_000
SIGNED_CHARS = 164
SHOW = "Show QR to Earn Points"


class WalletWatch(Watch):
    """A page's console errors and hosts. A browser calls a lost network and refusals errors of its own."""

    def check(self) -> None:
        """Nothing else was wrong."""
        ours = ("net::ERR_INTERNET_DISCONNECTED", "net::ERR_FAILED", "status of 500", "status of 409")
        self.errors = [text for text in self.errors if not any(part in text for part in ours)]
        super().check()


def opens(api: Api) -> dict:
    """A restaurant with a programme and two rewards."""
    programme = api.json("POST", "/api/v1/loyalty/programmes", {
        "name": "Regulars", "earning": {"per": "amount", "points": 1, "minor": 10_000, "currency": "NGN"},
        "points_live_months": 12, "time_zone": "Africa/Lagos"}, idempotency_key="wallet-programme")["programme_id"]
    restaurant = api.json("POST", "/api/v1/loyalty/restaurants", {"programme_id": programme, "name": "Mama Put, Allen Avenue"},
                          idempotency_key="wallet-restaurant")["restaurant_id"]
    for name, price, more in (("Coffee", 50, "Black or white."), ("Jollof for two", 400, "With plantain, on Sundays.")):
        api.json("POST", "/api/v1/loyalty/rewards", {"programme_id": programme, "name": name, "price": price, "description": more},
                 idempotency_key=f"wallet-{name}")
    return {"programme": programme, "restaurant": restaurant}


def gives(api: Api, ids: dict, customer: str, points: int) -> None:
    """Points for a purchase."""
    api.json("POST", "/api/v1/loyalty/purchases", {
        "restaurant_id": ids["restaurant"], "customer_id": customer, "reference": f"{customer}-sale",
        "amount": {"minor": points * 10_000, "currency": "NGN"}})


def verify(api: Api, ids: dict, payload: str, **more: object) -> dict:
    """What the scanner at the till asks."""
    try:
        return api.json("POST", "/api/v1/loyalty/verify", {"payload": payload, "restaurant_id": ids["restaurant"], **more})
    except urllib.error.HTTPError as refused:
        return json.loads(refused.read())


def opened(browser: Browser, demo: dict, ids: dict, customer: str, viewport: dict, scheme: str = "light",
           script: bool = True, clock: bool = False) -> tuple[Page, WalletWatch]:
    """A new browser, whose customer has opened a link, on the wallet."""
    context = browser.new_context(viewport=viewport, color_scheme=scheme, locale="en-NG", java_script_enabled=script)
    page = context.new_page()
    page.set_default_timeout(WAIT_MS)
    watch = WalletWatch(page, {urlsplit(demo["base_url"]).netloc})
    if clock:
        page.clock.install()
    page.goto(Api(demo).json("POST", f"/api/v1/customers/{customer}/links", {})["url"])
    page.get_by_role("button", name="Open my vouchers").click()
    page.goto(f"{demo['base_url']}/wallet/{ids['restaurant']}")
    if script:
        page.wait_for_selector("body[data-ready]")
    return page, watch


def on_screen(page: Page, place: str) -> str:
    """The code on the screen, read from its picture as a camera sees it, by two decoders."""
    picture = Image.open(io.BytesIO(page.locator(place).screenshot())).convert("RGB")
    found = [code.text for code in zxingcpp.read_barcodes(picture)]
    assert len(found) == 1, found
    assert zbar_reads(picture, found[0]) and zxing_reads(picture, found[0]), "a decoder misses the code"
    return found[0]


def weigh(page: Page, what: str) -> None:
    """The page, and all that it loads at once."""
    loaded = page.evaluate("""() => performance.getEntriesByType("resource")
        .filter((entry) => ["link", "script"].includes(entry.initiatorType)).map((entry) => entry.name)""")
    html = len(page.content().encode())
    assert html <= PAGE_MAX_BYTES, f"{what}: {html} bytes"
    packed = len(gzip.compress(page.content().encode()))
    for url in loaded:
        with urllib.request.urlopen(url, timeout=30) as answer:
            packed += len(gzip.compress(answer.read()))
    assert packed <= PAGE_MAX_BYTES, f"{what}: {packed} bytes"
    print(f"{what}: {html} bytes of HTML; with style and script {packed} compressed")


def walks(browser: Browser, demo: dict, ids: dict, shots: Shots, viewport: dict, scheme: str) -> None:
    """From the door to points, to a reward's code, and out again."""
    name, api = f"{scheme}-{viewport['width']}", Api(demo)
    customer = f"ada-{name}"
    look = lambda page, what: (shots.take(page, f"{name}-{what}"), accessible(page, f"{what} ({name})"), fits(page, what))
    page, watch = opened(browser, demo, ids, customer, viewport, scheme)
    look(page, "empty")
    weigh(page, f"the wallet ({name})")
    reachable(page, "the wallet")
    page.get_by_role("button", name=SHOW).click()
    page.get_by_text("Valid for 5 minutes").wait_for()
    look(page, "code")
    code = on_screen(page, "#code")
    assert code.startswith(f"{demo['base_url'].upper()}/L/"), code
    side = page.locator("#code svg").bounding_box()["width"]
    assert side == 224, side
    left = page.locator("#left").inner_text()
    page.wait_for_function("(before) => document.getElementById('left').textContent !== before", arg=left)
    before = page.locator("#code path").get_attribute("d")
    page.get_by_role("button", name="Refresh QR Code").click()
    page.wait_for_function("(before) => document.querySelector('#code path').getAttribute('d') !== before", arg=before)
    assert verify(api, ids, code)["error"] == "QR code has expired", "the newer one has ended it"
    newer = on_screen(page, "#code")
    awarded = verify(api, ids, newer, award={"amount": {"minor": 2_500_000, "currency": "NGN"}})
    assert awarded["awarded"] == 250, awarded
    page.get_by_role("heading", name="Success!").wait_for()
    page.get_by_text("You got 250 points. You have 250 points now.").wait_for()
    look(page, "success")
    page.get_by_role("button", name="Close").click()
    page.locator("#purse", has_text="250").wait_for()
    look(page, "points")
    page.get_by_role("button", name="Get it: Coffee").click()
    page.get_by_text("Valid for 10 minutes").wait_for()
    look(page, "reward")
    page.get_by_role("button", name="Give this code up").click()
    page.locator("#purse", has_text="250").wait_for()
    page.get_by_role("button", name="Get it: Coffee").click()
    page.get_by_text("Valid for 10 minutes").wait_for()
    page.get_by_role("button", name="Close").click()
    page.get_by_role("heading", name="Open codes").wait_for()
    look(page, "open-codes")
    page.get_by_role("button", name="Get it: Coffee").click()
    page.get_by_text("Valid for 10 minutes").wait_for()
    given = verify(api, ids, on_screen(page, "#code"))
    assert given["reward"]["name"] == "Coffee", given
    page.get_by_role("heading", name="Success!").wait_for()
    page.get_by_role("button", name="Close").click()
    page.get_by_role("button", name="Sign out on this device").click()
    page.get_by_role("heading", name="Open your link first").wait_for()
    page.goto(f"{demo['base_url']}/wallet/{ids['restaurant']}")
    page.get_by_role("heading", name="Open your link first").wait_for()
    look(page, "door")
    page.goto(f"{demo['base_url']}/l/{newer.rsplit('/', 1)[1]}")
    page.get_by_role("heading", name="This code is for the scanner at the till").wait_for()
    look(page, "till")
    watch.check()
    page.context.close()
    print(f"a code was read, brought points and a reward ({name})")


def renews(browser: Browser, demo: dict, ids: dict) -> None:
    """A code is renewed before it ends, and a page that has slept does so as soon as it is looked at again."""
    page, watch = opened(browser, demo, ids, "sleeper", PHONE, clock=True)
    with page.expect_response("**/code?as=json"):
        page.get_by_role("button", name=SHOW).click()
    page.get_by_text("Valid for 5 minutes").wait_for()
    with page.expect_response("**/code?as=json"):
        page.clock.run_for(241_000)
    page.get_by_text("Valid for 5 minutes").wait_for()
    drawn = page.locator("#code path").get_attribute("d")
    with page.expect_response("**/code?as=json"):
        page.clock.fast_forward(900_000)
        page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    page.wait_for_function("(before) => document.querySelector('#code path')?.getAttribute('d') !== before", arg=drawn)
    watch.check()
    page.context.close()
    print("a code was renewed in time, and after a sleep")


def fails(browser: Browser, demo: dict, ids: dict, shots: Shots) -> None:
    """What does not work is told in words, and may be tried again."""
    page, watch = opened(browser, demo, ids, "unlucky", PHONE)
    page.route("**/code?as=json", lambda route: route.fulfill(status=500, content_type="application/problem+json", body="{}"))
    page.get_by_role("button", name=SHOW).click()
    page.get_by_text("Failed to generate QR").wait_for()
    shots.take(page, "failed")
    accessible(page, "failed")
    page.unroute("**/code?as=json")
    page.get_by_role("button", name="Retry").click()
    page.get_by_text("Valid for 5 minutes").wait_for()
    page.get_by_role("button", name="Close").click()
    watch.check()
    page.context.close()
    print("a failure was told, and tried again")


def waits(browser: Browser, demo: dict, ids: dict) -> None:
    """Points that are given after the staff has only identified the customer appear by themselves."""
    api, customer = Api(demo), "waiting"
    page, watch = opened(browser, demo, ids, customer, PHONE)
    page.get_by_role("button", name=SHOW).click()
    page.get_by_text("Valid for 5 minutes").wait_for()
    verify(api, ids, on_screen(page, "#code"))
    page.get_by_text("The staff has read your code.").wait_for()
    gives(api, ids, customer, 70)
    page.get_by_text("You have 70 points now.").wait_for()
    page.get_by_role("button", name="Close").click()
    page.locator("#purse", has_text="70").wait_for()
    watch.check()
    page.context.close()
    print("points that were given later appeared")


def loses_reward(browser: Browser, demo: dict, ids: dict) -> None:
    """A reward's code whose answer was lost is told, and stands among the open ones."""
    api, customer = Api(demo), "lossy"
    page, watch = opened(browser, demo, ids, customer, PHONE)
    gives(api, ids, customer, 120)
    page.reload()
    page.wait_for_selector("body[data-ready]")
    page.route("**/code?as=json", lambda route: (route.fetch(), route.abort()))
    page.get_by_role("button", name="Get it: Coffee").click()
    page.get_by_text("A code may be open all the same.").wait_for()
    page.get_by_role("button", name="Close").click()
    page.get_by_role("heading", name="Open codes").wait_for()
    page.locator("#purse", has_text="70").wait_for()
    watch.check()
    page.context.close()
    print("a reward's code whose answer was lost was told")


def loses(browser: Browser, demo: dict, ids: dict, shots: Shots) -> None:
    """Without a network the phone signs codes itself, in the open page and in its shell after a reload."""
    api = Api(demo)
    page, watch = opened(browser, demo, ids, "offline", PHONE)
    page.get_by_text("On this phone it works without a network too.").wait_for()
    page.evaluate("navigator.serviceWorker.ready.then(() => {})")
    page.context.set_offline(True)
    page.get_by_role("button", name=SHOW).click()
    page.get_by_text("Connection error, retry").wait_for()
    page.locator("#code[data-signed]").wait_for()
    shots.take(page, "lost")
    accessible(page, "without a network")
    first = on_screen(page, "#code")
    assert len(first) == SIGNED_CHARS and page.locator("#code").get_attribute("data-signed") == first, first
    awarded = verify(api, ids, first, award={"amount": {"minor": 100_000, "currency": "NGN"}})
    assert awarded.get("awarded") == 10, awarded
    assert verify(api, ids, first)["error"] == "QR code already used"
    page.reload()
    page.get_by_role("heading", name="Mama Put, Allen Avenue").wait_for()
    page.locator("#code[data-signed] svg").wait_for()
    shots.take(page, "offline")
    accessible(page, "the shell")
    fits(page, "the shell")
    second = on_screen(page, "#code")
    awarded = verify(api, ids, second, award={"amount": {"minor": 100_000, "currency": "NGN"}})
    assert awarded.get("awarded") == 10, awarded
    page.wait_for_function("(before) => document.getElementById('code').dataset.signed !== before", arg=second, timeout=40_000)
    page.context.set_offline(False)
    page.get_by_role("button", name="Retry").click()
    page.locator("#purse", has_text="20").wait_for()
    watch.check()
    page.context.close()
    print(f"two codes were signed by the phone and taken: {len(first)} characters each")


def plainly(browser: Browser, demo: dict, ids: dict, shots: Shots) -> None:
    """The same without JavaScript."""
    api, customer = Api(demo), "plain"
    page, watch = opened(browser, demo, ids, customer, PHONE, script=False)
    gives(api, ids, customer, 120)
    page.get_by_role("button", name=SHOW).click()
    page.get_by_text("Valid for 5 minutes, until").wait_for()
    shots.take(page, "plain-code")
    code = on_screen(page, "section.pass .pass-code")
    with page.expect_navigation():
        page.get_by_role("button", name="Refresh QR Code").click()
    assert on_screen(page, "section.pass .pass-code") != code
    assert page.locator("meta[http-equiv=refresh]").get_attribute("content").startswith("240;")
    page.get_by_role("button", name="Get it: Coffee").click()
    page.get_by_text("Valid for 10 minutes, until").wait_for()
    shots.take(page, "plain-reward")
    page.get_by_role("button", name="Give it up: Coffee").click()
    page.locator("#purse", has_text="120").wait_for()
    watch.check()
    page.context.close()
    print("the same works without JavaScript")


def main() -> None:
    """Starts the platform, and walks through the wallet at both sizes, in both colours."""
    binary = pathlib.Path(sys.argv[1]).resolve()
    folder = pathlib.Path(sys.argv[2]).resolve() if len(sys.argv) > 2 else None
    if folder:
        folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as data:
        process = subprocess.Popen([binary, "--port", "0", "--data", data], stdout=subprocess.DEVNULL)
        try:
            demo = demo_of(pathlib.Path(data) / "demo.json", process)
            ids = opens(Api(demo))
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET_ARGS)
                shots = Shots(folder)
                for viewport in (PHONE, DESKTOP):
                    for scheme in ("light", "dark"):
                        walks(browser, demo, ids, shots, viewport, scheme)
                renews(browser, demo, ids)
                fails(browser, demo, ids, shots)
                waits(browser, demo, ids)
                loses_reward(browser, demo, ids)
                loses(browser, demo, ids, shots)
                plainly(browser, demo, ids, shots)
                browser.close()
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(timeout=30)


if __name__ == "__main__":
    main()
