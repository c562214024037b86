"""The corpus of forged voucher tokens, judged a second time: signatures by PyJWT and cryptography, the rules written
again from the documentation of `shared/domain/src/voucher_token`. Every verdict must be that of the corpus.

    VOUCHER_CORPUS=/tmp/corpus.jsonl cargo test -p tessera-domain corpus
    python tests/outside/forged.py /tmp/corpus.jsonl
"""

import base64
import hashlib
import json
import re
import sys
import zlib

import jwt
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ$*+-:"
KINDS = {"tessera-voucher+jwt": "standard", "tessera-user+jwt": "user", "tessera-print+jwt": "print"}
NUMBERS = {0x11: ("standard", 3600), 0x12: ("user", 1), 0x13: ("print", 3600)}
DATE_MIN, DATE_MAX = 1_000_000_000, 253_402_207_200
PLACES = 1 << 24
TEXT_MAX = 2048


class Refused(Exception):
    """A verdict other than valid."""


def need(fine: object, verdict: str = "malformed") -> None:
    if not fine:
        raise Refused(verdict)


def once(pairs: list) -> dict:
    names = [name for name, _ in pairs]
    need(len(set(names)) == len(names))
    return dict(pairs)


def unpacked(part: str) -> bytes:
    """Base64url in its one spelling."""
    need(re.fullmatch(r"[A-Za-z0-9_-]*", part) and len(part) % 4 != 1)
    value = base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
    need(base64.urlsafe_b64encode(value).decode().rstrip("=") == part)
    return value


def parsed(value: bytes) -> dict:
    try:
        found = json.loads(value, object_pairs_hook=once)
    except ValueError as error:
        raise Refused("malformed") from error
    need(isinstance(found, dict))
    return found


def whole(value: object, least: int, most: int) -> bool:
    return type(value) is int and least <= value <= most


def thumbprint(key: dict) -> bytes:
    text = json.dumps({name: key[name] for name in ("crv", "kty", "x", "y")}, separators=(",", ":"))
    return hashlib.sha256(text.encode()).digest()


def opened(token: str, keys: list) -> tuple[dict, bytes]:
    """Header and claims of a JWS that one of the keys has signed."""
    parts = token.split(".")
    need(len(parts) == 3)
    head = parsed(unpacked(parts[0]))
    need(set(head) == {"alg", "kid", "typ"} and all(isinstance(text, str) for text in head.values()))
    need(head["alg"] == "ES256")
    payload, signature = unpacked(parts[1]), unpacked(parts[2])
    need(len(signature) == 64)
    key = next((key for key in keys if key["kid"] == head["kid"]), None)
    need(key, "unknown_key")
    try:
        jwt.api_jws.decode(token, jwt.PyJWK(key).key, algorithms=["ES256"])
    except jwt.InvalidSignatureError as error:
        raise Refused("bad_signature") from error
    return head, payload


def of_jwt(token: str, asked: dict, keys: list) -> tuple[int, int, int]:
    head, payload = opened(token, keys)
    kind = KINDS.get(head["typ"])
    need(kind in asked["kinds"], "wrong_kind")
    claims = parsed(payload)
    need(whole(claims.get("iat"), DATE_MIN, DATE_MAX) and whole(claims.get("exp"), DATE_MIN, DATE_MAX))
    need("nbf" not in claims or whole(claims["nbf"], DATE_MIN, DATE_MAX))
    need(re.fullmatch(r"vch_[0-9a-hjkmnp-tv-z]{26}", str(claims.get("vid"))) and whole(claims.get("idx"), 0, PLACES - 1))
    own = {name: claims[name] for name in ("type", "typ", "uid", "btc", "lmt") if name in claims}
    name = r"[!-~]{1,64}"
    need(
        own == {"type": "voucher"}
        if kind == "standard"
        else set(own) == {"typ", "uid"} and own["typ"] == "user" and re.fullmatch(name, own["uid"])
        if kind == "user"
        else set(own) == {"typ", "btc", "lmt"} and own["typ"] == "print" and re.fullmatch(name, own["btc"])
    )
    need(claims["exp"] > claims["iat"] and isinstance(claims.get("iss"), str) and isinstance(claims.get("aud"), str))
    need(claims["iss"] == asked["iss"].rstrip("/") and claims["aud"] == asked["aud"], "wrong_audience")
    return max(claims["iat"], claims.get("nbf", 0)), claims["exp"], claims["idx"]


def of_compact(token: str, asked: dict, keys: list) -> tuple[int, int, int]:
    need(len(token) == 137 and all(symbol in ALPHABET for symbol in token))
    value = b""
    for at in range(0, 137, 3):
        group, size = token[at : at + 3], 2 if at < 135 else 1
        number = sum(ALPHABET.index(symbol) * 41**place for place, symbol in enumerate(reversed(group)))
        need(number < 256**size)
        value += number.to_bytes(size, "big")
    claims, signature = value[:27], value[27:]
    need(claims[0] in NUMBERS)
    kind, unit = NUMBERS[claims[0]]
    parts = [text.encode() for text in (asked["iss"].rstrip("/"), asked["aud"])]
    message = b"tessera voucher code v1\0" + b"".join(len(part).to_bytes(4, "big") + part for part in parts) + claims
    known = [key for key in keys if thumbprint(key)[0] == claims[1]]
    need(known, "unknown_key")
    need(any(has_signed(key, message, signature) for key in known), "bad_signature")
    need(kind in asked["kinds"], "wrong_kind")
    issued, life = int.from_bytes(claims[21:25], "big"), int.from_bytes(claims[25:], "big") * unit
    need(issued >= DATE_MIN and life > 0)
    return issued, issued + life, int.from_bytes(claims[18:21], "big")


def has_signed(key: dict, message: bytes, signature: bytes) -> bool:
    r, s = (int.from_bytes(half, "big") for half in (signature[:32], signature[32:]))
    try:
        jwt.PyJWK(key).key.verify(utils.encode_dss_signature(r, s), message, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        return False
    return True


def is_revoked(list_token: str, index: int, keys: list) -> bool:
    _, payload = opened(list_token, keys)
    bits = zlib.decompress(unpacked(parsed(payload)["status_list"]["lst"]))
    return index // 8 < len(bits) and bool(bits[index // 8] >> index % 8 & 1)


def verdict(asked: dict) -> str:
    token, keys = asked["token"], asked["jwks"]["keys"]
    page = asked["iss"].rstrip("/") + "/v/"
    try:
        need(len(token.encode()) <= TEXT_MAX)
        if "://" in token:
            need(token[: len(page)].lower() == page.lower())
            token = token[len(page) :]
        read = of_jwt if "." in token else of_compact
        begins, ends, index = read(token, asked, keys)
        need(begins <= asked["now"] + 60, "not_yet_valid")
        need(asked["now"] < ends, "expired")
        need(not (asked["status"] and is_revoked(asked["status"], index, keys)), "revoked")
    except Refused as refused:
        return str(refused)
    return "valid"


def main(path: str) -> int:
    with open(path, encoding="utf-8") as file:
        cases = [json.loads(line) for line in file]
    wrong = [(case["name"], said, case["expected"]) for case in cases if (said := verdict(case["question"])) != case["expected"]]
    for name, said, expected in wrong:
        print(f"{name}: {said}, not {expected}", file=sys.stderr)
    taken = sum(case["expected"] == "valid" for case in cases)
    print(json.dumps({"cases": len(cases), "valid": taken, "refused": len(cases) - taken, "different": len(wrong)}))
    return 0 if cases and not wrong else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
