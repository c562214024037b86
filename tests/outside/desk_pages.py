"""The pages of staff in a real browser: every page on a phone and on a desktop, light and dark, with JavaScript and
without it. axe finds nothing serious, no console error, no request to a foreign host, everything is reached with the
keyboard, and nothing is wider than the screen.

usage: desk_pages.py path/to/tessera [folder for screenshots]
"""

import io
import json
import pathlib
import signal
import subprocess
import sys
import tempfile
import time
from urllib.parse import urlsplit

from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from properties import Api
from tip_page import CHROMIUM, DESKTOP, PHONE, QUIET_ARGS, WAIT_MS, Shots, Watch, accessible, demo_of

SCREENS = {"phone": PHONE, "desktop": DESKTOP}
# What a name must never become.
MARKUP = "<script>alert(1)</script>"
TABS_MAX = 120


class DeskWatch(Watch):
    """A page's console errors and hosts. A browser calls answers to wrong forms and addresses errors of its own."""

    def check(self) -> None:
        """Nothing else was wrong."""
        self.errors = [text for text in self.errors if "status of 422" not in text and "status of 404" not in text]
        super().check()


def hire(api: Api, number: int, first: str, last: str, post: str | None) -> str:
    """A guard through the API, with a code; the id."""
    wishes = {"first_name": first, "last_name": last, "employee_id": f"D-{number:03}", "post": post,
              "phone": "+234 801 234 5678", "email": "guard@example.com"}
    guard = api.json("POST", "/api/v1/guards", wishes, idempotency_key=f"desk-hire-{number}")
    api.json("POST", f"/api/v1/guards/{guard['guard_id']}/qr", {}, idempotency_key=f"desk-print-{number}")
    return guard["guard_id"]


def seed(api: Api) -> str:
    """Thirty guards, so that there is a second page; the one with a name of markup."""
    posts = ["Main gate", "North tower, lobby", None]
    people = ["Musa Adebayo", "Ngozi Okafor", "Bola Ahmed", "Chidi Eze", "Amina Bello", "Tunde Bakare"]
    for number in range(28):
        first, last = people[number % len(people)].split()
        hire(api, number, first, last, posts[number % 3])
    hire(api, 28, "Oluwaseun-Emmanuel Babatunde", "Adéyẹmí-Ọlátúnjí", "The gate with the longest name of all the gates")
    return hire(api, 29, MARKUP, "Zulu", MARKUP)


def sign_in(context: BrowserContext, demo: dict, watch_hosts: set[str]) -> tuple[Page, DeskWatch]:
    """Somebody signs in with the demo's key."""
    page = context.new_page()
    page.set_default_timeout(WAIT_MS)
    watch = DeskWatch(page, watch_hosts)
    page.goto(f"{demo['base_url']}/desk")
    page.get_by_label("API key").fill(demo["api_key"])
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/desk/guards")
    return page, watch


def fits(page: Page, what: str) -> None:
    """Nothing is wider than the screen."""
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide <= 0, f"{what}: {wide} px too wide"


def reachable(page: Page, what: str) -> None:
    """The tab key reaches everything that can be pressed or filled in, and one sees where one is."""
    wanted = page.evaluate("""() => {
        const all = [...document.querySelectorAll('a[href], button, input:not([type=hidden]), select, textarea, summary')];
        const seen = all.filter((one) => one.checkVisibility());
        seen.forEach((one, number) => { one.dataset.reach = number; });
        document.activeElement?.blur();
        return seen.length;
    }""")
    assert wanted < TABS_MAX, f"{what}: {wanted} stops"
    reached = set()
    # A date has a stop for its day, its month and its year.
    for _ in range(4 * wanted + 5):
        if len(reached) == wanted:
            break
        page.keyboard.press("Tab")
        found = page.evaluate("""() => {
            const here = document.activeElement;
            const style = getComputedStyle(here);
            return here?.dataset?.reach ? [here.dataset.reach, style.outlineStyle !== 'none' || style.boxShadow !== 'none'] : null;
        }""")
        if found:
            assert found[1], f"{what}: the focus cannot be seen on stop {found[0]}"
            reached.add(found[0])
    assert len(reached) == wanted, f"{what}: the keyboard reaches {len(reached)} of {wanted}"


def look(page: Page, demo: dict, shots: Shots, paths: dict[str, str], suffix: str) -> None:
    """Every page once."""
    for name, path in paths.items():
        page.goto(f"{demo['base_url']}{path}")
        page.wait_for_load_state("networkidle")
        for folded in page.locator("details").all():
            folded.evaluate("(one) => { one.open = true; }")
        shots.take(page, f"{name}-{suffix}")
        fits(page, f"{name}-{suffix}")
        accessible(page, f"{name}-{suffix}")
        reachable(page, f"{name}-{suffix}")


