"""Decoders that we did not write: zxing-cpp, and zbar where it is installed."""

import io
import shutil
import subprocess

import pypdfium2
import resvg_py
import zxingcpp
from PIL import Image

ZBAR = shutil.which("zbarimg")


def picture(data: bytes) -> Image.Image:
    """The picture in a PNG or SVG file, or of a PDF's first page as a screen shows it."""
    if data.startswith(b"%PDF"):
        return pypdfium2.PdfDocument(data)[0].render(scale=2).to_pil().convert("RGB")
    if data.lstrip().startswith(b"<"):
        drawn = resvg_py.svg_to_bytes(svg_string=data.decode("utf-8"))
        data = bytes(drawn)
    return Image.open(io.BytesIO(data)).convert("RGB")


def zxing_reads(image: Image.Image, payload: str) -> bool:
    """Whether zxing-cpp finds exactly this payload."""
    found = zxingcpp.read_barcodes(image, formats=zxingcpp.BarcodeFormat.QRCode)
    return [code.text for code in found] == [payload]


def zbar_reads(image: Image.Image, payload: str) -> bool:
    """Whether zbar finds exactly this payload; true where zbar is not installed."""
    if ZBAR is None:
        return True
    file = io.BytesIO()
    image.save(file, "PNG")
    command = [ZBAR, "-q", "--raw", "-Sdisable", "-Sqrcode.enable", "-Sbinary", "-"]
    found = subprocess.run(command, input=file.getvalue(), capture_output=True, check=False).stdout
    return found.rstrip(b"\n") == payload.encode().rstrip(b"\n")
