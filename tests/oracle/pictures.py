#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compares the hashes of random pictures with those of sigtool --fuzzy-img.

usage: pictures.py FACTS_PROBE

PNG, GIF and BMP must have the same hash. JPEG decoders may differ by one in a
color value, which can turn two bits of a hash: one in ten files may, by at most
four bits. Exits 0 if so, 1 if not, 77 without sigtool or Python's PIL.
"""
import json
import os
import random
import re
import subprocess
import sys
import tempfile

from clamav_version import has_clamav

try:
    from PIL import Image, ImageDraw
except ImportError:
    Image = None

SIZES = [(32, 32), (64, 48), (100, 100), (333, 217), (20, 20), (7, 300),
         (640, 480), (33, 31), (128, 128), (1, 1), (2000, 3)]


def scene(rng):
    width, height = rng.choice(SIZES)
    image = Image.new("RGB", (width, height), tuple(rng.randbytes(3)))
    draw = ImageDraw.Draw(image)
    for _ in range(rng.randrange(3, 25)):
        xs = sorted(rng.randrange(width) for _ in range(2))
        ys = sorted(rng.randrange(height) for _ in range(2))
        shape = rng.choice([draw.ellipse, draw.rectangle])
        shape((xs[0], ys[0], xs[1], ys[1]), fill=tuple(rng.randbytes(3)))
    return image


def save_all(image, stem, rng):
    gray = image.convert("L")
    few = image.convert("P", palette=1, colors=rng.choice([2, 4, 16, 200]))
    image.save(stem + "_rgb.png")
    image.convert("RGBA").save(stem + "_rgba.png")
    gray.save(stem + "_gray.png")
    gray.convert("LA").save(stem + "_alpha.png")
    gray.convert("I").point(lambda v: v * 257 + 3).save(stem + "_16.png")
    few.save(stem + "_few.png")
    image.convert("1").save(stem + "_bits.png")
    image.save(stem + "_rgb.bmp")
    image.convert("RGBA").save(stem + "_rgba.bmp")
    image.convert("P").save(stem + "_few.bmp")
    image.convert("1").save(stem + "_bits.bmp")
    image.save(stem + "_plain.gif", interlace=0)
    image.save(stem + "_rows.gif", interlace=1)
    image.save(stem + "_low.jpg", quality=rng.randint(20, 95))
    image.save(stem + "_full.jpg", subsampling=0)
    image.save(stem + "_later.jpg", progressive=True)
    gray.save(stem + "_gray.jpg")


def compare(probe, folder):
    rng = random.Random(5)
    for i in range(20):
        save_all(scene(rng), os.path.join(folder, str(i)), rng)
    paths = sorted(os.path.join(folder, n) for n in os.listdir(folder))
    ours = subprocess.run([probe] + paths, stdout=subprocess.PIPE, check=True)
    text = subprocess.run(["sigtool", "--fuzzy-img"] + paths, check=False,
                          stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT).stdout.decode()
    theirs = dict(re.findall(r"^(\S+): ([0-9a-f]{16})$", text, re.M))
    failed = n_jpeg = n_near = 0
    for line in ours.stdout.decode().splitlines():
        fact = json.loads(line)
        path = os.path.basename(fact["path"])
        bits = bin(int(fact.get("image_hash", "0"), 16)
                   ^ int(theirs.get(path, "0"), 16)).count("1")
        is_jpeg = path.endswith(".jpg")
        n_jpeg += is_jpeg
        n_near += is_jpeg and bits > 0
        if bits > (4 if is_jpeg else 0) or path not in theirs:
            failed += 1
            print("%s: %s, sigtool says %s" % (path, fact.get("image_hash"),
                                              theirs.get(path)))
    print("%d pictures, %d differences; %d of %d JPEG files near"
          % (len(paths), failed, n_near, n_jpeg))
    return 1 if failed or n_near > n_jpeg / 10 else 0


def main():
    if Image is None:
        print("no PIL: skipped")
        return 77
    if not has_clamav("sigtool"):
        return 77
    with tempfile.TemporaryDirectory() as folder:
        return compare(sys.argv[1], folder)


if __name__ == "__main__":
    sys.exit(main())
