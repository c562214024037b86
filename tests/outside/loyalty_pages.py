"""The page of a restaurant's staff in a real browser, with a camera that plays films of customers' codes, also of the
wallet's screen: points for a purchase or a visit, which the wallet then shows; the same film again, another
restaurant's code, a reward's code; no leave for the camera; no network, a lost answer and a reload, each counted once; a
customer found by e-mail. axe finds nothing serious on a phone and on a desktop, light and dark, no console error, no
request to a foreign host.

usage: loyalty_pages.py path/to/tessera [folder for screenshots]
"""

import base64
import io
import json
import pathlib
import signal
import subprocess
import sys
import tempfile
from urllib.error import HTTPError
from urllib.parse import urlsplit

import numpy
import resvg_py
import zxingcpp
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Locator, Page, Playwright, Route, sync_playwright

from decoders import zxing_reads
from desk_pages import fits, reachable
from properties import Api
from tip_page import CHROMIUM, DESKTOP, PHONE, QUIET_ARGS, WAIT_MS, Shots, Watch, accessible, demo_of

FRAME = (640, 480)
FRAMES = 10
# A side of the code's picture: it fills a third of the frame.
CODE_PX = 320
# Naira for each point, and the points of a visit.
NAIRA, VISIT = 100, 10
PRICE = 20
SAYS_MS = 10_000
# How long a customer still holds up a code that was read.
STILL_THERE_MS = 1_500
WALL = Image.new("L", (CODE_PX, CODE_PX), 96)


# Reads a frame as the page's worker does: the quick look and one of the others in turn.
READ = """async ([frame, width, height]) => {
  const { reader, module } = document.getElementById("main").dataset;
  const { Reader } = await import(reader);
  const one = await Reader.load(module);
  const grey = Uint8Array.from(atob(frame), (letter) => letter.charCodeAt(0));
  const [texts, times] = [new Set(), []];
  for (let turn = 0; turn < 12; turn += 1) {
    const began = performance.now();
    for (const text of one.read(grey, width, height, 1 | (2 << (turn % 3)))) texts.add(text);
    times.push(performance.now() - began);
  }
  return { texts: [...texts], times: times.sort((a, b) => a - b) };
}"""
# How long reading a frame may take (L24).
READ_MAX_MS = 100


class StaffWatch(Watch):
    """A page's console errors and hosts. A browser calls a lost network and refusals errors of its own."""

    def check(self) -> None:
        """Nothing else was wrong."""
        ours = ("net::ERR_INTERNET_DISCONNECTED", "net::ERR_FAILED", *(f"status of {status}" for status in (401, 403, 404, 409, 410, 422, 503)))
        self.errors = [text for text in self.errors if not any(part in text for part in ours)]
        super().check()


class House:
    """A programme with two restaurants, one where visits count, a customer, and codes of theirs."""

    def __init__(self, api: Api):
        self.api = api
        per_amount = {"per": "amount", "points": 1, "minor": 100 * NAIRA, "currency": "NGN"}
        programme = self.made("programmes", {"name": "Regulars", "earning": per_amount})["programme_id"]
        visits = self.made("programmes", {"name": "Visits", "earning": {"per": "visit", "points": VISIT}})["programme_id"]
        self.here = self.made("restaurants", {"programme_id": programme, "name": "Mama Put"})["restaurant_id"]
        self.there = self.made("restaurants", {"programme_id": programme, "name": "Mama Put Ikeja"})["restaurant_id"]
        self.bar = self.made("restaurants", {"programme_id": visits, "name": "The Bar"})["restaurant_id"]
        self.reward = self.made("rewards", {"programme_id": programme, "name": "Jollof for two", "price": PRICE})["reward_id"]
        wishes = {"customer_id": "c-1", "name": "Ada Obi", "email": "ada@example.com"}
        self.customer = self.made("customers", wishes)["customer_id"]

    def made(self, what: str, wishes: dict) -> dict:
        """Something new."""
        return self.api.json("POST", f"/api/v1/loyalty/{what}", wishes, idempotency_key=f"{what} {wishes.get('name')}")

    def code(self, restaurant: str | None = None, reward: bool = False, form: str = "code") -> dict:
        """A new code of the customer."""
        path = "/api/v1/loyalty/tokens" + ("/redemption" if reward else "")
        wishes = {"restaurant_id": restaurant or self.here, "customer_id": self.customer, "format": form}
        return self.api.json("POST", path, {**wishes, **({"reward_id": self.reward} if reward else {})})

    def balance(self, restaurant: str | None = None) -> int:
        """The points that the customer can spend."""
        of = f"restaurant_id={restaurant or self.here}"
        return self.api.json("GET", f"/api/v1/loyalty/customers/{self.customer}/balance?{of}")["balance"]

    def verified(self, code: dict, restaurant: str) -> int:
        """What the API says to a code at a restaurant: its status."""
        body = {"payload": code["payload"], "restaurant_id": restaurant}
        try:
            self.api.call("POST", "/api/v1/loyalty/verify", body)
        except HTTPError as refused:
            return refused.code
        return 200


