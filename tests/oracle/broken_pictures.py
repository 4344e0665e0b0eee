# SPDX-License-Identifier: Apache-2.0
"""Pictures of all kinds that are cut, put together wrongly, or changed at
random: for comparing what clamscan --alert-broken-media says of them."""
import random
import struct
import zlib


def chunk(kind, data, length=None):
    return struct.pack(">I", len(data) if length is None else length) + (
        kind + data + struct.pack(">I", zlib.crc32(kind + data)))


def pngs():
    start = b"\x89PNG\r\n\x1a\n"
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", 4, 4, 8, 2, 0, 0, 0))
    data = chunk(b"IDAT", zlib.compress(bytes(52)))
    end = chunk(b"IEND", b"")
    whole = start + head + data + end
    made = {"cut%d" % n: whole[:n] for n in range(8, len(whole))}
    made.update({
        "whole": whole, "tail": whole + b"tail", "no end": start + head + data,
        "no data": start + head + end, "empty": start,
        "end first": start + end + head, "odd": start + chunk(b"a\0c1", b"xy"),
        "end with data": start + head + chunk(b"IEND", b"abc"),
        "long": start + head + chunk(b"IDAT", b"abc", 100) + end})
    for length in (0x7ffffffe, 0x7fffffff, 0x80000000, 0xffffffff):
        made["len%x" % length] = start + head + chunk(b"IDAT", b"a", length)
    return made


def gifs():
    def head(flags=0x80):
        return b"GIF89a" + struct.pack("<HHBBB", 4, 4, flags, 0, 0) + (
            bytes(6 << (flags & 7)) if flags & 0x80 else b"")

    def image(flags=0):
        return b"," + struct.pack("<HHHHB", 0, 0, 4, 4, flags) + (
            bytes(6 << (flags & 7)) if flags & 0x80 else b"") + b"\2\3abc\0"

    control = b"!\xf9\4\0\0\0\0\0"
    note = b"!\xfe\5hello\0"
    program = b"!\xff\x0bNETSCAPE2.0\3\1\0\0\0"
    text = b"!\1\x0c" + bytes(12) + b"\2ab\0"
    made = {}
    for name, whole in (
            ("a", head() + program + control + image() + note + b";"),
            ("b", head() + image(0x81) + text + image() + b";"),
            ("c", head(0) + note + image() + b";")):
        made[name] = whole
        made.update(("%s%d" % (name, n), whole[:n])
                    for n in range(6, len(whole)))
    for label in (0, 1, 0x20, 0x22, 0x2d, 0x3a, 0x3c, 0xff):
        made["label%d" % label] = head() + image() + bytes([label]) + b"x;"
        made["extension%d" % label] = head() + b"!" + bytes([label]) + (
            b"\3abc\0") + image() + b";"
    made.update({
        "no trailer": head() + image(), "tail": head() + image() + b";tail",
        "nothing": head() + b";", "only note": head() + note + b";",
        "short control": head() + b"!\xf9\2\0\0\0" + image() + b";",
        "colors": head(0x80)[:-6] + image(), "many": head(0x87) + image(0x87),
        "old": b"GIF87a" + (head() + image())[6:]})
    return made


