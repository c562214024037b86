"""Frames as a phone's camera takes them of codes that we draw: blurred, moved, tilted, turned, noisy, pale, unevenly
lit and small, always the same ones. Which reader reads how many of each class, and in how many milliseconds.

usage, from the repository's folder, with numpy and opencv-python-headless installed:
    python tests/outside/frames.py make FOLDER [SEED]
    cargo run --release -p tessera-browser --example frames -- FOLDER > FOLDER/rqrr.txt
    npm install --prefix FOLDER zxing-wasm && node tests/outside/frames.mjs FOLDER > FOLDER/zxing.txt
    python tests/outside/frames.py table FOLDER rqrr zxing
"""

import csv
import json
import pathlib
import subprocess
import sys

SEED = 20_261_121
FRAMES_PER_CLASS = 20
QUIET_MODULES = 4
# Version 3 to 7: what stands on a property, what a guard shows, and a voucher's signed token in capitals.
ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ$*+-:"
PAYLOADS = {
    "tip": ("M", "https://tips.example.com/g/0123456789ab"),
    "property": ("M", "https://qr-service.daobitat.xyz/scan/67ec31596333aba221e84df8"),
    "campaign": ("Q", "https://qr-service.daobitat.xyz/scan/67ec31596333aba221e84df8?utm_source=poster"),
    "voucher": ("M", "HTTPS://V.TESSERA.EXAMPLE/V/"),
}
VOUCHER_CHARACTERS = 137


def payloads() -> dict:
    """Each name's level and text; the voucher's token is filled up to its length."""
    import numpy as np
    generator = np.random.default_rng(SEED)
    level, start = PAYLOADS["voucher"]
    token = "".join(generator.choice(list(ALPHABET), VOUCHER_CHARACTERS - len(start)))
    return PAYLOADS | {"voucher": (level, start + token)}


def classes() -> dict:
    """What is done to the frames of each class; where it says nothing, the default of `frame`."""
    mild = {"tilt": (5, 20), "turn": 15, "noise": (3, 6), "blur": (0.5, 1.0), "uneven": 0.2}
    return {
        "clean": {},
        "blur of 0.4 modules": {"blur_modules": (0.3, 0.45)},
        "blur of 0.6 modules": {"blur_modules": (0.5, 0.7)},
        "moved by a module": {"motion_modules": (0.8, 1.2)},
        "moved by two modules": {"motion_modules": (1.6, 2.2)},
        "tilted by 30 degrees": {"tilt": (25, 32)},
        "tilted by 40 degrees": {"tilt": (37, 43)},
        "tilted by 50 degrees": {"tilt": (47, 52)},
        "turned anyhow": {"turn": 180},
        "noise": {"noise": (20, 35)},
        "much noise": {"noise": (40, 60)},
        "pale": {"dark": (100, 120), "light": (145, 165), "noise": (2, 5)},
        "unevenly lit": {"uneven": 0.75},
        "a bright spot": {"spot": True},
        "3 px a module": {"module_px": (2.8, 3.3)},
        "2 px a module": {"module_px": (2.0, 2.3)},
        "hand-held": mild,
        "hand-held and tilted": mild | {"tilt": (30, 42), "turn": 40},
        "hand-held and blurred": mild | {"blur_modules": (0.3, 0.5), "motion_modules": (0.4, 0.9)},
        "hand-held and small": mild | {"module_px": (3.0, 3.6)},
        "on a phone in the dark": mild | {"phone": True, "noise": (10, 18), "blur_modules": (0.2, 0.4)},
    }