def portrait() -> bytes:
    """A photo to send."""
    picture = Image.new("RGB", (640, 800), (40, 90, 140))
    file = io.BytesIO()
    picture.save(file, "JPEG")
    return file.getvalue()


def works(page: Page, demo: dict, shots: Shots, script: bool) -> None:
    """A guard is added, gets a code, an account, a photo, a new code, and is suspended."""
    name = "script" if script else "plain"
    page.goto(f"{demo['base_url']}/desk/guards/new")
    page.get_by_label("First name").fill("Kemi")
    page.get_by_label("Last name").fill("Balogun")
    page.get_by_label("Employee id").fill("no spaces here")
    page.get_by_role("button", name="Add the guard").click()
    page.get_by_role("alert").wait_for()
    assert page.get_by_label("First name").input_value() == "Kemi", "what was typed is lost"
    shots.take(page, f"hire-wrong-{name}")
    page.get_by_label("Employee id").fill(f"K-{name}")
    page.get_by_label("Post").fill("Main gate")
    page.get_by_label("E-mail").fill("kemi@example.com")
    page.get_by_role("button", name="Add the guard").click()
    page.get_by_text("The guard is there.").wait_for()
    page.get_by_role("button", name="Make a code").click()
    page.get_by_text("The new code works.").wait_for()
    page.get_by_role("button", name="E-mail the code").click()
    page.get_by_text("on its way").wait_for()
    page.get_by_role("link", name="Set the account").click()
    page.get_by_label("Bank", exact=True).select_option(label="Zenith Bank")
    page.get_by_label("Account number").fill("0022728151")
    page.get_by_role("button", name="Look it up").click()
    page.get_by_text("The account is saved").wait_for()
    assert "0022728151" not in page.content(), "a whole account number is shown"
    shots.take(page, f"account-said-{name}")
    page.get_by_role("link", name="Back to Kemi").click()
    if script:
        page.get_by_label("New photo").set_input_files(
            {"name": "kemi.jpg", "mimeType": "image/jpeg", "buffer": portrait()})
        page.get_by_role("button", name="Send the photo").click()
        page.get_by_text("The photo is published.").wait_for()
    page.get_by_text("Replace this code").click()
    page.get_by_label("The old card may stop working").check()
    page.get_by_role("button", name="Make a new code").click()
    page.get_by_text("The new code works.").wait_for()
    page.get_by_role("button", name="Suspend").click()
    page.get_by_text("The guard is suspended.").wait_for()
    shots.take(page, f"guard-suspended-{name}")


def no_markup(page: Page, demo: dict, guard: str) -> None:
    """A name of markup is a name."""
    page.on("dialog", lambda dialog: (_ for _ in ()).throw(AssertionError("a name was run")))
    for path in (f"/desk/guards/{guard}", "/desk/guards?q=zulu"):
        page.goto(f"{demo['base_url']}{path}")
        assert page.get_by_text(MARKUP).count() > 0, path


def main() -> None:
    """Starts the platform, seeds it, looks at each page and uses it."""
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
                visit(browser, demo, Shots(folder))
                browser.close()
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(timeout=30)


def simulate(demo: dict, path: str, body: dict | None = None):
    """Something that happens at Paystack."""
    return Api(demo).json("POST" if body is not None else "GET", f"{demo['simulator_url']}/_simulator/{path}", body)


def until(what: str, look):
    """What comes of the platform's own work, within some seconds."""
    deadline = time.monotonic() + WAIT_MS / 1000
    while not (found := look()):
        assert time.monotonic() < deadline, what
        time.sleep(0.2)
    return found


def earn(api: Api, demo: dict) -> None:
    """Three tips that are paid and lie in Paystack's balance, one that nobody pays, and a refund that fails."""
    tips = []
    for number, amount in enumerate([250_000, 500_000, 120_050, 30_000]):
        wish = {"guard_token": demo["guard_token"], "amount": amount, "currency": "NGN", "patron_alias": "Ada"}
        tips.append(api.json("POST", "/tips", wish, idempotency_key=f"desk-tip-{number}"))
    for tip in tips[:3]:
        simulate(demo, f"transactions/{tip['reference']}", {"payment": "success"})
    paid = lambda: api.json("GET", "/api/v1/finance/totals")["totals"]
    until("the tips arrive", lambda: paid() and paid()[0]["tips"] >= 3)
    simulate(demo, "settle", {"to": "balance"})
    tip = tips[2]["tip_id"]
    api.json("POST", f"/api/v1/tips/{tip}/refund", {"amount": 10_000, "reason": "A wish"}, idempotency_key="desk-refund")
    refund = until("Paystack has the refund", lambda: simulate(demo, "refunds"))[0]
    simulate(demo, f"refunds/{refund['id']}", {"status": "failed"})