def drawn(code: dict) -> Image.Image:
    """A code's picture as the wallet shows it."""
    svg = resvg_py.svg_to_bytes(svg_string=code["svg"], width=CODE_PX, height=CODE_PX)
    picture = Image.open(io.BytesIO(bytes(svg))).convert("RGBA")
    sheet = Image.new("L", (CODE_PX, CODE_PX), 255)
    sheet.paste(picture.convert("L"), mask=picture.getchannel("A"))
    assert zxing_reads(sheet.convert("RGB"), code["payload"]), "a decoder that we did not write reads something else"
    return sheet


def film(sheet: Image.Image, path: pathlib.Path) -> None:
    """A camera's film of a code's picture, which moves a little in front of a wall."""
    chroma = numpy.full(FRAME[0] * FRAME[1] // 2, 128, numpy.uint8).tobytes()
    with open(path, "wb") as file:
        file.write(f"YUV4MPEG2 W{FRAME[0]} H{FRAME[1]} F{FRAMES}:1 Ip A1:1 C420jpeg\n".encode())
        for number in range(FRAMES):
            file.write(b"FRAME\n" + held(sheet, number).tobytes() + chroma)


def held(sheet: Image.Image, number: int) -> Image.Image:
    """One frame of it."""
    frame = Image.new("L", FRAME, 96)
    turned = sheet.rotate(number / 4 - 1, Image.Resampling.BILINEAR, fillcolor=255)
    frame.paste(turned, (150 + number, 80))
    return frame


def reads_quickly(page: Page, code: dict) -> None:
    """A frame with a code is read in time. The median: other things run on this machine."""
    frame = base64.b64encode(held(drawn(code), 3).tobytes()).decode()
    read = page.evaluate(READ, [frame, *FRAME])
    times = [round(time, 1) for time in read["times"]]
    assert read["texts"] == [code["payload"]], read
    assert times[len(times) // 2] < READ_MAX_MS, times
    print(f"a frame of {FRAME[0]}x{FRAME[1]} is read in {times[0]} to {times[-1]} ms, at the median {times[len(times) // 2]}")


def opened(context: BrowserContext, demo: dict, restaurant: str) -> tuple[Page, StaffWatch]:
    """The page as somebody sees it who has not signed in."""
    page = context.new_page()
    page.set_default_timeout(WAIT_MS)
    watch = StaffWatch(page, {urlsplit(demo["base_url"]).netloc})
    page.goto(f"{demo['base_url']}/staff/{restaurant}")
    page.wait_for_selector("body[data-ready]")
    return page, watch


def signs_in(page: Page, key: str) -> None:
    """With a wrong key, then with a right one."""
    page.get_by_label("API key").fill("tsk_wrong")
    page.get_by_role("button", name="Sign in").click()
    page.get_by_text("The API key is not valid").wait_for()
    page.get_by_label("API key").fill(key)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("button", name="Scan Customer QR").wait_for()


def says(page: Page, word: str) -> None:
    """The verdict that one sees, with the requirements' very words."""
    page.get_by_role("heading", name=word, exact=True).wait_for(timeout=SAYS_MS)


def amount(page: Page) -> Locator:
    """Where the purchase's amount is typed; there is one such field at a time."""
    return page.get_by_role("textbox", name="Amount of the purchase")


class Counter:
    """A signed-in page with a camera, whose film can be changed."""

    def __init__(self, page: Page, path: pathlib.Path):
        self.page, self.path, self.sheet = page, path, WALL

    def scans(self, code: dict | None = None, naira: str = "") -> None:
        """Holds a code, or the same once more, in front of the camera; the amount of the purchase was typed before."""
        self.sheet = drawn(code) if code else self.sheet
        film(self.sheet, self.path)
        if naira:
            amount(self.page).fill(naira)
        self.page.get_by_role("button", name="Scan Customer QR").click()

    def goes_on(self, button: str = "Next customer") -> None:
        """To the next customer, who shows no code yet."""
        film(WALL, self.path)
        self.page.get_by_role("button", name=button, exact=True).click()
        stop = self.page.get_by_role("button", name="Stop", exact=True)
        stop.or_(self.page.get_by_role("button", name="Scan Customer QR")).first.wait_for()
        if stop.is_visible():
            stop.click()


def earns(counter: Counter, house: House, shots: Shots) -> None:
    """A purchase of 2,500 naira is 25 points; the same code again is none."""
    page = counter.page
    code = house.code()
    counter.scans(code, "2,5x")
    page.get_by_text("Type an amount").first.wait_for()
    counter.scans(None, "2,500")
    says(page, "Success!")
    assert page.get_by_text("+ 25 points").first.is_visible() and page.get_by_text("Ada Obi").first.is_visible()
    assert house.balance() == 25, house.balance()
    shots.take(page, "success")
    accessible(page, "success")
    # Who was served is not told that their code was used while they still hold it up.
    page.get_by_role("button", name="Next customer").click()
    page.get_by_text("Hold the customer's code into the frame").wait_for()
    page.wait_for_timeout(STILL_THERE_MS)
    page.get_by_role("button", name="Stop", exact=True).click()
    assert amount(page).input_value() == "", "the next customer pays another amount"
    counter.scans()
    says(page, "Error: QR code already used")
    assert house.balance() == 25
    shots.take(page, "used")
    accessible(page, "used")
    counter.goes_on("Try again")


def identifies(counter: Counter, house: House, shots: Shots) -> None:
    """Without an amount the code only says who it is; the points come with the purchase."""
    page, before = counter.page, house.balance()
    counter.scans(house.code())
    page.get_by_role("heading", name="Ada Obi").wait_for()
    assert house.balance() == before
    amount(page).fill("1000.50")
    shots.take(page, "identified")
    accessible(page, "identified")
    page.get_by_role("button", name="Give points").click()
    says(page, "Success!")
    assert house.balance() == before + 10, house.balance()
    counter.goes_on()


def screen_of(wallet: Page) -> Image.Image:
    """The code on the wallet's screen, as large as the others."""
    screen = Image.open(io.BytesIO(wallet.locator("#code").screenshot())).convert("L")
    return screen.resize((CODE_PX, CODE_PX), Image.Resampling.LANCZOS)


def serves_the_wallet(counter: Counter, house: House, demo: dict, shots: Shots) -> None:
    """The code on the screen of the customer's phone, as a camera sees it; the phone says what it has brought."""
    before = house.balance()
    context = counter.page.context.browser.new_context(viewport=PHONE, locale="en-NG", device_scale_factor=2)
    wallet = context.new_page()
    wallet.set_default_timeout(WAIT_MS)
    wallet.goto(house.api.json("POST", f"/api/v1/customers/{house.customer}/links", {})["url"])
    wallet.get_by_role("button", name="Open my vouchers").click()
    wallet.goto(f"{demo['base_url']}/wallet/{house.here}")
    wallet.wait_for_selector("body[data-ready]")
    wallet.get_by_role("button", name="Show QR to Earn Points").click()
    wallet.get_by_text("Valid for 5 minutes").wait_for()
    counter.sheet = screen_of(wallet)
    counter.scans(naira="4000")
    says(counter.page, "Success!")
    wallet.get_by_text("You got 40 points").wait_for()
    assert house.balance() == before + 40, house.balance()
    shots.take(wallet, "wallet")
    counter.goes_on()
    wallet.get_by_role("button", name="Close").click()
    wallet.get_by_text("it works without a network").wait_for()
    # From here on the phone signs its codes itself.
    context.set_offline(True)
    wallet.get_by_role("button", name="Show QR to Earn Points").click()
    wallet.locator("#code[data-signed] svg").wait_for()
    counter.sheet = screen_of(wallet)
    counter.scans(naira="300")
    says(counter.page, "Success!")
    assert house.balance() == before + 43, house.balance()
    context.close()
    counter.goes_on()


def reads_older_codes(counter: Counter, house: House) -> None:
    """The base64 of the older payload."""
    before = house.balance()
    counter.scans(house.code(form="legacy"), "100")
    says(counter.page, "Success!")
    assert house.balance() == before + 1, house.balance()
    counter.goes_on()


def is_elsewhere(counter: Counter, house: House, shots: Shots) -> None:
    """Another restaurant's code is refused, and stays good there."""
    page, code = counter.page, house.code(house.there)
    counter.scans(code)
    says(page, "Error: Invalid for this restaurant")
    shots.take(page, "elsewhere")
    counter.goes_on("Try again")
    assert house.verified(code, house.there) == 200, "the wrong restaurant's attempt has used the code up"
    counter.scans()
    says(page, "Error: QR code already used")
    counter.goes_on("Try again")


def has_no_network(counter: Counter, house: House, shots: Shots) -> None:
    """Without a network, with a lost answer, and after a reload, the same request is sent again, and counted once."""
    page, before = counter.page, house.balance()
    asked: list[str] = []

    def losing(route: Route) -> None:
        asked.append(route.request.headers["idempotency-key"])
        if len(asked) in (1, 3):
            # The platform has decided, and nobody hears of it.
            route.fetch()
            route.abort()
        else:
            route.continue_()

    page.context.set_offline(True)
    counter.scans(house.code(), "500")
    says(page, "Connection error, retry")
    shots.take(page, "no-network")
    accessible(page, "no network")
    assert house.balance() == before
    page.get_by_role("button", name="Retry").click()
    says(page, "Connection error, retry")
    # It goes on by itself as soon as there is a network.
    page.context.set_offline(False)
    says(page, "Success!")
    assert house.balance() == before + 5, house.balance()
    counter.goes_on()

    page.route("**/api/v1/loyalty/verify", losing)
    counter.scans(house.code(), "600")
    says(page, "Connection error, retry")
    assert house.balance() == before + 11, "the platform has decided"
    page.get_by_role("button", name="Retry").click()
    says(page, "Success!")
    counter.goes_on()
    counter.scans(house.code(), "700")
    says(page, "Connection error, retry")
    page.reload()
    says(page, "Success!")
    page.unroute("**/api/v1/loyalty/verify")
    counter.goes_on()
    # Nobody has to wait for ever: what is not known stays in the list.
    page.route("**/api/v1/loyalty/verify", lambda route: route.fulfill(status=503, body=""))
    counter.scans(house.code(), "800")
    says(page, "Connection error, retry")
    counter.goes_on()
    page.get_by_text("No answer: look whether the points have come").wait_for()
    page.unroute("**/api/v1/loyalty/verify")
    assert len(asked) == 4 and asked[0] == asked[1] and asked[2] == asked[3] and asked[0] != asked[2], asked
    assert house.balance() == before + 18, house.balance()
    print("a lost answer came again under the same key; the points were counted once:", house.balance())


def finds_by_email(counter: Counter, house: House, shots: Shots) -> None:
    """A customer without a phone: found, and given points once, though the first answer is lost."""
    page, before = counter.page, house.balance()
    references: list[str] = []

    def losing(route: Route) -> None:
        references.append(json.loads(route.request.post_data)["reference"])
        if len(references) == 1:
            route.fetch()
            route.abort()
        else:
            route.continue_()

    field = page.get_by_label("Or the customer's e-mail")
    field.fill("nobody")
    field.press("Enter")
    page.get_by_text("Type an e-mail address").wait_for()
    field.fill("nobody@example.com")
    field.press("Enter")
    page.get_by_role("heading", name="Error: there is no such customer").wait_for()
    counter.goes_on("Try again")
    page.route("**/api/v1/loyalty/purchases", losing)
    field.fill("Ada@Example.com")
    field.press("Enter")
    page.get_by_role("heading", name="Ada Obi").wait_for()
    shots.take(page, "found")
    amount(page).fill("1 500")
    page.keyboard.press("Enter")
    says(page, "Connection error, retry")
    page.get_by_role("button", name="Retry").click()
    says(page, "Success!")
    page.unroute("**/api/v1/loyalty/purchases")
    assert len(set(references)) == 1 and len(references) == 2, references
    assert house.balance() == before + 15, house.balance()
    shots.take(page, "found-success")
    counter.goes_on()


def redeems(counter: Counter, house: House, shots: Shots) -> None:
    """A reward's code, also where an amount was typed: what to hand out is what one sees."""
    page, before = counter.page, house.balance()
    counter.scans(house.code(reward=True), "900")
    says(page, "Success!")
    assert page.locator("#verdict-large").inner_text() == "Jollof for two"
    assert house.balance() == before - PRICE, house.balance()
    shots.take(page, "reward")
    accessible(page, "reward")
    counter.goes_on()
    counter.scans()
    says(page, "Error: QR code already used")
    counter.goes_on("Try again")


def is_something_else(counter: Counter) -> None:
    """A code that is not ours."""
    page = counter.page
    pixels = zxingcpp.create_barcode("https://example.com/menu", zxingcpp.BarcodeFormat.QRCode).to_image(scale=8)
    counter.sheet = Image.fromarray(pixels).resize((CODE_PX, CODE_PX), Image.Resampling.NEAREST)
    counter.scans()
    says(page, "Error: Invalid QR code")
    counter.goes_on("Try again")


def counts_visits(browser: Browser, demo: dict, house: House, path: pathlib.Path, shots: Shots) -> None:
    """Where visits count there is nothing to type, and a tick to take away where somebody only wants to know who it is."""
    context = browser.new_context(viewport=PHONE, locale="en-NG")
    page, watch = opened(context, demo, house.bar)
    signs_in(page, demo["api_key"])
    shots.take(page, "visits")
    accessible(page, "visits")
    counter = Counter(page, path)
    counter.scans(house.code(house.bar))
    says(page, "Success!")
    assert house.balance(house.bar) == VISIT
    counter.goes_on()
    page.get_by_role("checkbox", name="Give 10 points for a visit").uncheck()
    counter.scans(house.code(house.bar))
    page.get_by_role("heading", name="Ada Obi").wait_for()
    assert house.balance(house.bar) == VISIT
    page.get_by_role("button", name="Give points").click()
    says(page, "Success!")
    assert house.balance(house.bar) == 2 * VISIT
    watch.check()
    context.close()


def works(browser: Browser, demo: dict, house: House, shots: Shots, path: pathlib.Path) -> None:
    """A day at the counter, with a key that may do nothing else."""
    wishes = {"name": "Counter", "scopes": ["loyalty:redeem"], "bound_to": {"kind": "restaurant", "id": house.here}}
    key = house.api.json("POST", "/api/v1/api-keys", wishes, idempotency_key="counter")["api_key"]
    context = browser.new_context(viewport=PHONE, locale="en-NG")
    page, watch = opened(context, demo, house.here)
    signs_in(page, key)
    counter = Counter(page, path)
    reads_quickly(page, house.code())
    earns(counter, house, shots)
    identifies(counter, house, shots)
    serves_the_wallet(counter, house, demo, shots)
    reads_older_codes(counter, house)
    is_elsewhere(counter, house, shots)
    has_no_network(counter, house, shots)
    finds_by_email(counter, house, shots)
    redeems(counter, house, shots)
    is_something_else(counter)
    muted = page.get_by_role("button", name="Sound off")
    muted.click()
    assert muted.get_attribute("aria-pressed") == "true"
    page.reload()
    page.wait_for_selector("body[data-ready]")
    assert page.get_by_role("button", name="Sound off").get_attribute("aria-pressed") == "true", "it stays"
    page.get_by_role("button", name="Sign out").click()
    page.get_by_label("API key").wait_for()
    # The key of another restaurant finds nothing here.
    page.goto(f"{demo['base_url']}/staff/{house.there}")
    page.get_by_label("API key").fill(key)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_text("not for this restaurant").wait_for()
    watch.check()
    context.close()


def looks(browser: Browser, demo: dict, shots: Shots, restaurant: str) -> None:
    """The page on a phone and a desktop, light and dark, with the camera at work."""
    for screen, viewport in {"phone": PHONE, "desktop": DESKTOP}.items():
        for scheme in ("light", "dark"):
            context = browser.new_context(viewport=viewport, color_scheme=scheme)
            page, watch = opened(context, demo, restaurant)
            name = f"{screen}-{scheme}"

            def look(what: str) -> None:
                shots.take(page, f"{what}-{name}")
                fits(page, f"{what}-{name}")
                accessible(page, f"{what}-{name}")
                reachable(page, f"{what}-{name}")

            look("door")
            signs_in(page, demo["api_key"])
            look("counter")
            page.get_by_role("button", name="Scan Customer QR").click()
            page.get_by_text("Hold the customer's code into the frame").wait_for()
            look("camera")
            watch.check()
            context.close()


def has_no_leave(playwright: Playwright, demo: dict, shots: Shots, restaurant: str) -> None:
    """Somebody who does not let the page use the camera is told so, and finds customers by e-mail."""
    args = [*QUIET_ARGS, "--use-fake-device-for-media-stream"]
    browser = playwright.chromium.launch(executable_path=CHROMIUM, args=args)
    context = browser.new_context(viewport=PHONE)
    page, watch = opened(context, demo, restaurant)
    signs_in(page, demo["api_key"])
    context.grant_permissions([])
    page.get_by_role("button", name="Scan Customer QR").click()
    says(page, "Camera access required")
    page.get_by_label("Or the customer's e-mail").wait_for()
    shots.take(page, "no-leave")
    accessible(page, "without leave for the camera")
    watch.check()
    browser.close()


def small(demo: dict, restaurant: str) -> None:
    """The page with all of its files is at most a megabyte."""
    api = Api(demo)
    page = api.call("GET", f"/staff/{restaurant}").decode()
    files = {part for part in page.split('"') if part.startswith("/assets/")}
    sizes = {path.rsplit("/", 1)[1]: len(api.call("GET", path)) for path in files} | {"the page": len(page)}
    total = sum(sizes.values())
    assert "reader.wasm" in sizes, "this build has no decoder: add Rust's target wasm32-unknown-unknown"
    assert total <= 1_000_000, sizes
    print(f"the scanner with its decoder: {total} bytes", sizes)


def main() -> None:
    """Starts the platform, and browsers with a camera."""
    binary = pathlib.Path(sys.argv[1]).resolve()
    folder = pathlib.Path(sys.argv[2]).resolve() if len(sys.argv) > 2 else None
    if folder:
        folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as data:
        process = subprocess.Popen([binary, "--port", "0", "--data", data], stdout=subprocess.DEVNULL)
        try:
            demo = demo_of(pathlib.Path(data) / "demo.json", process)
            house, path = House(Api(demo)), pathlib.Path(data) / "film.y4m"
            small(demo, house.here)
            film(WALL, path)
            camera = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream", f"--use-file-for-fake-video-capture={path}"]
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(executable_path=CHROMIUM, args=[*QUIET_ARGS, *camera])
                shots = Shots(folder)
                looks(browser, demo, shots, house.here)
                works(browser, demo, house, shots, path)
                counts_visits(browser, demo, house, path, shots)
                browser.close()
                has_no_leave(playwright, demo, shots, house.here)
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(timeout=30)


if __name__ == "__main__":
    main()
