"""The business page in a real browser, with a camera that plays frames of a voucher's code: redeemed, and already redeemed;
a typed code, a wrong one told at once, a gift in parts, a picture; enrolled as a device; without a network with what was taken along,
also after a reload, and sent afterwards, each once; rolled back; the figures. axe finds nothing serious on a phone and
on a desktop, light and dark, no console error, no request to a foreign host.

usage: business_page.py path/to/tessera [folder for screenshots]
"""

import io
import json
import pathlib
import signal
import subprocess
import sys
import tempfile
from datetime import datetime, timedelta, timezone
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page, Route, sync_playwright

from desk_pages import fits, reachable
from properties import Api
from tip_page import CHROMIUM, DESKTOP, PHONE, QUIET_ARGS, WAIT_MS, Shots, Watch, accessible, demo_of

FRAME = (640, 480)
FRAMES = 12
# What a code has to be out of sight for before the camera tells it again.
OUT_OF_SIGHT_MS = 3_500
LIMIT = 20


class TillWatch(Watch):
    """A page's console errors and hosts. A browser calls a lost network and refusals errors of its own."""

    def check(self) -> None:
        """Nothing else was wrong."""
        ours = ("net::ERR_INTERNET_DISCONNECTED", "net::ERR_FAILED", "status of 409", "status of 401", "status of 404", "status of 429")
        self.errors = [text for text in self.errors if not any(part in text for part in ours)]
        super().check()


def voucher(api: Api, business: str, title: str, **more: object) -> dict:
    """A published voucher with its codes."""
    ends = datetime.now(timezone.utc) + timedelta(days=30)
    wishes = {"business_id": business, "title": title, "terms": "One for each visit.", "expires_at": ends.isoformat(),
              "benefit": {"type": "percentage", "basis_points": 1_000}, **more}
    made = api.json("POST", "/api/v1/vouchers", wishes, idempotency_key=f"make {title}")
    path = f"/api/v1/vouchers/{made['voucher_id']}"
    api.json("POST", f"{path}/publish", {}, idempotency_key=f"publish {title}")
    return api.json("GET", path)


def picture(demo: dict, of: dict) -> Image.Image:
    """The code of a voucher as the platform draws it."""
    address = f"{demo['base_url']}/api/v1/vouchers/{of['voucher_id']}/code.png"
    with urlopen(Request(address, headers={"x-api-key": demo["api_key"]})) as answer:
        return Image.open(io.BytesIO(answer.read())).convert("L")


def film(code: Image.Image, path: pathlib.Path) -> None:
    """A camera's film of a code, turned by a degree or two."""
    with open(path, "wb") as file:
        for number in range(FRAMES):
            frame = Image.new("L", FRAME, 110)
            sheet = code.resize((420, 420), Image.Resampling.LANCZOS)
            frame.paste(sheet.rotate(number / 4 - 1.5, Image.Resampling.BILINEAR, fillcolor=110), (110 + number, 30))
            frame.convert("RGB").save(file, "JPEG", quality=90)


def opened(context: BrowserContext, demo: dict, business: str) -> tuple[Page, TillWatch]:
    """The page as somebody sees it who has not signed in."""
    page = context.new_page()
    page.set_default_timeout(WAIT_MS)
    watch = TillWatch(page, {urlsplit(demo["base_url"]).netloc})
    page.goto(f"{demo['base_url']}/business/{business}")
    page.wait_for_selector("body[data-ready]")
    return page, watch


def signs_in(page: Page, demo: dict) -> None:
    """With a wrong key, then with the demo's."""
    page.get_by_label("API key").fill("tsk_wrong")
    page.get_by_role("button", name="Sign in").click()
    page.get_by_text("The API key is not valid").wait_for()
    page.get_by_label("API key").fill(demo["api_key"])
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("button", name="Sign out").wait_for()


def enrols(page: Page) -> None:
    """The browser becomes a device, and its page stays for a reload."""
    page.get_by_label("Name of this device").fill("Counter 2")
    page.get_by_role("button", name="Make this browser a device").click()
    page.wait_for_selector("#stays[data-stays=yes]")


def says(page: Page, word: str) -> None:
    """The verdict that one sees."""
    page.get_by_role("heading", name=word, exact=True).wait_for()


def looks_up(page: Page, code: str) -> None:
    """Types a code."""
    page.get_by_label("Or type the code").fill(code)
    page.get_by_role("button", name="Look it up").click()


def redeems(page: Page, button: str = "Redeem") -> None:
    """Presses the button and reads the verdict."""
    page.get_by_role("button", name=button, exact=True).click()
    says(page, "Redeemed")


