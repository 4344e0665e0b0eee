#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compares the targets that clamscan gives to many small files with ours.

usage: file_types.py FACTS_PROBE

Each sample ends with a mark. A database has one body pattern per target that
finds the mark as it is written, and so does not match lower-case normalised
forms: the targets that clamscan reports are those of the raw bytes. They must
be 0 and what the library says. Exits 0 if so, 1 if not, 77 without clamscan.

Known differences, which are not compared: clamscan looks at HTML in normalised
form only, and not at all at some media and databases; it gives members' targets
to containers, and target 1 to a file with an executable somewhere in its first
KiB, which here is found as an embedded object (formats/embedded.h).
"""
import collections
import io
import json
import os
import random
import re
import struct
import subprocess
import sys
import tarfile
import tempfile
import zipfile
import zlib

from clamav_version import has_clamav

MARK = b"OvertTypeMark."
TEXT = b"The quick brown fox jumps over the lazy dog.\n"
TARGETS = [t for t in range(15) if t != 8]


def texts():
    s = {"ascii": TEXT * 3, "empty": b"", "latin1": b"gr\xfc\xdfe " * 20,
         "utf8": "gr\u00fc\u00dfe ".encode() * 20,
         "binary": bytes(range(256)) * 2, "zeros": bytes(600),
         "escape": b"\x1b[0m\x07\x08" + TEXT, "vertical_tab": b"\x0b" + TEXT}
    plain = (TEXT * 3).decode()
    for name, codec, bom in (("le", "utf-16-le", b"\xff\xfe"),
                             ("be", "utf-16-be", b"\xfe\xff")):
        mark = MARK.decode().encode(codec)
        s["utf16" + name] = bom + plain.encode(codec) + mark
        s["utf16_no_mark_" + name] = plain.encode(codec) + mark
    rng = random.Random(1)
    for i in range(20):
        s["random%d" % i] = rng.randbytes(rng.randrange(2, 3000))
    for word in ("<hTml>", "<body>", "<iMg src>", "<Iframe>", "<Table>",
                 "<a\nhref=x>", "<b>x</b>", "<title>", "<A x HreF="):
        s["no_html%d" % len(s)] = b"x " + word.encode() + TEXT
    return s


def mails():
    s = {}
    first = ["From x", "From: x", "Received: x", "Return-Path: x", "Date: x",
             "Return-path: x", "Subject: x", "To: x", "Message-ID: <x>",
             "Message-Id: x", "Delivered-To: x", "Delivery-date: x",
             "Envelope-to: x", "X-UIDL: x", "X-EVS", "For: x", "X-Sieve: x",
             ">From x", "Received-SPF: x", "X-Original-To: x", "Cc: x",
             "Content-Type: text/plain", "v:\nReceived: x", "subject: x",
             "v:\r\nReceived: x", "Hi. This is the qmail-send", "X-Real-To: x",
             "X-Symantec-x", "MIME-Version: 1.0",
             "MIME-Version: 1.0\nContent-Type: text/plain"]
    for i, line in enumerate(first):
        s["mail_first%d" % i] = line.encode() + b"\nX: y\n\nbody\n"
    later = ["From: a\nMIME-Version: 1.0", "from: a\nContent-type: x/y",
             "From: a\nTo: c", "MIME-Version: 1.0\nContent-Type: x/y",
             "Message-ID: 1\nContent-Type: x/y",
             "Received: 1\nContent-Type: x/y", "Delivered-To: 1\nReceived: 2",
             "FROM: a\nMIME-Version: 1.0", "From: a\nmime-version: 1.0",
             "Received: 1\n" + "x" * 1500 + "\nContent-Type: x/y"]
    for i, lines in enumerate(later):
        s["mail_later%d" % i] = b"X-A: b\n" + lines.encode() + b"\n\nbody\n"
    s["mail_far"] = b"y" * 1500 + b"\nReceived: 1\nContent-Type: x/y\n\nz\n"
    return s


def magics():
    s = {}
    table = {
        "gz": "1f8b08", "bz": "425a6839", "xz": "fd377a585a00", "rarx": "52617221",
        "7z": "377abcaf271c", "rar": "526172211a0700", "arj": "60ea",
        "cab": "4d53434600000000", "cabx": "4d534346", "szdd": "535a444488f0",
        "chm": "49545346", "egg": "45474741", "alz": "414c5a01",
        "xar": "78617221", "tnef": "789f3e22", "cryptff": "b6b9acaefeffffff",
        "screnc": "23407e5e", "ps": "252150532d41646f62652d",
        "lnk": "4c0000000114020000000000c000000000000046",
        "cpio1": "303730373031", "cpio2": "303730373032",
        "cpio7": "303730373037", "cpio_be": "71c7", "cpio_le": "c771",
        "onenote": "e4525c7b8cd8a74daeb15378d02996d3",
        "pyc38": "550d0d0a", "pyc27": "03f30d0a", "pyc30": "b80b0d0a",
        "lh5": "20202d6c68352d", "lhd": "20202d6c68642d", "pm0": "20202d706d302d",
        "zoo": "5a4f4f20", "zstd": "28b52ffd", "lz4": "04224d18",
        "compress": "1f9d", "rpm": "edabeedb", "mz": "4d5a", "zm": "5a4d",
        "elf": "7f454c46", "java": "cafebabe00000034", "fat": "cafebabe00000002",
        "cafebabe40": "cafebabe00000040", "cafebabe20": "cafebabe00000020",
        "swf_f": "46575305", "swf_c": "43575306", "swf_z": "5a57530d",
        "ole": "d0cf11e0a1b11ae1", "gif": "47494638", "gifx": "47494678",
        "png": "89504e47", "jpeg": "ffd8ff01", "bmp": "424d",
        "tiff_le": "49492a00", "tiff_be": "4d4d002a", "mm": "4d4d",
        "jp2": "0000000c6a5020200d0a870a", "riff": "52494646",
        "rtf": "7b5c7274", "pdf": "255044462d", "sis": "00" * 8 + "19040010",
        "sis12": "00" * 12 + "19040010", "pk00": "504b3030504b0304",
        "pk56": "504b0506", "regf": "72656766", "macho": "cefaedfe",
        "macho64": "cffaedfe", "macho_be": "feedface", "hwp3":
        "48575020446f63756d656e742046696c652056332e3030201a0102030405"}
    for name, text in table.items():
        s["magic_" + name] = bytes.fromhex(text) + b"\0\1\2\3" * 10
    for text in ("begin 644 x\n", "[aliases]", "#!/bin/sh\n", "<?php echo 1;?>",
                 '<?xml version="1.0"?><a/>', '<?xml version="1.0"?><Workbook>',
                 '<?xml version="1.0"?><w:wordDocument>',
                 '<?xml version="1.0"?><ss:Workbook>', "<xdp:xdp x>",
                 "x %PDF-1.4", "x %pdf-1.4", "BM is text", "MZ is text",
                 " {\\rtf1", "PK", "dim x\r\n", "ab-lh5- text"):
        s["text_%d" % len(s)] = text.encode() + TEXT
    return s


def zipped(names):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as z:
        for n in names:
            z.writestr(n, "content of " + n)
    return out.getvalue()


def tarred(kind):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=kind) as t:
        t.addfile(tarfile.TarInfo("a.txt"), io.BytesIO())
    return bytearray(out.getvalue())


def archives():
    old = tarred(tarfile.USTAR_FORMAT)
    old[257:265] = bytes(8)
    old[148:156] = b" " * 8
    old[148:156] = b"%06o\0 " % sum(old[:512])
    iso = bytearray(0x9000)
    iso[0x8000:0x8006] = b"\1CD001"
    iso[0x8800:0x8806] = b"\xffCD001"
    udf = bytearray(0x9800)
    for at, word in ((0x8000, b"BEA01"), (0x8800, b"NSR02"), (0x9000, b"TEA01")):
        udf[at + 1:at + 6] = word
    mbr = bytearray(4096)
    mbr[446:462] = struct.pack("<8B2I", 128, 1, 1, 0, 7, 2, 3, 4, 1, 6)
    mbr[510:512] = b"\x55\xaa"
    gpt = bytearray(4096)
    gpt[512:520] = b"EFI PART"
    return {
        "zip": zipped(["a.txt", "b.txt"]), "xlsx": zipped(["xl/workbook.xml"]),
        "docx": zipped(["[Content_Types].xml", "a", "b", "word/document.xml"]),
        "tar_gnu": tarred(tarfile.GNU_FORMAT), "tar_old": old,
        "tar_ustar": tarred(tarfile.USTAR_FORMAT), "iso": iso, "udf": udf,
        "mbr": mbr, "gpt": gpt, "sfx": b"\1\2\3" * 20 + zipped(["a.txt"]),
        "swf": b"CWS\x06" + struct.pack("<I", 100) + zlib.compress(b"x" * 92),
        "dmg": b"\1" * 600 + b"koly" + bytes(508 - len(MARK))}


def clamscan_targets(folder, database):
    out = subprocess.run(["clamscan", "-z", "--no-summary", "-d", database,
                          folder], stdout=subprocess.PIPE,
                         stderr=subprocess.DEVNULL, check=False).stdout
    targets = collections.defaultdict(set)
    for line in out.decode().splitlines():
        m = re.match(r".*/([^/]*): T(\d+)\.UNOFFICIAL FOUND$", line)
        if m:
            targets[m.group(1)].add(int(m.group(2)))
    return targets


def compare(probe, folder):
    samples = os.path.join(folder, "samples")
    database = os.path.join(folder, "types.ndb")
    os.mkdir(samples)
    with open(database, "w", encoding="ascii") as f:
        for t in TARGETS:
            f.write("T%d:%d:*:%s\n" % (t, t, MARK.hex()))
    everything = {**texts(), **mails(), **magics(), **archives()}
    for name, data in everything.items():
        with open(os.path.join(samples, name), "wb") as f:
            f.write(bytes(data) + MARK)
    paths = [os.path.join(samples, n) for n in sorted(everything)]
    ours = subprocess.run([probe] + paths, stdout=subprocess.PIPE, check=True)
    theirs = clamscan_targets(samples, database)
    failed = 0
    for line in ours.stdout.decode().splitlines():
        fact = json.loads(line)
        name = os.path.basename(fact["path"])
        want = {0, fact["target"]}
        if theirs[name] != want:
            failed += 1
            print("%s: %s has targets %s, clamscan says %s"
                  % (name, fact["type"], sorted(want), sorted(theirs[name])))
    print("%d samples, %d differences" % (len(everything), failed))
    return 1 if failed else 0


def main():
    if not has_clamav("clamscan"):
        return 77
    with tempfile.TemporaryDirectory() as folder:
        return compare(sys.argv[1], folder)


if __name__ == "__main__":
    sys.exit(main())
