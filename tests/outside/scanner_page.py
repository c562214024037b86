"""The scanner in a real browser, with a camera that plays frames of a code: its text is reported once, a picture's
text is read, the verifier answers, and nothing breaks the policy of scanning pages or asks another host.

usage: scanner_page.py MODULE.wasm FOLDER_WITH_VOUCHER_PBM
"""

import hashlib
import http.server
import json
import pathlib
import re
import sys
import tempfile
import threading

from PIL import Image
from playwright.sync_api import sync_playwright

from tip_page import CHROMIUM, QUIET_ARGS, WAIT_MS, Watch

ROOT = pathlib.Path(__file__).resolve().parents[2]
ASSETS = ROOT / "shared/web/assets"
SIZE = (640, 480)
FRAMES = 12
PAGE = """<!doctype html><html lang="en"><title>Scanner</title><main data-scanner="{scanner}" data-reader="{reader}"
data-module="{module}"><video id="video" width="320"></video><input id="file" type="file"></main></html>"""
# What a page does with the scanner; given to the page by the test, past its policy.
SCAN = """async () => {
  const { scanner, reader, module } = document.querySelector("main").dataset;
  const { Scanner, signal } = await import(scanner);
  const [seen, one] = [[], new Scanner({ reader, module })];
  const video = document.getElementById("video");
  const first = new Promise((resolve) => { globalThis.resolve = resolve; });
  await one.start(video, (text) => { seen.push(text); signal(); resolve(text); });
  const text = await first;
  await new Promise((resume) => setTimeout(resume, 2500));
  const cameras = (await one.cameras()).length;
  const [reads, torch] = [one.reads, await one.torch(true)];
  await one.switchCamera();
  one.stop();
  return { text, times: seen.length, reads, torch, cameras, released: video.srcObject === null };
}"""
# A detector of the browser's own is asked first; one that fails leaves its place to the module.
NATIVE = """async () => {
  const { scanner, reader, module } = document.querySelector("main").dataset;
  const { Scanner } = await import(scanner);
  const outcomes = [];
  for (const detect of [async () => [{ rawValue: "NATIVE" }], async () => { throw new Error("no service"); }]) {
    globalThis.BarcodeDetector = class { static getSupportedFormats = async () => ["qr_code"]; detect = detect; };
    const one = new Scanner({ reader, module });
    const video = document.getElementById("video");
    const text = await new Promise((resolve, reject) => { one.start(video, resolve).catch(reject); });
    outcomes.push([text, one.reads]);
    one.stop();
  }
  delete globalThis.BarcodeDetector;
  const { name } = await new Scanner().start(document.getElementById("video"), () => {}).catch((error) => error);
  return [...outcomes, name];
}"""
READ = """async () => {
  const { scanner, reader, module } = document.querySelector("main").dataset;
  const { Scanner } = await import(scanner);
  const one = new Scanner({ reader, module, native: false });
  const texts = await one.readFile(document.getElementById("file").files[0]);
  const wrong = await one.readFile(new File(["no picture"], "a.png")).catch(({ name, message }) => [name, message]);
  return { texts, wrong, reads: one.reads };
}"""
VERIFY = """async () => {
  const { reader, module } = document.querySelector("main").dataset;
  const { Reader } = await import(reader);
  const one = await Reader.load(module);
  return one.verify({ token: "none", keys: { keys: [] }, audience: "tnt_x", issuer: "x", now: 0, kinds: [] });
}"""
REFUSED = """async () => {
  const { scanner, reader, module } = document.querySelector("main").dataset;
  const { Scanner } = await import(scanner);
  const one = new Scanner({ reader, module });
  const asked = one.start(document.getElementById("video"), () => {});
  return asked.then(() => "started", ({ name, message }) => [name, message]);
}"""


def policies() -> tuple[str, str, str]:
    """The policies as the platform sends them, read from its source."""
    def constant(path: str, name: str) -> str:
        text = (ROOT / path).read_text()
        value = re.search(rf"const {name}: &str =\s*\"((?:[^\"\\]|\\.)*)\"", text, re.S).group(1)
        return re.sub(r"\\\n\s*", "", value)
    page = "shared/web/src/page/mod.rs"
    return (constant(page, "SCANNING_POLICY"), constant(page, "SCANNING_PERMISSIONS"),
            constant("shared/web/src/assets.rs", "WORKER_POLICY"))