def tiffs():
    def tiff(order, entries, first=8, following=0, n=None, tail=b""):
        made = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(
            order + "I", first)
        made = made.ljust(first, b"\0") + struct.pack(
            order + "H", len(entries) if n is None else n)
        for entry in entries:
            made += struct.pack(order + "HHII", *entry)
        return made + struct.pack(order + "I", following) + tail

    some = [(256, 3, 1, 4), (257, 3, 1, 4), (258, 3, 1, 8)]
    made = {}
    for order, name in (("<", "l"), (">", "b")):
        whole = tiff(order, some)
        made[name] = whole
        made.update(("%s%d" % (name, n), whole[:n])
                    for n in range(6, len(whole)))
        for at in (4, 8, 20, 45, 46, 47, 50, 51, 9999):
            made["%s next %d" % (name, at)] = tiff(order, some, 8, at, None,
                                                   bytes(60))
        for kind in range(16):
            for n in (1, 2, 5, 9, 1000, 0x40000000):
                made["%s type %d %d" % (name, kind, n)] = tiff(
                    order, [(256, kind, n, 9)])
        for at in range(10, 40, 2):
            made["%s value %d" % (name, at)] = tiff(
                order, [(256, 2, 10, at)], 8, 0, None, b"xx")
        made[name + " none"] = tiff(order, [])
        made[name + " many"] = tiff(order, some, 8, 0, 60000)
        made[name + " first"] = whole[:4] + bytes(40)
        made[name + " first 4"] = whole[:4] + struct.pack(
            order + "I", 4) + bytes(40)
        made[name + " far"] = whole[:4] + struct.pack(
            order + "I", 4000) + bytes(40)
        made[name + " late"] = tiff(order, some, 100, 120, None, bytes(60))
    return made


def segment(marker, data, length=None):
    return b"\xff" + bytes([marker]) + struct.pack(
        ">H", len(data) + 2 if length is None else length) + data


JFIF = segment(0xe0, b"JFIF\0\1\1\0\0\1\0\1\0\0")
EXIF = segment(0xe1, b"Exif\0\0II*\0\x08\0\0\0\0\0\0\0")
SPIFF = segment(0xe8, b"SPIFF\0\1\2\0\1" + bytes(20))
XMP = segment(0xe1, b"http://ns.adobe.com/xap/1.0/\0xx")
TABLE = segment(0xdb, bytes(65))
FRAME = segment(0xc0, b"\x08\0\1\0\1\1\1\x11\0")
REST = TABLE + FRAME + segment(0xc4, bytes(17)) + segment(
    0xda, b"\1\1\0\0\x3f\0") + b"data\xff\xd9"
START = b"\xff\xd8"


def jpegs():
    rng = random.Random(9)
    whole = START + JFIF + REST
    made = {"whole": whole, "tail": whole + b"tail" * 5}
    made.update(("cut%d" % n, whole[:n]) for n in range(6, len(whole)))
    for n in range(32):
        for name, marker, data in (
                ("jfif", 0xe0, JFIF[4:]), ("exif", 0xe1, EXIF[4:]),
                ("spiff", 0xe8, SPIFF[4:])):
            made["%s%d" % (name, n)] = START + segment(marker, data[:n]) + REST
    for marker in range(255):
        made["marker%d" % marker] = START + JFIF + segment(
            marker, b"abcdefghijkl") + REST
    for n in range(40):
        made["odd%d" % n] = START + JFIF + b"a" * n + REST
        made["fill%d" % n] = START + JFIF + b"\xff" * n + REST
    for n in range(4):
        made["len%d" % n] = START + JFIF + segment(0xdb, b"", n) + REST
    parts = [JFIF] * 4 + [EXIF] * 4 + [XMP] * 3 + [TABLE] * 3 + [
        segment(0xfe, b"hi")] * 4 + [
            SPIFF, FRAME, segment(0xe7, b"OTHERxxxxxxxxxx"),
            segment(0xe0, b"otherdata1234567"),
            segment(0xe1, b"otherdata1234567"), segment(0xf1, bytes(9)),
            segment(0xf2, bytes(9)), segment(0xf7, bytes(9))]
    for i in range(500):
        made["random%d" % i] = START + b"".join(
            rng.choice(parts) for _ in range(rng.randint(1, 7))) + REST
    return made


def changed(files, n):
    """The same with bytes changed; none of the first eight, so that each
    stays what it is."""
    rng = random.Random(n)
    names = sorted(files)
    made = {}
    for i in range(n):
        data = bytearray(files[rng.choice(names)])
        for _ in range(rng.randint(1, 3)):
            if len(data) > 9:
                data[rng.randrange(9, len(data))] = rng.choice(
                    (0, 1, 2, 0x2c, 0x3b, 0x21, 0x7f, 0x80, 0xff))
        made["changed%d" % i] = bytes(data)
    return made
