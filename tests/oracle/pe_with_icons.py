#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""PE files with icons: bitmaps as resources, in as many groups as wanted."""
import random
import struct

DIRECTORY = 0x80000000
RESOURCE_AT = 0x1000


def bitmap(rng, width, height, depth, paint, header=40, mask=True):
    """An icon's bitmap; paint(x, y) -> (red, green, blue, alpha)."""
    out = struct.pack("<IiiHHIIiiII", header, width, 2 * height, 1, depth, 0,
                      0, 0, 0, 0, 0).ljust(header, b"\0")
    palette = []
    if depth <= 8:
        palette = [tuple(rng.randrange(256) for _ in range(3))
                   for _ in range(1 << depth)]
        out += b"".join(struct.pack("<BBBB", b, g, r, 0)
                        for r, g, b in palette)
    for y in reversed(range(height)):
        out += scan_line(width, depth, palette, lambda x: paint(x, y))
    if mask:
        for y in reversed(range(height)):
            bits = "".join("1" if paint(x, y)[3] < 64 else "0"
                           for x in range(width))
            bits = bits.ljust((width + 31) // 32 * 32, "0")
            out += int(bits, 2).to_bytes(len(bits) // 8, "big")
    return out


def nearest(palette, color):
    return min(range(len(palette)),
               key=lambda i: sum(abs(a - b)
                                 for a, b in zip(palette[i], color)))


def scan_line(width, depth, palette, paint):
    row = bytearray()
    bits = ""
    for x in range(width):
        r, g, b, a = paint(x)
        if depth == 32:
            row += bytes((b, g, r, a))
        elif depth == 24:
            row += bytes((b, g, r))
        elif depth == 16:
            row += struct.pack("<H", r >> 3 << 10 | g >> 3 << 5 | b >> 3)
        else:
            bits += format(nearest(palette, (r, g, b)), "0%db" % depth)
    if bits:
        bits = bits.ljust((len(bits) + 31) // 32 * 32, "0")
        row += int(bits, 2).to_bytes(len(bits) // 8, "big")
    return bytes(row.ljust((len(row) + 3) // 4 * 4, b"\0"))


def directory(entries):
    return struct.pack("<IIHHHH", 0, 0, 0, 0, 0, len(entries)) + b"".join(
        struct.pack("<II", name, value) for name, value in entries)


def resources(types):
    """types: {type: [(name, [(language, data)...])...]} as a section."""
    levels = []  # directories, in order
    leaves = []
    blobs = []
    at = 16 + 8 * len(types)
    top = []
    middle = []
    bottom = []
    for kind, names in sorted(types.items()):
        top.append((kind, at | DIRECTORY))
        middle.append(names)
        at += 16 + 8 * len(names)
    levels.append(directory(top))
    for names in middle:
        entries = []
        for name, languages in names:
            entries.append((name, at | DIRECTORY))
            bottom.append(languages)
            at += 16 + 8 * len(languages)
        levels.append(directory(entries))
    for languages in bottom:
        entries = []
        for language, data in languages:
            entries.append((language, at))
            leaves.append(data)
            at += 16
        levels.append(directory(entries))
    out = b"".join(levels)
    for data in leaves:
        at = (at + 3) // 4 * 4
        out += struct.pack("<IIII", RESOURCE_AT + at, len(data), 0, 0)
        blobs.append((at, data))
        at += len(data)
    for where, data in blobs:
        out = out.ljust(where, b"\0") + data
    return out


def executable(section, has_64=False, body=b""):
    """A PE file whose only section is .rsrc."""
    section = section + body
    size = (len(section) + 511) // 512 * 512
    optional = struct.pack("<HBBIIIII", 0x20b if has_64 else 0x10b, 9, 0, 0,
                           size, 0, RESOURCE_AT, RESOURCE_AT)
    if has_64:
        optional += struct.pack("<Q", 0x140000000)
    else:
        optional += struct.pack("<II", 0, 0x400000)
    optional += struct.pack("<IIHHHHHHIIIIHH", 0x1000, 512, 4, 0, 0, 0, 4, 0,
                            0, RESOURCE_AT + (size + 4095) // 4096 * 4096, 512,
                            0, 2, 0)
    optional += struct.pack("<QQQQ" if has_64 else "<IIII", 0x100000, 0x1000,
                            0x100000, 0x1000)
    optional += struct.pack("<II", 0, 16)
    directories = [(0, 0)] * 16
    directories[2] = (RESOURCE_AT, len(section))
    optional += b"".join(struct.pack("<II", *d) for d in directories)
    head = b"MZ".ljust(60, b"\0") + struct.pack("<I", 64)
    head += b"PE\0\0" + struct.pack("<HHIIIHH", 0x8664 if has_64 else 0x14c, 1,
                                    0, 0, 0, len(optional), 0x102)
    head += optional + struct.pack("<8sIIIIIIHHI", b".rsrc", size, RESOURCE_AT,
                                   size, 512, 0, 0, 0, 0, 0x60000020)
    return head.ljust(512, b"\0") + section.ljust(size, b"\0")


def group(ids):
    out = struct.pack("<HHH", 0, 1, len(ids))
    for i in ids:
        out += struct.pack("<BBBBHHIH", 32, 32, 0, 0, 1, 32, 0, i)
    return out


def with_icons(groups, **options):
    """groups: lists of bitmaps."""
    icons = []
    named = []
    for i, bitmaps in enumerate(groups):
        first = len(icons) + 1
        icons += bitmaps
        named.append((i + 1, [(1033, group(range(first, len(icons) + 1)))]))
    return executable(resources({
        3: [(i + 1, [(1033, data)]) for i, data in enumerate(icons)],
        14: named}), **options)


def picture(rng, width, height):
    """A painter of some shapes on some ground."""
    shades = rng.random() < 0.3

    def color():
        if shades:
            v = rng.randrange(256)
            return (v, v, v)
        return tuple(rng.randrange(256) for _ in range(3))

    pixels = [[color() + (255,)] * width for _ in range(height)]
    if rng.random() < 0.5:
        pixels = [[(0, 0, 0, 0)] * width for _ in range(height)]
    for _ in range(rng.randrange(9)):
        w, h = rng.randrange(1, width + 1), rng.randrange(1, height + 1)
        left, top = rng.randrange(width), rng.randrange(height)
        shape, alpha = color(), rng.choice((255, 255, 255, 128, 0))
        is_round = rng.random() < 0.5
        for y in range(top, min(top + h, height)):
            for x in range(left, min(left + w, width)):
                dx, dy = 2 * (x - left) / w - 1, 2 * (y - top) / h - 1
                if not is_round or dx * dx + dy * dy <= 1:
                    pixels[y][x] = shape + (alpha,)
    if rng.random() < 0.2:
        for y in range(height):
            for x in range(width):
                pixels[y][x] = tuple(
                    max(0, min(255, c + rng.randrange(-20, 21)))
                    for c in pixels[y][x][:3]) + pixels[y][x][3:]
    return lambda x, y: pixels[y][x]
