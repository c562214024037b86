"""Reads the sheet that `cargo run -p tessera-qr --example sheet DIR` writes, with decoders that we did not write.

Clean pictures must be read by every decoder. At 512 pixels zxing must also read each code at half its size, rotated
by 15 degrees and blurred; zbar may miss a few of those, and how many is printed.
"""

import csv
import json
import pathlib
import sys

from PIL import Image, ImageFilter

from decoders import ZBAR, picture, zbar_reads, zxing_reads

# Hard pictures that zbar may miss, in thousandths of all.
ZBAR_MISSES_MAX_PERMILLE = 20


def variants(image: Image.Image):
    """The picture as it is, and as a bad camera would see it."""
    width, height = image.size
    yield "clean", image
    if width < 512:
        return
    yield "half", image.resize((width // 2, height // 2), Image.Resampling.BOX)
    corner = image.getpixel((0, 0))
    yield "rotated", image.rotate(15, Image.Resampling.BICUBIC, expand=True, fillcolor=corner)
    yield "blurred", image.filter(ImageFilter.GaussianBlur(2))


def main() -> int:
    """Checks the folder that the command line names."""
    folder = pathlib.Path(sys.argv[1])
    rows = list(csv.DictReader((folder / "manifest.csv").open(newline="", encoding="utf-8")))
    passed, failed, zbar_hard, zbar_missed = 0, 0, 0, 0
    for row in rows:
        payload = json.loads(row["payload"])
        image = picture((folder / row["file"]).read_bytes())
        for variant, seen in variants(image):
            zbar = zbar_reads(seen, payload)
            if variant != "clean":
                zbar_hard, zbar_missed = zbar_hard + 1, zbar_missed + (not zbar)
            readers = {"zxing": zxing_reads(seen, payload), "zbar": zbar or variant != "clean"}
            for reader, fine in readers.items():
                passed, failed = passed + fine, failed + (not fine)
                if not fine:
                    print(f"{reader} does not read {row['file']} {variant}")
    if zbar_missed * 1000 > zbar_hard * ZBAR_MISSES_MAX_PERMILLE:
        failed += 1
        print(f"zbar misses {zbar_missed} of {zbar_hard} hard pictures")
    print(f"{len(rows)} codes; zbar {'missing here' if ZBAR is None else f'missed {zbar_missed} of {zbar_hard} hard pictures'}")
    print(f"outside decoders: {passed} passed, {failed} failed")
    return 1 if failed or not rows else 0


if __name__ == "__main__":
    sys.exit(main())