def scans(page: Page, shots: Shots) -> None:
    """A claim is redeemed with the camera, and a second time it is not."""
    page.get_by_role("button", name="Scan with the camera").click()
    page.get_by_label("Customer id").fill("c-1")
    shots.take(page, "seen")
    accessible(page, "a voucher before it is redeemed")
    redeems(page)
    shots.take(page, "redeemed")
    accessible(page, "redeemed")
    page.wait_for_timeout(OUT_OF_SIGHT_MS)
    page.get_by_role("button", name="Next customer").click()
    page.get_by_label("Customer id").fill("c-1")
    page.get_by_role("button", name="Redeem", exact=True).click()
    says(page, "Already redeemed")
    shots.take(page, "already")
    accessible(page, "already redeemed")
    page.get_by_role("button", name="Next customer").click()
    page.get_by_role("button", name="Stop").or_(page.get_by_role("button", name="Do not redeem")).first.wait_for()
    if page.get_by_role("button", name="Do not redeem").is_visible():
        page.get_by_role("button", name="Do not redeem").click()
    else:
        page.get_by_role("button", name="Stop").click()


def types(page: Page, shots: Shots, short: str) -> None:
    """A wrong symbol is told at once; the right code is redeemed and rolled back."""
    field = page.get_by_label("Or type the code")
    wrong = short[:-1] + ("A" if short[-1] != "A" else "B")
    field.press_sequentially(wrong.lower())
    page.get_by_text("One of the symbols is wrong").wait_for()
    assert field.input_value() == f"{wrong[:4]}-{wrong[4:]}", field.input_value()
    shots.take(page, "mistyped")
    looks_up(page, short.lower())
    redeems(page)
    # By its name: the list may not have the newest redemption yet.
    page.get_by_role("button", name="Roll back Free coffee").click()
    page.get_by_role("button", name="Yes, roll it back").click()
    page.get_by_text("Rolled back", exact=True).first.wait_for()
    page.get_by_role("button", name="Next customer").click()


def waits_its_turn(page: Page, of: dict) -> None:
    """Where others type codes in at this moment the page asks again by itself."""
    asked = []

    def busy(route: Route) -> None:
        asked.append(route.request.url)
        if len(asked) > 1:
            route.continue_()
            return
        problem = {"status": 429, "code": "code_busy", "detail": "other codes are being typed in at this moment"}
        route.fulfill(status=429, headers={"retry-after": "1"}, content_type="application/problem+json", body=json.dumps(problem))

    page.route("**/api/v1/redemptions/validate", busy)
    looks_up(page, next(code["code"] for code in of["codes"] if code["type"] == "SHORT"))
    page.get_by_role("heading", name=of["title"]).wait_for()
    assert len(asked) == 2, asked
    page.unroute("**/api/v1/redemptions/validate")
    page.get_by_role("button", name="Do not redeem").click()


def spends_a_gift(page: Page, shots: Shots, gift: dict) -> None:
    """A gift's shared codes ask for the customer and the amount, as people here write it, and take it off."""
    short = next(code["code"] for code in gift["codes"] if code["type"] == "SHORT")
    token = next(code["url"] for code in gift["codes"] if code["type"] == "QR")
    for code, amount, left in [(short, "1,500", "3,500.00"), (token, "1000.50", "2,499.50")]:
        looks_up(page, code)
        page.get_by_role("heading", name="Five thousand").wait_for()
        assert not page.get_by_text("Left of the balance").is_visible(), "nobody knows whose balance it is"
        page.get_by_label("Customer id").fill("c-1")
        page.get_by_role("button", name="Redeem", exact=True).click()
        page.get_by_text("Type an amount, like").wait_for()
        page.get_by_label("Amount that is taken").fill(amount)
        shots.take(page, "gift")
        accessible(page, "a gift before it is redeemed")
        redeems(page)
        assert "minor" not in page.inner_text("main"), page.inner_text("main")
        assert left in page.inner_text("#verdict-facts"), page.inner_text("#verdict-facts")
        page.get_by_role("button", name="Next customer").click()
    looks_up(page, short)
    page.get_by_label("Customer id").fill("c-1")
    page.get_by_label("Amount that is taken").fill("9000")
    page.get_by_role("button", name="Redeem", exact=True).click()
    page.get_by_text("Too little is left").wait_for()
    assert "2,499.50" in page.inner_text("#voucher-error"), page.inner_text("#voucher-error")
    page.get_by_role("button", name="Do not redeem").click()


def reads_picture(page: Page, code: Image.Image, folder: pathlib.Path) -> None:
    """A picture is read as well as the camera's frames."""
    code.save(folder / "code.png")
    page.set_input_files("#picture", folder / "code.png")
    page.get_by_role("heading", name="Free coffee").wait_for()
    page.get_by_role("button", name="Do not redeem").click()


