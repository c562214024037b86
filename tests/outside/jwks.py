"""Voucher tokens verified by PyJWT, which knows nothing but the address of the key set.

usage: jwks.py --tokens FILE --jwks URL [--at SECONDS] [--count-min N]

FILE has one token a line: a JWT, or the address of its page. Each must be signed with ES256 by a key of the set, and be
good at the time.
"""

import argparse
import json
import pathlib
import sys
import time

import jwt

KINDS = {
    "tessera-voucher+jwt": ("type", "voucher"),
    "tessera-user+jwt": ("typ", "user"),
    "tessera-print+jwt": ("typ", "print"),
}


def problem(client: jwt.PyJWKClient, token: str, now: float) -> str | None:
    """What is wrong with a token, if anything is."""
    try:
        key = client.get_signing_key_from_jwt(token)
        options = {"verify_exp": False, "verify_iat": False, "verify_aud": False, "require": ["iss", "aud", "iat", "exp"]}
        claims = jwt.decode(token, key, algorithms=["ES256"], options=options)
    except jwt.PyJWTError as error:
        return f"{type(error).__name__}: {error}"
    name, value = KINDS[jwt.get_unverified_header(token)["typ"]]
    if claims.get(name) != value:
        return f"{name} is not {value}"
    if not claims["iat"] <= now < claims["exp"]:
        return f"good from {claims['iat']} to {claims['exp']}, and it is {now}"
    return None


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--tokens", required=True, type=pathlib.Path)
    parser.add_argument("--jwks", required=True)
    parser.add_argument("--at", type=float, default=None)
    parser.add_argument("--count-min", type=int, default=1)
    asked = parser.parse_args()
    now = time.time() if asked.at is None else asked.at
    client = jwt.PyJWKClient(asked.jwks)
    lines = [line.strip() for line in asked.tokens.read_text().splitlines() if line.strip()]
    tokens = [line.rsplit("/v/", 1)[-1] for line in lines]
    wrong = [(token[:40], said) for token in tokens if (said := problem(client, token, now))]
    for token, said in wrong[:10]:
        print(f"{token}…: {said}", file=sys.stderr)
    fine = not wrong and len(tokens) >= asked.count_min
    print(json.dumps({"tokens": len(tokens), "different": len(set(tokens)), "refused": len(wrong)}))
    return 0 if fine else 1


if __name__ == "__main__":
    sys.exit(main())
