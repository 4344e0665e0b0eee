#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compares `overt clamscan` with clamscan on its heuristic alerts, and on the
options that switch them and other parts of the engine.

usage: alerts.py OVERT CORPUS [--only WORD] [--verbose]

As database_formats.py: both programs scan the same files with the same
databases and options; lines and exit codes must be equal.

Exits 0 if all agree, 1 if not, 77 without clamscan.
"""
import argparse
import glob
import lzma
import os
import random
import struct
import sys
import zlib

import broken_pictures
import database_formats as formats
import make_disk as disks
import make_ole2 as ole2
from clamav_version import has_clamav
from database_formats import BAD, FIND_BAD, GOOD, case, md5, zipped

NOTHING = {"n.hdb": "44d88612fea8a8f36de82e1278abb02f:1:Nothing\n"}


# ---- archives -------------------------------------------------------------


def zip_of(n, told, central, flags=0, same=False, backwards=False):
    """n stored members of 20 bytes; told is the size that local headers have,
    central that of the directory."""
    data = b"x" * 20
    body = b""
    places = []
    for i in range(n):
        name = b"n" if same else b"n%d" % i
        places.append(len(body))
        body += b"PK\3\4" + struct.pack(
            "<HHHHHIIIHH", 20, flags, 0, 0, 0, zlib.crc32(data), told, told,
            len(name), 0) + name + data
    rows = []
    for i in range(n):
        name = b"n" if same else b"n%d" % i
        rows.append(b"PK\1\2" + struct.pack(
            "<HHHHHHIIIHHHHHII", 20, 20, flags, 0, 0, 0, zlib.crc32(data),
            central, central, len(name), 0, 0, 0, 0, 0,
            places[0 if same else i]) + name)
    if backwards:
        rows.reverse()
    directory = b"".join(rows)
    return body + directory + b"PK\5\6" + struct.pack(
        "<HHHHIIH", 0, 0, n, n, len(directory), len(body), 0)


def zip_cases():
    files = {}
    for n in (2, 5, 6, 7, 12):
        for told in (20, 21, 22, 23, 40):
            files["z%d_%d" % (n, told)] = zip_of(n, told, told)
        files["s%d" % n] = zip_of(n, 20, 20, same=True)
        files["b%d" % n] = zip_of(n, 40, 40, backwards=True)
        files["d%d" % n] = zip_of(n, 0, 40, flags=8)
        files["c%d" % n] = zip_of(n, 20, 40)
    files["beyond"] = zip_of(12, 100000, 100000)
    case("zip that overlaps", NOTHING, files)
    case("zip that overlaps, alerts off", NOTHING, files,
         ["--heuristic-alerts=no"], finds=False)


def xz_of(bits):
    data = bytearray(lzma.compress(GOOD, check=lzma.CHECK_CRC32))
    end = 12 + (data[12] + 1) * 4
    data[16] = bits
    data[end - 4:end] = struct.pack("<I", zlib.crc32(bytes(data[12:end - 4])))
    return bytes(data)


def xz_cases():
    case("xz dictionaries", NOTHING,
         {"bits%d" % b: xz_of(b) for b in (10, 30, 35, 36, 37, 38, 40)})


# ---- documents ------------------------------------------------------------


def pdf_of(body):
    return (b"%PDF-1.4\n" + body + b"\n2 0 obj\n<</Type /Catalog>>\nendobj\n"
            b"trailer\n<< /Root 2 0 R >>\nstartxref\n0\n%%EOF\n")


def pdf_cases():
    names = (
        "ASCIIHexDecode ASCII85Decode A85 AHx EmbeddedFile FlateDecode Fl Image"
        " LZWDecode LZW RunLengthDecode RL CCITTFaxDecode CCF JBIG2Decode"
        " DCTDecode DCT JPXDecode Crypt Standard Sig V R Linearized Filter"
        " JavaScript JS OpenAction Launch Page Contents Length Type Catalog"
        " Pages Encrypt URI AA Action GoToE Subtype S XObject Root Kids Font"
        " Annots Names AcroForm RichMedia").split()
    files = {}
    for name in names:
        hidden = b"/" + b"".join(b"#%02X" % c for c in name.encode())
        files["name_" + name] = pdf_of(b"1 0 obj\n<< " + hidden
                                       + b" 1 >>\nendobj")
    hidden = b"/Fl#61teDecode"
    for name, body in (
            ("stream", b"1 0 obj\n<<%s>>\nstream\nx\nendstream\nendobj"),
            ("bare", b"1 0 obj\n%s\nendobj"),
            ("string", b"1 0 obj\n<< /A (%s) >>\nendobj"),
            ("deep", b"1 0 obj\n<< /A << /B [%s] >> >>\nendobj"),
            ("outside", b"%s\n1 0 obj\n<< >>\nendobj"),
            ("array", b"1 0 obj\n[ %s ]\nendobj"),
            ("glued", b"1 0 obj\n<</A%s/B 1>>\nendobj"),
            ("longer", b"1 0 obj\n<< %sX >>\nendobj"),
            ("no end", b"1 0 obj\n<< %s >>\n"),
            ("comment", b"1 0 obj\n<< /A 1\n%%%s\n >>\nendobj"),
            ("in a stream", b"1 0 obj\n<< /Length 20 >>\nstream\n%s\n"
                            b"endstream\nendobj")):
        files["where " + name] = pdf_of(body % hidden)
    case("pdf names", NOTHING, files)


def large(data):
    return data.ljust(4200, b"\0")


def vba_streams(at, directory, module):
    return [(at + ("VBA",), None),
            (at + ("VBA", "_VBA_PROJECT"), large(b"\xcc\x61\xb5\0\0\3\0")),
            (at + ("VBA", "dir"), large(directory)),
            (at + ("VBA", "Module1"), large(module)),
            (at + ("PROJECT",), large(b"ID=x\r\nModule=Module1\r\n"))]


def biff(kind, data):
    return struct.pack("<HH", kind, len(data)) + data


def sheet(kind, state=0, name=b"Sheet"):
    return biff(0x85, struct.pack("<IBBBB", 0, state, kind, len(name), 0)
                + name)


def macro_cases():
    directory = ole2.compressed(ole2.vba_directory([("Module1", 20)]))
    none = ole2.compressed(ole2.vba_directory([]))
    module = bytes(20) + ole2.compressed(
        b"Attribute VB_Name = \"Module1\"\r\nSub A()\r\nEnd Sub\r\n")
    document = (("WordDocument",), large(b"\xec\xa5\xc1\0" + bytes(99)))
    start = biff(0x809, struct.pack("<4H2I", 0x600, 5, 0x1faa, 0x7cd, 0, 6))
    file_of = ole2.compound_file
    whole = file_of(vba_streams((), directory, module))
    files = {
        "none": file_of([document]), "whole": whole,
        "word": file_of([document, (("Macros",), None)] + vba_streams(
            ("Macros",), directory, module)),
        "no modules": file_of(vba_streams((), none, b"")),
        "no directory": file_of(vba_streams((), b"zzz", module)),
        "other records": file_of([(("dir",), large(ole2.compressed(
            b"hello world, this is no such stream")))]),
        "directory alone": file_of([document, (("dir",), large(directory))]),
        "DIR": file_of([document, (("DIR",), large(directory))]),
        "dir2": file_of([document, (("dir2",), large(directory))]),
        "module alone": file_of([document, (("Module1",), large(module))]),
        "zip": zipped([("a.doc", whole)]),
        "docm": zipped([("[Content_Types].xml", b"<Types/>"),
                        ("word/document.xml", b"<w/>"),
                        ("word/vbaProject.bin", whole)]),
        "docm without": zipped([("[Content_Types].xml", b"<Types/>"),
                                ("word/document.xml", b"<w/>"),
                                ("word/vbaProject.bin", b"nothing")]),
        "bare": large(directory)}
    for kind in (0, 1, 2, 6):
        for state in (0, 1, 2):
            files["sheet %d %d" % (kind, state)] = file_of(
                [(("Workbook",), large(start + sheet(kind, state)))])
    for name, stream in (
            ("second", start + sheet(0) + sheet(1)),
            ("late", start + biff(0x42, b"ab") * 300 + sheet(1)),
            ("behind end", start + biff(10, b"") + sheet(1)),
            ("no start", sheet(1)),
            ("short", start + biff(0x85, bytes(5) + b"\1")),
            ("shorter", start + biff(0x85, bytes(5))),
            ("shifted", b"\0" + start + sheet(1)),
            ("other record", start + biff(0x86, sheet(1)[4:]))):
        files["xlm " + name] = file_of([(("Workbook",), large(stream))])
    for name in ("Book", "workbook", "Wbook", "BOOK"):
        files["stream " + name] = file_of([((name,), large(start + sheet(1)))])
    for options in (["--alert-macros"], ["--alert-macros=yes", "-z"],
                    ["--alert-macros", "--heuristic-alerts=no"],
                    ["--alert-macros", "--scan-ole2=no"],
                    ["--alert-macros=no"]):
        case("macros %s" % " ".join(options), NOTHING, files, options,
             finds=None)
    case("macros beside rules", {"a.ndb": FIND_BAD}, {
        "both": file_of(vba_streams((), directory, large(BAD)))},
         ["--alert-macros"])


# ---- pictures -------------------------------------------------------------


def segment(marker, data, length=None):
    return b"\xff" + bytes([marker]) + struct.pack(
        ">H", len(data) + 2 if length is None else length) + data


def resource(number, data, name=b""):
    return b"8BIM" + struct.pack(">HB", number, len(name)) + name + bytes(
        1 - len(name) % 2) + struct.pack(">I", len(data)) + data + bytes(
            len(data) % 2)


def jpeg_cases():
    app0 = segment(0xe0, b"JFIF\0\1\1\0\0\1\0\1\0\0")
    scan = segment(0xda, b"\1\1\0\0\x3f\0") + b"data\xff\xd9"
    start = b"\xff\xd8" + app0
    bad = segment(0xfe, b"", 1)
    thumb = bytes(28) + b"\xff\xd8" + app0 + bad
    shop = b"Photoshop 3.0\0"
    files = {
        "good": start + segment(0xfe, b"hi") + scan,
        "zero": start + segment(0xfe, b"", 0) + scan,
        "one": start + bad + scan,
        "two": start + segment(0xfe, b"", 2) + scan,
        "filled": start + b"\xff\xff\xff" + bad + scan,
        "later": start + segment(0xe1, b"Exif") + segment(0xfe, b"x") + bad,
        "behind scan": start + scan + bad,
        "thumbnail": start + segment(0xed, shop + resource(0x40c, thumb))
        + scan,
        "old thumbnail": start + segment(
            0xed, shop + resource(0x3ed, b"abc", b"nm")
            + resource(0x409, thumb)) + scan,
        "good thumbnail": start + segment(
            0xed, shop + resource(0x40c, bytes(28) + start + scan)) + scan,
        "other resource": start + segment(0xed, shop + resource(0x40d, thumb))
        + scan,
    }
    case("jpeg comments", NOTHING, files, ["--alert-broken-media"])
    case("jpeg comments, not asked", NOTHING, files, finds=False)


def picture_cases():
    for name, make in (("png", broken_pictures.pngs),
                       ("gif", broken_pictures.gifs),
                       ("tiff", broken_pictures.tiffs),
                       ("jpeg", broken_pictures.jpegs)):
        files = make()
        case("broken %s" % name, NOTHING, files, ["--alert-broken-media"])
        case("changed %s" % name, NOTHING,
             broken_pictures.changed(files, 400), ["--alert-broken-media"])
    whole = broken_pictures.pngs()["cut30"]
    files = {"png": whole, "zip": zipped([("a.png", whole)])}
    for options in ([], ["--alert-broken-media=no"],
                    ["--alert-broken-media", "--heuristic-alerts=no"],
                    ["--alert-broken-media", "--scan-image=no"],
                    ["--alert-broken-media", "-z"]):
        case("broken pictures %s" % " ".join(options), NOTHING, files, options,
             finds=None)


def riff_cases():
    def riff(form, chunks, size=None, word=b"RIFF", order="<"):
        size = len(chunks) + 4 if size is None else size
        return word + struct.pack(order + "I", size) + form + chunks

    def chunk(word, data, size=None, order="<"):
        size = len(data) if size is None else size
        return word + struct.pack(order + "I", size) + data + bytes(
            len(data) % 2)

    header = chunk(b"anih", bytes(36))
    many = (b"LIST" + struct.pack("<I", 20) + b"fram") * 4
    files = {
        "good": riff(b"ACON", header), "odd": riff(b"ACON", chunk(b"x1  ",
                                                                  b"abc")),
        "long": riff(b"ACON", chunk(b"anih", bytes(36), 1 << 30)),
        "longer": riff(b"ACON", chunk(b"anih", bytes(36), 0xffffffff)),
        "short file": riff(b"ACON", header, 4000),
        "other header": riff(b"ACON", chunk(b"anih", bytes(80))),
        "list": riff(b"ACON", many + header),
        "wave": riff(b"WAVE", header, 4000),
        "big": riff(b"ACON", chunk(b"anih", bytes(36), None, ">"), None,
                    b"RIFX", ">"),
        "big short": riff(b"ACON", header, 4000, b"RIFX", ">"),
        "inner riff": riff(b"ACON", header + b"RIFF" + bytes(40), 60),
        "inner riff short": riff(b"ACON", header + b"RIFF" + bytes(40), 4000),
        "tail": riff(b"ACON", header + b"abc"),
    }
    case("riff chunks", NOTHING, files)


# ---- executables ----------------------------------------------------------


def broken_cases(corpus):
    rng = random.Random(3)
    paths = [p for kind in ("pe", "elf", "macho") for p in sorted(
        glob.glob(os.path.join(corpus, kind, "*")))]
    paths += sorted(glob.glob("/usr/share/clamav-testfiles/*.exe"))[:6]
    files = {}
    for i, path in enumerate(paths):
        with open(path, "rb") as f:
            data = f.read(1 << 20)
        if data.startswith(b"\xca\xfe\xba\xbf"):
            continue  # clamscan does not know fat files of 64 bits
        files["f%d" % i] = data
        for k in range(12):
            other = bytearray(data)
            for _ in range(rng.randint(1, 2)):
                at = rng.randrange(12, min(len(data), 600))
                other[at] = rng.choice((0, 1, 0x10, 0x80, 0xff))
            if rng.random() < 0.3:
                del other[rng.randrange(64, len(other)):]
            files["f%d_%d" % (i, k)] = bytes(other)
    case("broken executables", NOTHING, files, ["--alert-broken"])
    case("broken executables, alerts off", NOTHING, files,
         ["--alert-broken", "--heuristic-alerts=no"], finds=None)
    case("broken executables, not asked", NOTHING, files, finds=False)
    case("broken executables, not read", NOTHING, files,
         ["--alert-broken", "--scan-pe=no", "--scan-elf=no"], finds=None)


# ---- disk images ----------------------------------------------------------


def disk_cases():
    two = [(0x80, 7, 1, 10)]
    inside = [(0, 7, 1, 5), (0, 5, 10, 30)]
    hfs = b"Apple_HFS"
    files = {
        "ok": disks.mbr(two + [(0, 0x83, 11, 10)]),
        "crossing": disks.mbr(two + [(0, 0x83, 10, 10)]),
        "within": disks.mbr([(0x80, 7, 1, 20), (0, 0x83, 5, 5)]),
        "same": disks.mbr([(0, 7, 1, 5)] * 4),
        "backwards": disks.mbr([(0x80, 7, 10, 10), (0, 0x83, 1, 10)]),
        "touching": disks.mbr(two + [(0, 7, 20, 10), (0, 1, 11, 9)]),
        "no type": disks.mbr(two + [(0, 0, 5, 10)]),
        "from 0": disks.mbr([(0x80, 7, 0, 10), (0, 7, 5, 10)]),
        "empty": disks.mbr(two + [(0, 7, 5, 0)]),
        "none": disks.mbr([]), "one": disks.mbr(two),
        "extended": disks.mbr(inside, [
            (10, [(0, 7, 1, 5), (0, 5, 10, 10)]), (20, [(0, 7, 1, 5)])]),
        "extended crossing": disks.mbr(inside, [
            (10, [(0, 7, 1, 15), (0, 5, 10, 10)]), (20, [(0, 7, 1, 5)])]),
        "primary crossing": disks.mbr([(0, 7, 1, 15), (0, 5, 10, 30)], [
            (10, [(0, 7, 1, 5)])]),
        "gpt": disks.gpt([(34, 40), (41, 50)]),
        "gpt crossing": disks.gpt([(34, 45), (41, 50)]),
        "gpt same": disks.gpt([(34, 45), (34, 45)]),
        "gpt touching": disks.gpt([(34, 41), (41, 50)]),
        "gpt backwards": disks.gpt([(50, 60), (34, 40)]),
        "gpt wrong": disks.gpt([(34, 45), (41, 50)], 128, 1),
        "gpt alone": disks.gpt([(34, 45), (41, 50)], 128, 0, False),
        "apm": disks.apm([(4, 10, hfs), (14, 10, hfs)]),
        "apm crossing": disks.apm([(4, 11, hfs), (14, 10, hfs)]),
        "apm in map": disks.apm([(2, 10, hfs)]),
        "apm free": disks.apm([(4, 10, hfs), (10, 10, b"Apple_Free")])}
    for options in (["--alert-partition-intersection"],
                    ["--alert-partition-intersection=yes", "-z",
                     "--heuristic-alerts=no"],
                    ["--alert-partition-intersection=no"]):
        case("disks %s" % " ".join(options), NOTHING, files, options,
             finds=None)
    marked = {name: disks.with_marks(files[name]) for name in (
        "ok", "no type", "extended", "apm", "apm free", "gpt", "from 0")}
    for kind in ("MBR", "GPT", "APM"):
        case("partitions of %s" % kind, {"a.ldb": "".join(
            "M%02d;Engine:81-255,Container:CL_TYPE_%s,Target:0;0;%s\n" % (
                i, kind, (b"MARK%02d" % i).hex()) for i in range(3, 60))},
             marked, ["-z"])
    for n in (1, 2, 3):
        case("at most %d partitions" % n, {"a.ldb": "".join(
            "M%s%02d;Engine:81-255,Container:CL_TYPE_%s,Target:0;0;%s\n" % (
                kind, i, kind, (b"MARK%02d" % i).hex()) for i in range(3, 60)
            for kind in ("MBR", "GPT"))}, marked,
             ["-z", "--max-partitions=%d" % n])
    disk = disks.mbr(two + [(0, 7, 20, 5)])
    files = {"disk": disk[:512] + b"OWNWORD badness" + disk[527:]}
    for kind in (0, 4):
        case("partition of magic kind %d" % kind, {
            "a.ftm": "%d:0:%s:x:CL_TYPE_ANY:CL_TYPE_ELF\n" % (
                kind, b"OWNWORD".hex()), "a.ndb": "".join(
                    "T%d:%d:*:%s\n" % (t, t, b"badness".hex())
                    for t in (0, 6, 7, 14))}, files, ["-z"])


# ---- numbers of people ----------------------------------------------------

# First and last six digits, and how many digits there may be.
CARDS = (
    (100000, 199999, 13, 15), (222100, 272099, 16, 16),
    (300000, 305999, 14, 16), (309500, 309599, 14, 16),
    (340000, 349999, 15, 15), (352800, 358999, 16, 16),
    (360000, 369999, 14, 16), (370000, 379999, 15, 15),
    (380000, 499999, 16, 16), (500000, 509999, 16, 16),
    (510000, 559999, 16, 16), (601100, 601199, 16, 16),
    (622126, 622926, 16, 16), (624000, 626999, 16, 16),
    (628200, 628899, 16, 16), (644000, 659999, 16, 16))


def with_luhn(digits):
    total = sum(sum(divmod(int(c) * 2, 10)) if i % 2 == 0 else int(c)
                for i, c in enumerate(reversed(digits)))
    return digits + str(-total % 10)


def card_files(rng):
    files = {}
    for first, last, least, most in CARDS:
        for issuer in (first - 1, first, last, last + 1):
            for n in (least - 1, least, most, most + 1):
                files["c%06d_%d" % (issuer, n)] = b"x %s y\n" % with_luhn(
                    ("%06d1234567890123456789" % issuer)[:n - 1]).encode()
    for i in range(400):
        text = ""
        for _ in range(rng.randint(1, 4)):
            first, last, least, most = rng.choice(CARDS)
            number = "%06d%s" % (rng.randint(first, last), "".join(
                rng.choice("0123456789") for _ in range(12)))
            number = with_luhn(number[:rng.choice((least, most, 16)) - 1])
            for _ in range(rng.choice((0, 0, 1, 3, 3, 7, 8, 9))):
                at = rng.randint(1, len(number))
                number = number[:at] + rng.choice(" -  ") + number[at:]
            text += number + rng.choice(("", " ", "-", "\n", ", ", "a", "5",
                                         " 5", "  ", "-5 "))
        files["r%d" % i] = text.encode()
    return files


def security_files(rng):
    files = {}
    for area in (0, 1, 99, 665, 666, 667, 728, 734, 772, 773, 800, 900, 999):
        for group, serial in ((45, 6789), (0, 1), (1, 0), (99, 9999), (1, 1)):
            for form in ("%03d-%02d-%04d", "%03d%02d%04d", "%03d %02d %04d",
                         "%03d-%02d%04d", "9%03d-%02d-%04d", "%03d-%02d-%04d9",
                         "a%03d%02d%04da", "-%03d-%02d-%04d-1"):
                files["s%d" % len(files)] = (form % (area, group,
                                                     serial)).encode()
    for i in range(100):
        files["n%d" % i] = "".join(
            rng.choice(("%03d-%02d-%04d%s", "%03d%02d%04d%s", "%03d-%02d%04d%s"))
            % (rng.randrange(1000), rng.randrange(100), rng.randrange(10000),
               rng.choice(("\n", " ", "", "-", "1")))
            for _ in range(6)).encode()
    return files


def number_cases():
    rng = random.Random(5)
    ask = ["--detect-structured=yes"]
    cards = card_files(rng)
    for count in (1, 2, 3):
        for mode in (0, 1):
            case("cards %d, mode %d" % (count, mode), NOTHING, cards, ask + [
                "--structured-cc-count=%d" % count,
                "--structured-cc-mode=%d" % mode])
    security = security_files(rng)
    for form in (0, 1, 2):
        for count in (1, 2):
            case("social security %d, format %d" % (count, form), NOTHING,
                 security, ask + ["--structured-ssn-count=%d" % count,
                                  "--structured-ssn-format=%d" % form])
    three = b"4111111111111111\n" * 3
    files = {
        "text": three, "html": b"<html>" + three, "data": b"\0\1" + three,
        "mail": b"From: a\nTo: b\nSubject: c\n\n" + three,
        "zip": zipped([("a", three)]), "latin": b"gr\xfc\xdfe " + three,
        "wide": b"\xff\xfe" + three.decode().encode("utf-16-le"),
        "two": three[:34],
        "security": b"123-45-6789\n" * 3}
    for options in (ask, [], ask + ["--heuristic-alerts=no"], ask + ["-z"],
                    ask + ["--normalize=no"],
                    ask + ["--structured-cc-count=0"],
                    ["--detect-structured=no"]):
        if "-z" in options:  # else clamscan tells any of the two
            files["both"] = three + b"123-45-6789\n" * 3
        case("numbers in files %s" % " ".join(options), NOTHING, dict(files),
             options, finds=None)
        files.pop("both", None)


# ---- how alerts and rules go together -------------------------------------


def precedence_cases():
    odd = zip_of(12, 40, 40)
    marked = odd + b"badness"
    nested = zipped([("odd.zip", odd), ("bad.txt", BAD)])
    files = {"odd": odd, "marked": marked, "nested": nested,
             "first": zipped([("bad.txt", BAD), ("odd.zip", odd)])}
    for options in ([], ["-z"]):
        if options:  # else clamscan tells any of the two
            files = dict(files, two=zipped([("a.zip", odd),
                                            ("b.xz", xz_of(40))]))
        case("alerts beside rules %s" % options, {"a.ndb": FIND_BAD}, files,
             options)
        case("alerts alone %s" % options, NOTHING, files, options)
    case("alerts first", {"a.ndb": FIND_BAD}, {"odd": odd, "marked": marked},
         ["--heuristic-scan-precedence=yes"])
    case("alerts on what is allowed",
         {"a.fp": "%s:%d:Allowed\n" % (md5(odd), len(odd))},
         {"odd": odd, "marked": marked})


# ---- unwanted software by category ----------------------------------------


def category_cases():
    files = {"a": b"well badness look for all of it fifth\n"}
    databases = {
        "a.ndu": "PUA.Game.Body:0:*:%s\nPUA.Tool.X:0:*:%s\n"
                 "PUA.Win.Tool.Y:0:*:%s\nOther.Z:0:*:%s\n" % tuple(
                     w.hex() for w in (b"badness", b"look for", b"well",
                                       b"fifth")),
        "b.ndb": "Test.N:0:*:%s\nPUA.In.Ndb:0:*:%s\n" % (
            b"all of".hex(), b"of it".hex())}
    for option in ("include", "exclude"):
        for category in ("Tool", "Game", "tool", "Win", "Win.Tool", "Too",
                         "Body", "Nope"):
            case("%s category %s" % (option, category), databases, files,
                 ["--detect-pua", "--%s-pua=%s" % (option, category), "-z"])
    case("category, not asked for any", databases, files,
         ["--include-pua=Tool", "-z"])


# ---- switches -------------------------------------------------------------


def switch_cases():
    page = (b"<html><head><title>x</title></head><body>\n"
            b"<p>bad<b>ness</b> <!-- hidden --> BADNESS</p>\n"
            b"<script>var a = 'WELL';</script></body></html>\n")
    text = b"This   is SOME Text,   nothing More\n" * 3
    files = {"page": page, "text": text}
    databases = {
        "a.ndb": "T.Html:3:*:%s\nT.Text:7:*:%s\nT.Raw:0:*:%s\n" % (
            b"badness".hex(), b"this is some text".hex(),
            b"SOME Text".hex()),
        "b.ldb": "T.Pcre;Engine:81-255,Target:0;0&1;%s;0/nothing.*More/\n"
                 % b"Text".hex()}
    for options in ([], ["--normalize=no"], ["--scan-html=no"],
                    ["--max-htmlnormalize=100"], ["--max-htmlnormalize=1000"],
                    ["--max-htmlnotags=10"], ["--max-scriptnormalize=50"],
                    ["--max-scriptnormalize=500"],
                    ["--pcre-max-filesize=20"], ["--pcre-max-filesize=5000"],
                    ["--pcre-match-limit=1"], ["--pcre-recmatch-limit=1"]):
        case("switch %s" % " ".join(options), databases, files,
             options + ["-z"])


def encrypted_cases():
    locked = formats.encrypted_zip("m", BAD, b"unknown")
    files = {"zip": locked, "pdf": pdf_of(
        b"1 0 obj\n<</A 1>>\nstream\nx\nendstream\nendobj\n"
        b"3 0 obj\n<</Filter /Standard /V 1 /R 2 /O (x) /U (y) /P -4>>\nendobj"
    ).replace(b"/Root 2 0 R", b"/Root 2 0 R /Encrypt 3 0 R")}
    for options in ([], ["--alert-encrypted"], ["--alert-encrypted-archive"],
                    ["--alert-encrypted-doc"], ["--alert-encrypted=no"],
                    ["--alert-encrypted", "--heuristic-alerts=no"]):
        case("encrypted %s" % " ".join(options), NOTHING, files, options,
             finds=None)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("overt")
    parser.add_argument("corpus")
    parser.add_argument("--only", default="")
    parser.add_argument("--verbose", action="store_true")
    options = parser.parse_args()
    if not has_clamav("clamscan"):
        return 77
    for make in (zip_cases, xz_cases, pdf_cases, jpeg_cases, riff_cases,
                 macro_cases, disk_cases, number_cases, picture_cases,
                 precedence_cases, category_cases, switch_cases,
                 encrypted_cases):
        make()
    broken_cases(options.corpus)
    chosen = [one for one in formats.CASES if options.only in one.name]
    failed = sum(not formats.compare(options.overt, one, options.verbose)
                 for one in chosen)
    print("%d cases, %d differ" % (len(chosen), failed))
    return 1 if failed or not chosen else 0


if __name__ == "__main__":
    sys.exit(main())