def goes_offline(page: Page, shots: Shots, folder: pathlib.Path, of: dict) -> None:
    """Three of four that were taken along are redeemed without a network, a reload between them, and sent."""
    token = next(code for code in of["codes"] if code["type"] == "QR")
    page.get_by_label(f"How many of {of['title']}").fill("3")
    page.get_by_role("button", name=f"Take some of {of['title']} along").click()
    page.get_by_text("3 left").wait_for()
    page.context.set_offline(True)
    page.get_by_text("No network", exact=True).wait_for()
    for number in range(3):
        looks_up(page, token["url"])
        redeems(page, "Redeem without a network")
        page.get_by_role("button", name="Next customer").click()
        if number == 1:
            page.reload()
            page.wait_for_selector("body[data-ready]")
            page.get_by_text("1 left").wait_for()
            page.get_by_text("what was redeemed here is not known now").wait_for()
            assert not page.get_by_text("Nothing was redeemed here yet").is_visible()
    looks_up(page, token["url"])
    says(page, "None taken along")
    page.get_by_role("button", name="Next customer").click()
    looks_up(page, next(code["code"] for code in of["codes"] if code["type"] == "SHORT"))
    says(page, "Cannot be checked without a network")
    shots.take(page, "offline")
    accessible(page, "without a network")
    page.get_by_role("button", name="Next customer").click()
    page.context.set_offline(False)
    page.get_by_text("Everything is sent.").wait_for()
    sent = page.locator("#lines .line").filter(has_text="without a network")
    sent.nth(2).wait_for()
    assert sent.count() == 3, sent.count()
    page.get_by_role("button", name=f"Give {of['title']} back").click()
    page.get_by_role("button", name=f"Give {of['title']} back").wait_for(state="detached")
    shots.take(page, "synced")


def counted(api: Api, business: str, of: dict) -> None:
    """What the platform says of it: three, each from this device, and no more taken from the limit."""
    lines = api.json("GET", f"/api/v1/redemptions?business_id={business}&limit=100")["lines"]
    offline = [line for line in lines if line["kind"] == "redemption" and "offline" in line]
    assert len(offline) == 3, offline
    assert len({line["offline"]["id"] for line in offline}) == 3, offline
    left = api.json("GET", f"/api/v1/vouchers/{of['voucher_id']}")["left"]
    assert left == LIMIT - 3, left
    print("three were redeemed without a network, and three were counted; left:", left)


def looks(browser: Browser, demo: dict, shots: Shots, business: str) -> None:
    """Every page on a phone and a desktop, light and dark."""
    for screen, viewport in {"phone": PHONE, "desktop": DESKTOP}.items():
        for scheme in ("light", "dark"):
            context = browser.new_context(viewport=viewport, color_scheme=scheme)
            page, watch = opened(context, demo, business)
            name = f"{screen}-{scheme}"

            def look(what: str) -> None:
                shots.take(page, f"{what}-{name}")
                fits(page, f"{what}-{name}")
                accessible(page, f"{what}-{name}")
                reachable(page, f"{what}-{name}")

            look("door")
            signs_in(page, demo)
            look("till")
            page.get_by_role("link", name="Figures").click()
            page.get_by_role("heading", name="Redemptions by weekday and hour").wait_for()
            look("figures")
            watch.check()
            context.close()


def works(browser: Browser, demo: dict, shots: Shots, folder: pathlib.Path, made: tuple[str, dict, dict, dict]) -> None:
    """A day at the counter."""
    business, claimed, limited, gift = made
    api = Api(demo)
    context = browser.new_context(viewport=PHONE, locale="en-NG")
    page, watch = opened(context, demo, business)
    signs_in(page, demo)
    enrols(page)
    scans(page, shots)
    short = next(code["code"] for code in limited["codes"] if code["type"] == "SHORT")
    types(page, shots, short)
    waits_its_turn(page, limited)
    spends_a_gift(page, shots, gift)
    reads_picture(page, picture(demo, limited), folder)
    goes_offline(page, shots, folder, limited)
    counted(api, business, limited)
    watch.check()
    context.close()


def main() -> None:
    """Starts the platform, and a browser with a camera."""
    binary = pathlib.Path(sys.argv[1]).resolve()
    folder = pathlib.Path(sys.argv[2]).resolve() if len(sys.argv) > 2 else None
    if folder:
        folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as data:
        process = subprocess.Popen([binary, "--port", "0", "--data", data], stdout=subprocess.DEVNULL)
        try:
            demo = demo_of(pathlib.Path(data) / "demo.json", process)
            api = Api(demo)
            business = api.json("POST", "/api/v1/businesses", {"name": "Café One"}, idempotency_key="business")["business_id"]
            claimed = voucher(api, business, "Ten percent off", claim_required=True)
            api.json("POST", f"/api/v1/vouchers/{claimed['voucher_id']}/claim", {"customer_id": "c-1"}, idempotency_key="claim")
            limited = voucher(api, business, "Free coffee", limits={"total": LIMIT}, benefit={"type": "free_item", "item": "A coffee"})
            gift = voucher(api, business, "Five thousand", benefit={"type": "gift_balance", "minor": 500_000, "currency": "NGN"})
            api.json("POST", f"/api/v1/vouchers/{gift['voucher_id']}/claim", {"customer_id": "c-1"}, idempotency_key="claim gift")
            film(picture(demo, claimed), pathlib.Path(data) / "film.mjpeg")
            camera = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream",
                      f"--use-file-for-fake-video-capture={pathlib.Path(data) / 'film.mjpeg'}"]
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(executable_path=CHROMIUM, args=[*QUIET_ARGS, *camera])
                shots = Shots(folder)
                works(browser, demo, shots, pathlib.Path(data), (business, claimed, limited, gift))
                looks(browser, demo, shots, business)
                browser.close()
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(timeout=30)


if __name__ == "__main__":
    main()