def background(generator, width: int, height: int):
    """A texture: grain at three scales, and boards."""
    import cv2
    import numpy as np
    picture = np.full((height, width), 128.0, np.float32)
    for scale, strength in ((4, 14), (24, 24), (120, 40)):
        grain = generator.normal(0, strength, (height // scale + 2, width // scale + 2))
        picture += cv2.resize(grain.astype(np.float32), (width, height), interpolation=cv2.INTER_CUBIC)
    for _ in range(12):
        x, y = generator.integers(0, width), generator.integers(0, height)
        size = generator.integers(10, 160, 2)
        cv2.rectangle(picture, (int(x), int(y)), (int(x + size[0]), int(y + size[1])), float(generator.integers(20, 240)), -1)
    return np.clip(picture, 0, 255)


def projected(side: float, centre: tuple, tilt: float, around: float, turn: float):
    """The four corners of a square sheet, tilted about an axis in its plane and turned, seen from 2.5 sides away."""
    import numpy as np
    half = side / 2
    corners = np.array([(-half, -half, 0), (half, -half, 0), (half, half, 0), (-half, half, 0)])
    axis = np.array([np.cos(around), np.sin(around), 0])
    cross = np.array([[0, -axis[2], axis[1]], [axis[2], 0, -axis[0]], [-axis[1], axis[0], 0]])
    rotation = np.eye(3) + np.sin(tilt) * cross + (1 - np.cos(tilt)) * cross @ cross
    flat = np.array([[np.cos(turn), -np.sin(turn), 0], [np.sin(turn), np.cos(turn), 0], [0, 0, 1]])
    seen = corners @ flat.T @ rotation.T
    distance = 2.5 * side
    scale = distance / (distance + seen[:, 2:3])
    return (seen[:, :2] * scale + np.array(centre)).astype(np.float32)


def frame(generator, modules, width: int, height: int, wish: dict):
    """One greyscale frame with one code."""
    import cv2
    import numpy as np

    def within(name: str, default: float) -> float:
        return generator.uniform(*wish[name]) if name in wish else default

    sheet_modules = modules.shape[0] + 2 * QUIET_MODULES
    fit = 0.9 * min(width, height) / sheet_modules
    module_px = within("module_px", generator.uniform(min(4.5, fit * 0.7), min(fit, 10)))
    dark, light = within("dark", 25), within("light", 230)
    fine = 16
    sheet = np.full((sheet_modules, sheet_modules), light, np.float32)
    sheet[QUIET_MODULES:-QUIET_MODULES, QUIET_MODULES:-QUIET_MODULES] = np.where(modules, dark, light)
    sheet = cv2.resize(sheet, None, fx=fine, fy=fine, interpolation=cv2.INTER_NEAREST)
    side = sheet_modules * module_px
    room = [max(0, (width - side) / 2 - 4), max(0, (height - side) / 2 - 4)]
    centre = (width / 2 + generator.uniform(-room[0], room[0]) * 0.7, height / 2 + generator.uniform(-room[1], room[1]) * 0.7)
    turn = np.radians(generator.uniform(-1, 1) * wish.get("turn", 0))
    corners = projected(side, centre, np.radians(within("tilt", 0)), generator.uniform(0, 2 * np.pi), turn)
    # Twice as large first, then halved: edges are as soft as a sensor's.
    over = 2
    ends = sheet.shape[0]
    at = np.array([(0, 0), (ends, 0), (ends, ends), (0, ends)], np.float32) - np.float32(0.5)
    matrix = cv2.getPerspectiveTransform(at, corners * over)
    size = (width * over, height * over)
    soft = cv2.GaussianBlur(sheet, (0, 0), max(0.1, 0.35 * fine / (module_px * over)))
    drawn = cv2.warpPerspective(soft, matrix, size, flags=cv2.INTER_LINEAR)
    mask = cv2.warpPerspective(np.ones_like(sheet), matrix, size, flags=cv2.INTER_LINEAR)
    behind = cv2.resize(background(generator, width, height), size, interpolation=cv2.INTER_LINEAR)
    if wish.get("phone"):
        behind = behind * 0.12
    picture = cv2.resize(drawn + behind * (1 - mask), (width, height), interpolation=cv2.INTER_AREA)
    return spoiled(generator, picture, module_px, wish, within)


def spoiled(generator, picture, module_px: float, wish: dict, within):
    """What light, hand, lens and sensor do."""
    import cv2
    import numpy as np
    height, width = picture.shape
    if "uneven" in wish:
        angle = generator.uniform(0, 2 * np.pi)
        y, x = np.mgrid[0:height, 0:width]
        slope = ((x / width - 0.5) * np.cos(angle) + (y / height - 0.5) * np.sin(angle)) * 1.4 + 0.5
        picture = picture * (1 - wish["uneven"] * np.clip(slope, 0, 1))
    if wish.get("spot"):
        y, x = np.mgrid[0:height, 0:width]
        where = (width * generator.uniform(0.3, 0.7), height * generator.uniform(0.3, 0.7))
        far = np.hypot(x - where[0], y - where[1]) / (min(width, height) * generator.uniform(0.2, 0.35))
        picture = picture * 0.75 + 170 * np.exp(-far ** 2)
    blur = within("blur_modules", 0) * module_px + within("blur", 0)
    if blur > 0:
        picture = cv2.GaussianBlur(picture.astype(np.float32), (0, 0), blur)
    length = within("motion_modules", 0) * module_px
    if length >= 1:
        reach = int(np.ceil(length)) | 1
        kernel = np.zeros((reach, reach))
        angle = generator.uniform(0, np.pi)
        for step in np.linspace(-length / 2, length / 2, 64):
            kernel[int(round(reach // 2 + step * np.sin(angle))) % reach, int(round(reach // 2 + step * np.cos(angle))) % reach] += 1
        picture = cv2.filter2D(picture.astype(np.float32), -1, kernel / kernel.sum())
    picture = picture + generator.normal(0, within("noise", 1.5), picture.shape)
    return np.clip(picture, 0, 255).astype(np.uint8)


def make(folder: pathlib.Path, seed: int = SEED) -> None:
    """Writes the frames as PGM, and `frames.csv` with what each shows."""
    import cv2
    import numpy as np
    folder.mkdir(parents=True, exist_ok=True)
    texts = payloads()
    lines = "".join(f"{name},{level},{text}\n" for name, (level, text) in texts.items())
    subprocess.run(["cargo", "run", "--locked", "--quiet", "--package", "tessera-qr", "--example", "modules", "--", folder],
                   input=lines, text=True, check=True)
    (folder / "payloads.json").write_text(json.dumps({name: text for name, (_, text) in texts.items()}))
    drawn = {name: cv2.imread(str(folder / f"{name}.pbm"), cv2.IMREAD_GRAYSCALE) < 128 for name in texts}
    sizes, names = [(640, 480), (960, 540), (1280, 720)], list(texts)
    with open(folder / "frames.csv", "w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["file", "class", "text"])
        for number, (title, wish) in enumerate(classes().items()):
            for index in range(FRAMES_PER_CLASS):
                generator = np.random.default_rng([seed, number, index])
                name = names[index % len(names)]
                picture = frame(generator, drawn[name], *sizes[index % len(sizes)], wish)
                path = f"{number:02}-{index:02}.pgm"
                cv2.imwrite(str(folder / path), picture)
                rows.writerow([path, title, texts[name][1]])


def table(folder: pathlib.Path, readers: list[str]) -> None:
    """Prints what each reader read, from its lines `file milliseconds text`."""
    with open(folder / "frames.csv", newline="") as file:
        frames = list(csv.DictReader(file))
    found = {}
    for reader in readers:
        for line in (folder / f"{reader}.txt").read_text().splitlines():
            file, milliseconds, *text = line.split(" ", 2)
            found[reader, file] = (float(milliseconds), text[0] if text else "")
    print("| frames | " + " | ".join(readers) + " | " + " | ".join(f"{reader}, ms" for reader in readers) + " |")
    print("|---" * (1 + 2 * len(readers)) + "|")
    for title in [*dict.fromkeys(frame["class"] for frame in frames), "all"]:
        these = [frame for frame in frames if title in (frame["class"], "all")]
        cells = []
        for reader in readers:
            right = sum(found[reader, frame["file"]][1] == frame["text"] for frame in these)
            wrong = sum(found[reader, frame["file"]][1] not in ("", frame["text"]) for frame in these)
            cells.append(f"{right} of {len(these)}" + (f", {wrong} wrong" if wrong else ""))
        for reader in readers:
            times = [found[reader, frame["file"]][0] for frame in these]
            cells.append(f"{sum(times) / len(times):.0f}, at most {max(times):.0f}")
        print(f"| {title} | " + " | ".join(cells) + " |")


if __name__ == "__main__":
    if sys.argv[1] == "make":
        make(pathlib.Path(sys.argv[2]), *map(int, sys.argv[3:]))
    else:
        table(pathlib.Path(sys.argv[2]), sys.argv[3:])
