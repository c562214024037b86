"""Adds a tenant's money up again, from its CSV files alone, and compares every sum with what the platform says: the
totals at the ends of the files, the run's totals, the statements of the accounts, and the ledger's own check.

It shares no code with the platform, asks over HTTP only, and works in whole minor units.

usage: resum.py base-url api-key
"""

import collections
import csv
import io
import json
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid

DONE_MAX_S = 300
# No proxy stands between this machine and itself.
OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Platform:
    def __init__(self, base: str, key: str):
        self.base, self.key = base, key

    def ask(self, method: str, path: str, body=None):
        headers = {"x-api-key": self.key, "content-type": "application/json", "idempotency-key": str(uuid.uuid4())}
        content = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.base + path, data=content, method=method, headers=headers)
        with OPENER.open(request, timeout=60) as answer:
            return json.load(answer)

    def get(self, path: str):
        return self.ask("GET", path)

    def export(self, kind: str):
        """The rows of a finished export, by column, and its totals."""
        export = self.ask("POST", "/api/v1/exports", {"kind": kind, "from": "2020-01-01T00:00:00Z"})
        end = time.monotonic() + DONE_MAX_S
        while export["state"] != "done":
            assert time.monotonic() < end, f"the export of {kind} is never done: {export}"
            time.sleep(0.2)
            export = self.get(f"/api/v1/exports/{export['export_id']}")
        with OPENER.open(export["url"], timeout=60) as file:
            text = io.TextIOWrapper(file, encoding="utf-8-sig", newline="").read()
        rows = list(csv.DictReader(io.StringIO(text)))
        first = next(iter(rows[0])) if rows else ""
        totals = [row for row in rows if row[first] == "total"]
        rows = [row for row in rows if row[first] != "total"]
        assert len(rows) == export["rows"], (kind, len(rows), export["rows"])
        return rows, totals

    def closing(self, account: str) -> int:
        """The last balance of a statement, walked page by page and added up on the way."""
        balance, cursor = 0, None
        while True:
            query = {"account": account} | ({"cursor": cursor} if cursor else {})
            page = self.get("/api/v1/ledger/statement?" + urllib.parse.urlencode(query))
            same("opening balance of " + account, page["opening_balance"], balance)
            balance += sum(entry["amount"] for entry in page["entries"])
            same("closing balance of " + account, page["closing_balance"], balance)
            cursor = page.get("next_cursor")
            if not cursor:
                return balance


CHECKED = 0


def same(what: str, one, other):
    global CHECKED
    CHECKED += 1
    if one != other:
        sys.exit(f"{what}: {one} here, {other} there")


def paystack_fee(kobo: int) -> int:
    """1.5 %, rounded up, and 100 naira from 2,500 naira on; never more than 2,000 naira."""
    return min((kobo * 15 + 999) // 1000 + (10_000 if kobo >= 250_000 else 0), 200_000)


def minor(row, name: str) -> int:
    """An amount in minor units, which must be the same number as the decimal beside it."""
    whole = int(row[name + "_minor"])
    sign = "-" if whole < 0 else ""
    same(f"{name} of {row}", row[name], f"{sign}{abs(whole) // 100}.{abs(whole) % 100:02d}")
    return whole


def check_ledger(platform: Platform):
    rows, totals = platform.export("ledger")
    by_reference, by_account = collections.Counter(), collections.Counter()
    charges, paid_to = {}, collections.Counter()
    for row in rows:
        amount = minor(row, "amount")
        by_reference[row["reference"]] += amount
        by_account[row["account"]] += amount
        if row["reference"].startswith("ps:charge:"):
            kind = row["account"].split(":")[-2]
            charges.setdefault(row["tip_id"], {})[kind] = amount
        if row["reference"].endswith(":success") and ":in_transit:" in row["account"]:
            paid_to[row["account"].split(":")[1]] += amount
    for reference, amount in by_reference.items():
        same(f"the postings of {reference}", amount, 0)
    groups = collections.Counter()
    for account, amount in by_account.items():
        name = account.rsplit(":", 1)[0]
        parts = name.split(":")
        groups[f"guards:{parts[2]}" if parts[0] == "guard" else name] += amount
    said = {row["account"]: minor(row, "amount") for row in totals}
    for account in groups.keys() | said.keys():
        same(f"the total of {account}", groups.get(account, 0), said.get(account, 0))
    for account, amount in by_account.items():
        if not account.startswith("guard:"):
            same(f"the statement of {account}", platform.closing(account), amount)
    some_guards = sorted(account for account in by_account if ":payable:" in account)[:10]
    for account in some_guards:
        same(f"the statement of {account}", platform.closing(account), by_account[account])
    return by_reference, groups, charges, paid_to


def check_tips(platform: Platform, charges):
    rows, totals = platform.export("tips")
    sums, by_payout = collections.Counter(), collections.Counter()
    for row in rows:
        amount, net, fees = minor(row, "amount"), minor(row, "net"), minor(row, "fees")
        for name in ("amount", "net", "fees", "taken_back"):
            sums[name] += minor(row, name)
        if row["status"] in ("initiated", "pending", "failed", "abandoned"):
            continue
        same(f"the parts of {row['tip_id']}", net + fees, amount)
        posted = charges[row["tip_id"]]
        same(f"what the guard has of {row['tip_id']}", -posted["payable"], net)
        same(f"what Paystack keeps of {row['tip_id']}", amount - posted["clearing"], paystack_fee(amount))
        if row["status"] == "settled":
            by_payout[row["payout_id"]] += net
    same("lines of totals", len(totals), 1)
    for name, amount in sums.items():
        same(f"the total of {name}", minor(totals[0], name), amount)
    same("tips with a charge", len(charges), sum(1 for row in rows if row["tip_id"] in charges))
    return rows, sums, by_payout


def check_payouts(platform: Platform, by_payout, paid_to):
    rows, totals = platform.export("payouts")
    by_state, by_run, guards = collections.Counter(), collections.Counter(), collections.Counter()
    for row in rows:
        amount = minor(row, "amount")
        by_state[row["status"]] += amount
        by_run[row["run"]] += amount
        if row["status"] == "confirmed":
            guards[row["guard_id"]] += amount
            same(f"the tips of {row['payout_id']}", by_payout[row["payout_id"]], amount)
    for row in totals:
        same(f"the total of {row['status']}", minor(row, "amount"), by_state.pop(row["status"]))
    same("states without a total", dict(by_state), {})
    same("what each guard was paid", guards, paid_to)
    for run in platform.get("/api/v1/settlements")["settlements"]:
        same(f"the run of {run['date']}", run["totals"]["paid"]["amount"], by_run[run["date"]])
    return rows, guards


def main():
    platform = Platform(sys.argv[1].rstrip("/"), sys.argv[2])
    by_reference, groups, charges, paid_to = check_ledger(platform)
    tips, sums, by_payout = check_tips(platform, charges)
    payouts, guards = check_payouts(platform, by_payout, paid_to)
    same("what guards are owed", -groups["guards:payable"], sums["net"] - sums["taken_back"] - sum(guards.values()))
    same("what is on its way", groups.get("guards:in_transit", 0), 0)
    found = platform.get("/api/v1/ledger/invariants")
    same("the ledger's own check", (found["ok"], found["complete"], found["waiting"]), (True, True, 0))
    same("transactions", found["transactions"], len(by_reference))
    print(json.dumps({
        "tips": len(tips), "payouts": len(payouts), "transactions": len(by_reference), "net": sums["net"],
        "paid": sum(guards.values()), "comparisons": CHECKED,
    }))


if __name__ == "__main__":
    main()
