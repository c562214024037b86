"""Reads what `cargo run -p tessera-qr --example print_sheet -- DIR` writes, with decoders that we did not write.

Each page is drawn by PDFium at 300 dots an inch, as a printer would. zxing-cpp must find each of its codes on the whole
page; zbar (where it is installed) must read each label by itself, as a phone sees it. The words of each page must have
each short code in its groups, once.
"""

import collections
import csv
import pathlib
import sys

import pypdfium2
import zxingcpp
from PIL import Image

from decoders import ZBAR, zbar_reads

DOTS_AN_INCH = 300
POINTS_AN_INCH = 72
# A part of the quiet zone, around a code that is looked at by itself.
BORDER_PX = 16


def zxing_finds(page: Image.Image) -> list[tuple[str, Image.Image]]:
    """Everything that zxing-cpp reads on a page, and the part of the page with its code."""
    found = []
    for code in zxingcpp.read_barcodes(page, formats=zxingcpp.BarcodeFormat.QRCode):
        place = code.position
        corners = [place.top_left, place.top_right, place.bottom_left, place.bottom_right]
        across, down = [corner.x for corner in corners], [corner.y for corner in corners]
        box = min(across) - BORDER_PX, min(down) - BORDER_PX, max(across) + BORDER_PX, max(down) + BORDER_PX
        found.append((code.text, page.crop(box)))
    return found


def main() -> int:
    """Checks the folder that the command line names."""
    folder = pathlib.Path(sys.argv[1])
    expected = collections.defaultdict(list)
    for row in csv.DictReader((folder / "manifest.csv").open(newline="", encoding="utf-8")):
        expected[row["file"]].append(row)
    failed = 0
    for file, rows in expected.items():
        document = pypdfium2.PdfDocument(folder / file)
        pages = [page.render(scale=DOTS_AN_INCH / POINTS_AN_INCH).to_pil().convert("RGB") for page in document]
        payloads = sorted(row["payload"] for row in rows)
        found = [one for page in pages for one in zxing_finds(page)]
        if sorted(payload for payload, _ in found) != payloads:
            failed += 1
            read = {payload for payload, _ in found} & set(payloads)
            print(f"zxing reads {len(read)} of {len(payloads)} codes of {file}")
        missed = [payload for payload, label in found if not zbar_reads(label, payload)]
        if missed:
            failed += 1
            print(f"zbar misses {len(missed)} of {len(found)} codes of {file}: {missed}")
        words = " ".join(page.get_textpage().get_text_range() for page in document)
        for row in rows:
            code = row["short_code"]
            if words.count(f"{code[:4]}-{code[4:]}") != 1:
                failed += 1
                print(f"{file} does not say {code} once")
    codes = sum(len(rows) for rows in expected.values())
    print(f"{codes} codes on {len(expected)} sheets{', zbar missing here' if ZBAR is None else ''}; {failed} failed")
    return 1 if failed or not codes else 0


if __name__ == "__main__":
    sys.exit(main())