class Site(http.server.ThreadingHTTPServer):
    """The page and the files, under the headers that the platform gives them."""

    def __init__(self, module: pathlib.Path):
        super().__init__(("127.0.0.1", 0), Answer)
        policy, permissions, worker = policies()
        script = "text/javascript; charset=utf-8"
        files = {"scanner": (ASSETS / "scanner.js", script, "default-src 'none'"),
                 "reader": (ASSETS / "reader.js", script, worker),
                 "module": (module, "application/wasm", "default-src 'none'")}
        self.answers, paths = {}, {}
        for name, (path, kind, own) in files.items():
            content = path.read_bytes()
            paths[name] = f"/assets/{hashlib.sha256(content).hexdigest()[:16]}/{path.name}"
            self.answers[paths[name]] = (content, {"content-type": kind, "content-security-policy": own})
        self.answers["/"] = (PAGE.format(**paths).encode(), {
            "content-type": "text/html; charset=utf-8", "content-security-policy": policy, "permissions-policy": permissions})
        self.answers["/favicon.ico"] = (b"", {"content-type": "image/png"})


class Answer(http.server.BaseHTTPRequestHandler):
    """One file."""

    def do_GET(self) -> None:
        """Answers with a file and its headers."""
        content, headers = self.server.answers.get(self.path, (b"", {}))
        self.send_response(200 if headers else 404)
        for name, value in (headers | {"x-content-type-options": "nosniff", "content-length": str(len(content))}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Says nothing."""


def pictures(code: pathlib.Path, folder: pathlib.Path) -> tuple[pathlib.Path, pathlib.Path]:
    """A camera's film of the code, turned by a degree or two, and a large picture of it."""
    modules = Image.open(code).convert("L")
    side = modules.width + 8
    sheet = Image.new("L", (side, side), 235)
    sheet.paste(modules.point(lambda grey: 30 if grey < 128 else 235), (4, 4))
    film = folder / "film.mjpeg"
    with open(film, "wb") as file:
        for number in range(FRAMES):
            frame = Image.new("L", SIZE, 110)
            turned = sheet.resize((360, 360), Image.Resampling.NEAREST).rotate(number / 4 - 1.5, Image.Resampling.BILINEAR, fillcolor=110)
            frame.paste(turned, (140 + number, 60))
            frame.convert("RGB").save(file, "JPEG", quality=85)
    large = folder / "large.png"
    picture = Image.new("L", (6_000, 4_000), 128)
    picture.paste(sheet.resize((1_500, 1_500), Image.Resampling.NEAREST), (3_100, 1_200))
    picture.save(large)
    return film, large


def main() -> None:
    """Starts the page with a camera, then without leave to use it."""
    module, folder = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    wanted = json.loads((folder / "payloads.json").read_text())["voucher"]
    site = Site(module)
    threading.Thread(target=site.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{site.server_port}"
    with tempfile.TemporaryDirectory() as temporary, sync_playwright() as playwright:
        film, large = pictures(folder / "voucher.pbm", pathlib.Path(temporary))
        camera = ["--use-fake-device-for-media-stream", f"--use-file-for-fake-video-capture={film}"]
        for leave in (True, False):
            args = [*QUIET_ARGS, *camera, *(["--use-fake-ui-for-media-stream"] if leave else [])]
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=args)
            page = browser.new_page()
            page.set_default_timeout(WAIT_MS)
            watch = Watch(page, {f"127.0.0.1:{site.server_port}"})
            page.goto(address)
            if leave:
                scanned = page.evaluate(SCAN)
                assert scanned["text"] == wanted and scanned["times"] == 1 and scanned["released"], scanned
                native = page.evaluate(NATIVE)
                assert native == [["NATIVE", "native"], [wanted, "module"], "no_reader"], native
                page.set_input_files("#file", large)
                read = page.evaluate(READ)
                assert read["texts"] == [wanted] and read["wrong"][0] == "bad_picture", read
                assert page.evaluate(VERIFY)["verdict"] == "bad_question"
                print("camera:", scanned, "picture of 24 megapixels:", read["reads"])
            else:
                page.context.grant_permissions([])
                name, words = page.evaluate(REFUSED)
                assert name == "permission_refused" and "type the code" in words, (name, words)
                print("without leave:", words)
            watch.check()
            browser.close()
    site.shutdown()


if __name__ == "__main__":
    main()
