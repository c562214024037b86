"""A printing over HTTP, judged from outside: the demo's voucher is published, 1,000 codes are printed, each token is
verified by PyJWT, which knows nothing but the address of the key set, and each code of the first sheets is read by a
decoder that we did not write.

usage: campaign.py path/to/tessera [codes]
"""

import csv
import io
import json
import pathlib
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
import uuid

import jwt
import pypdfium2
import zxingcpp

from jwks import problem
from properties import Api, wait_for

COUNT = 1000
DONE_MAX_S = 600
DOTS_AN_INCH = 300
POINTS_AN_INCH = 72
# Pages of the first file that are looked at; each takes a second or two.
PAGES_MAX = 3


def printed(api: Api, demo: dict, count: int) -> tuple[dict, float]:
    """A printing that is done, and how many seconds it took."""
    path = f"/api/v1/vouchers/{demo['voucher_id']}"
    api.json("POST", f"{path}/publish")
    wishes = {"name": "BATCH2024", "count": count, "variants": ["A", "B"]}
    began = time.monotonic()
    batch = api.json("POST", f"{path}/batches", wishes, idempotency_key=str(uuid.uuid4()))
    while batch["state"] not in ("done", "failed") and time.monotonic() < began + DONE_MAX_S:
        time.sleep(0.5)
        batch = api.json("GET", f"{path}/batches/{batch['batch_id']}")
    return batch, time.monotonic() - began


def fetched(batch: dict, name: str) -> bytes:
    """A file of a printing."""
    url = next(file["url"] for file in batch["files"] if file["name"] == name)
    with urllib.request.urlopen(url, timeout=60) as answer:
        return answer.read()


def check(api: Api, demo: dict, count: int) -> list[tuple[str, bool]]:
    """What was looked at, and whether it is as it should be."""
    batch, seconds = printed(api, demo, count)
    print(f"{count} codes in {seconds:.1f} s")
    results = [("the printing is done", batch["state"] == "done")]
    rows = list(csv.DictReader(io.StringIO(fetched(batch, "codes.csv").decode())))
    results.append((f"{count} lines", len(rows) == count))
    for column in ("index", "short_code", "url", "token"):
        results.append((f"each {column} is another one", len({row[column] for row in rows}) == count))

    client = jwt.PyJWKClient(f"{api.base}/.well-known/jwks.json")
    now = time.time()
    wrong = [said for row in rows if (said := problem(client, row["token"], now))]
    results.append((f"PyJWT takes all tokens {wrong[:3]}", not wrong))

    sheets = pypdfium2.PdfDocument(fetched(batch, "sheets-001.pdf"))
    expected = {row["url"]: row["short_code"] for row in rows}
    for number in range(min(PAGES_MAX, len(sheets))):
        page = sheets[number]
        picture = page.render(scale=DOTS_AN_INCH / POINTS_AN_INCH).to_pil().convert("RGB")
        found = {code.text for code in zxingcpp.read_barcodes(picture, formats=zxingcpp.BarcodeFormat.QRCode)}
        words = page.get_textpage().get_text_range()
        shorts = {short for short in expected.values() if f"{short[:4]}-{short[4:]}" in words}
        results.append((f"page {number + 1}: {len(found)} codes", len(found) > 10 and found <= expected.keys()))
        results.append((f"page {number + 1}: short codes", shorts == {expected[url] for url in found}))
    return results


def main() -> int:
    """Starts the process in a folder of its own, checks it, stops it."""
    count = int(sys.argv[2]) if len(sys.argv) > 2 else COUNT
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.argv[1], "--port", "0", "--data", folder]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
            try:
                demo = wait_for(pathlib.Path(folder) / "demo.json", process)
                # The file is written once for the key and again with everything.
                while "voucher_id" not in demo:
                    time.sleep(0.1)
                    demo = json.loads((pathlib.Path(folder) / "demo.json").read_text())
                results = check(Api(demo), demo, count)
            except urllib.error.HTTPError as error:
                results = [(f"{error.url} answered {error.code}: {error.read().decode()}", False)]
            finally:
                process.send_signal(signal.SIGINT)
                process.wait(timeout=60)
    failed = [name for name, fine in results if not fine]
    for name in failed:
        print(f"failed: {name}")
    print(f"a printing from outside: {len(results) - len(failed)} passed, {len(failed)} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
