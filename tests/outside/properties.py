"""The main job over HTTP, judged from outside: a file of 500 exported properties imports, 500 codes are generated in
one batch, each PNG and SVG is read back by a decoder that we did not write, and scans show in the analytics.

usage: properties.py path/to/tessera
"""

import json
import pathlib
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

from decoders import picture, zbar_reads, zxing_reads

COUNT = 500
PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1"
START_MAX_S = 60
COUNTED_MAX_S = 60


def property_id(number: int) -> str:
    """An ObjectId that the demo does not have."""
    return f"{0x5F0000000000000000000000 + number:024x}"


def exported(number: int) -> str:
    """One line as mongoexport writes it: canonical for even numbers, relaxed for odd ones."""
    canonical = number % 2 == 0
    return json.dumps({
        "_id": {"$oid": property_id(number)},
        "owner": {"$oid": f"{number:024x}"},
        "propertyName" if canonical else "property_name": f"House {number}, \"garden\"",
        "location": "Lekki, Lagos",
        "price": {"$numberLong": str(1_000_000 + number)} if canonical else 1_000_000 + number,
        "action": "for sale" if number % 3 else "for rent",
        "onchainId": f"0x{number:040x}" if number % 4 else None,
        "cryptoAccepted": True,
        "createdAt": {"$date": {"$numberLong": "1700000000000"}} if canonical else {"$date": "2023-11-14T22:13:20Z"},
        "unknownField": {"kept": [1, 2, {"$numberInt": "3"}]},
    })


class Api:
    """The API of a running process, with its demo key."""

    def __init__(self, demo: dict):
        self.base, self.key = demo["base_url"], demo["api_key"]

    def call(self, method: str, path: str, body=None, content_type="application/json", **headers):
        """One request; the answer's bytes."""
        url = path if path.startswith("http") else self.base + path
        data = body if isinstance(body, (bytes, type(None))) else json.dumps(body).encode()
        headers = {"x-api-key": self.key, **{name.replace("_", "-"): value for name, value in headers.items()}}
        if data is not None:
            headers["content-type"] = content_type
        request = urllib.request.Request(url, data=data, method=method, headers=headers)
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.read()

    def json(self, method: str, path: str, body=None, **headers):
        """One request; the answer as JSON."""
        return json.loads(self.call(method, path, body, **headers))


def wait_for(path: pathlib.Path, process: subprocess.Popen) -> dict:
    """The demo's facts, once the process has written them."""
    deadline = time.monotonic() + START_MAX_S
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise SystemExit(f"tessera ended with {process.returncode}")
        if path.exists():
            return json.loads(path.read_text())
        time.sleep(0.1)
    raise SystemExit("tessera did not start")


def check(api: Api) -> tuple[int, int]:
    """How many checks passed and failed."""
    lines = [exported(number) for number in range(COUNT)] + ["{ not json", '{"_id":{"$oid":"zz"}}']
    told = api.json("POST", "/api/v1/properties/import", "\n".join(lines).encode(), content_type="application/x-ndjson")
    results = [("import", told["imported"] == COUNT), ("bad lines", [e["line"] for e in told["errors"]] == [COUNT + 1, COUNT + 2])]

    ids = [property_id(number) for number in range(COUNT)]
    waiting, codes = ids, {}
    while waiting:
        batch = api.json("POST", "/api/v1/qr/batch-generate", {"property_ids": waiting})
        codes |= {item["property_id"]: item["qr"] for item in batch["results"] if "qr" in item}
        results += [(f"batch {item}", False) for item in batch["results"] if item["status"] == "failed"]
        again = [item["property_id"] for item in batch["results"] if item["status"] == "not_started"]
        if len(again) == len(waiting):
            break
        waiting = again
    results.append(("500 codes", len(codes) == COUNT))

    for number, code in enumerate(codes.values()):
        payload = code["qr_pattern"]
        png = api.call("GET", code["qr_code_url"])
        svg = api.call("GET", f"/api/v1/qr/{code['property_id']}?format=svg&size=512")
        results.append((f"png {code['property_id']}", zxing_reads(picture(png), payload)))
        results.append((f"svg {code['property_id']}", zxing_reads(picture(svg), payload)))
        if number % 25 == 0:
            results.append((f"zbar {code['property_id']}", zbar_reads(picture(png), payload)))

    scanned = ids[1]
    for _ in range(3):
        page = api.call("GET", f"/scan/{scanned}", user_agent=PHONE).decode()
        results.append(("scan page", f"property-details/{scanned}" in page))
    deadline, total = time.monotonic() + COUNTED_MAX_S, 0
    while total != 3 and time.monotonic() < deadline:
        total = api.json("GET", f"/api/v1/qr/{scanned}/analytics")["total_scans"]
        time.sleep(0.2)
    results.append(("3 scans counted", total == 3))

    for name, fine in results:
        if not fine:
            print(f"failed: {name}")
    failed = sum(not fine for _, fine in results)
    return len(results) - failed, failed


def main() -> int:
    """Starts the process in a folder of its own, checks it, stops it."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.argv[1], "--port", "0", "--data", folder]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
            try:
                passed, failed = check(Api(wait_for(pathlib.Path(folder) / "demo.json", process)))
            except urllib.error.HTTPError as error:
                print(f"{error.url} answered {error.code}: {error.read().decode()}")
                passed, failed = 0, 1
            finally:
                process.send_signal(signal.SIGINT)
                process.wait(timeout=30)
    print(f"properties from outside: {passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