def counts(page: Page, demo: dict, api: Api, shots: Shots, script: bool) -> None:
    """A run is planned and begun, payouts are stopped and go on, a case is explained, an export fetched."""
    base, name = demo["base_url"], "script" if script else "plain"
    page.goto(f"{base}/desk/runs/plan")
    shots.take(page, f"plan-{name}")
    if page.get_by_role("button", name="Run today").count():
        page.get_by_role("button", name="Run today").click()
        page.get_by_text("The run has begun.").wait_for()
        until("the payout is made", lambda: any(
            payout["status"] == "confirmed" for payout in api.json("GET", "/api/v1/payouts")["payouts"]))
    page.goto(f"{base}/desk/payouts")
    page.get_by_text("Stop all payouts", exact=True).click()
    page.get_by_label("Why").fill("The bank is closed today.")
    page.get_by_role("button", name="Stop all payouts now").click()
    page.get_by_role("status").get_by_text("All payouts are stopped.").wait_for()
    shots.take(page, f"payouts-stopped-{name}")
    page.get_by_label("Why").fill("It is open again.")
    page.get_by_role("button", name="Let payouts go on").click()
    page.get_by_text("Payouts go on, with").wait_for()
    page.goto(f"{base}/desk/exports")
    page.get_by_label("What").select_option(label="Payouts")
    page.get_by_role("button", name="Write the file").click()
    page.get_by_text("The export is being written.").wait_for()
    until("the export is ready", lambda: all(
        export["state"] == "done" for export in api.json("GET", "/api/v1/exports")["exports"]))
    page.goto(f"{base}/desk/exports")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download").first.click()
    assert pathlib.Path(download.value.path()).read_text().startswith(("payout_id", "\ufeffpayout_id")), "no table"


def visit(browser: Browser, demo: dict, shots: Shots) -> None:
    """All screens and schemes."""
    api = Api(demo)
    strange = seed(api)
    earn(api, demo)
    uploads = urlsplit(api.json("POST", f"/api/v1/guards/{strange}/photo",
                                {"content_type": "image/jpeg", "bytes": 1000})["upload_url"]).netloc
    hosts = {urlsplit(demo["base_url"]).netloc, uploads}
    guard = demo["guard_id"]
    paths = {
        "guards": "/desk/guards", "guards-none": "/desk/guards?q=nobody", "hire": "/desk/guards/new",
        "guard": f"/desk/guards/{guard}", "guard-strange": f"/desk/guards/{strange}",
        "account": f"/desk/guards/{guard}/account", "report-wrong": "/desk/report?from=x",
    }
    for script in (True, False):
        context = browser.new_context(viewport=PHONE, java_script_enabled=script)
        page, watch = sign_in(context, demo, hosts)
        works(page, demo, shots, script)
        no_markup(page, demo, strange)
        counts(page, demo, api, shots, script)
        watch.check()
        context.close()
    case = until("there is a case", lambda: api.json("GET", "/api/v1/reconciliation/cases")["cases"])[0]["case_id"]
    payout = api.json("GET", "/api/v1/payouts")["payouts"][0]
    paths |= {
        "report-guards": "/desk/report?by=guard", "today": "/desk/today", "payouts": "/desk/payouts",
        "payout": f"/desk/payouts/{payout['payout_id']}", "runs": "/desk/runs", "run": f"/desk/runs/{payout['run']}",
        "plan": "/desk/runs/plan", "cases": "/desk/cases", "case": f"/desk/cases/{case}",
        "exports": "/desk/exports", "charts": "/desk/charts", "nothing-here": "/desk/payouts/nothing",
    }
    for screen, viewport in SCREENS.items():
        for scheme in ("light", "dark"):
            context = browser.new_context(viewport=viewport, color_scheme=scheme)
            front = context.new_page()
            look(front, demo, shots, {"sign-in": "/desk/sign-in"}, f"{screen}-{scheme}")
            front.close()
            page, watch = sign_in(context, demo, hosts)
            look(page, demo, shots, paths, f"{screen}-{scheme}")
            page.goto(f"{demo['base_url']}/desk")
            page.get_by_role("button", name="Sign out").click()
            page.wait_for_url("**/desk/sign-in")
            watch.check()
            context.close()
    print("every page was looked at:", json.dumps(sorted(paths)))


if __name__ == "__main__":
    main()
