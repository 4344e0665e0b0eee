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

import database_formats as formats
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
