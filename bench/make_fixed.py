#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes a small corpus that is the same on every machine, for what is counted
and not timed.

usage: make_fixed.py OUTDIR

Folders of OUTDIR, as those of make_corpus.py: bin, pe, small, docs, arch; 100
to 600 KB each. The programs are made up: headers that hold, and code, tables
and text in the proportions of real ones.
"""
import bz2
import gzip
import io
import lzma
import os
import random
import struct
import sys
import tarfile
import zipfile

from make_corpus import letter, paragraphs

# Frequent beginnings of x86-64 instructions, the frequent ones repeated.
CODE = [b"\x48\x89\xe5", b"\x48\x8b\x45", b"\x48\x8b\x45", b"\x48\x83\xec",
        b"\xe8", b"\xe8", b"\x0f\x84", b"\x74", b"\x75", b"\xeb", b"\x31\xc0",
        b"\x48\x8d\x3d", b"\x48\x8d\x35", b"\xff\x15", b"\xc3", b"\x90\x90",
        b"\x66\x0f\x1f\x44\x00\x00", b"\x41\x54", b"\x55", b"\x5d", b"\x85\xc0",
        b"\x48\x89\xc7", b"\x4c\x89\xe6", b"\x83\xf8", b"\x0f\xb6"]


def make_words(rng):
    letters = "etaoinshrdlucmfwypvbgkjqxz"
    return ["".join(rng.choices(letters, weights=range(27, 1, -1),
                                k=rng.randint(2, 10))) for _ in range(3000)]


def text(rng, words, size):
    return "\n".join(paragraphs(rng, words, size)).encode()


def code(rng, size):
    out = bytearray()
    while len(out) < size:
        out += rng.choice(CODE)
        if rng.random() < 0.4:
            out += rng.randbytes(rng.choice((1, 4)))
    return bytes(out[:size])


def table(rng, size):
    """Addresses and small numbers, as in relocations and structures."""
    out = bytearray()
    while len(out) < size:
        out += struct.pack("<QQ", 0x400000 + rng.randrange(1 << 20),
                           rng.randrange(64))
    return bytes(out[:size])


def body(rng, words, size):
    return (code(rng, size // 2) + table(rng, size // 4) +
            b"\0".join(w.encode() for w in rng.choices(words, k=size // 40)) +
            bytes(size // 16) + rng.randbytes(size // 32))


def elf(rng, words, size):
    content = body(rng, words, size)
    head = b"\x7fELF\x02\x01\x01" + bytes(9) + struct.pack(
        "<HHIQQQIHHHHHH", 2, 62, 1, 0x400078, 64, 0, 0, 64, 56, 1, 64, 0, 0)
    load = struct.pack("<IIQQQQQQ", 1, 5, 0, 0x400000, 0x400000,
                       120 + len(content), 120 + len(content), 4096)
    return head + load + content


def pe(rng, words, size):
    content = body(rng, words, size)
    content += bytes(-len(content) % 512)
    dos = b"MZ" + bytes(58) + struct.pack("<I", 64)
    coff = b"PE\0\0" + struct.pack("<HHIIIHH", 0x8664, 1, 0, 0, 0, 240, 0x22)
    optional = struct.pack("<HBBIIIII", 0x20b, 14, 0, len(content), 0, 0,
                           0x1000, 0x1000)
    optional += struct.pack("<QIIHHHHHHIIIIHH", 0x140000000, 0x1000, 512, 6, 0,
                            0, 0, 6, 0, 0, 0x1000 + len(content), 512, 0, 3, 0)
    optional += struct.pack("<QQQQII", 1 << 20, 4096, 1 << 20, 4096, 0, 16)
    optional += bytes(128)
    section = b".text\0\0\0" + struct.pack("<IIIIIIHHI", len(content), 0x1000,
                                           len(content), 512, 0, 0, 0, 0,
                                           0x60000020)
    head = dos + coff + optional + section
    return head + bytes(512 - len(head)) + content


def page(rng, words, size):
    parts = "".join("<p class=\"%s\">%s</p>\n" % (rng.choice(words), p)
                    for p in paragraphs(rng, words, size))
    return ("<!DOCTYPE html><html><head><title>%s</title><script>var a = '%s';"
            "</script></head><body>%s</body></html>"
            % (rng.choice(words), " ".join(rng.choices(words, k=40)),
               parts)).encode()


def tar(members):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, content in members:
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return out.getvalue()


def zipped(members):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in members:
            info = zipfile.ZipInfo(name, (2020, 1, 1, 0, 0, 0))
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, content)
    return out.getvalue()


def document(rng, words, size):
    text_runs = "".join("<w:p><w:r><w:t>%s</w:t></w:r></w:p>" % p
                        for p in paragraphs(rng, words, size))
    return zipped([
        ("[Content_Types].xml", b"<?xml version=\"1.0\"?><Types/>"),
        ("word/document.xml", ("<?xml version=\"1.0\"?><w:document><w:body>%s"
                               "</w:body></w:document>"
                               % text_runs).encode()),
        ("word/media/picture.bin", rng.randbytes(size // 4))])


def make(rng):
    words = make_words(rng)
    files = {}
    for i in range(2):
        files["bin/%d" % i] = elf(rng, words, 300000)
        files["pe/%d.exe" % i] = pe(rng, words, 300000)
    for i in range(100):
        files["small/%d.txt" % i] = text(rng, words, rng.randint(500, 6000))
    for i in range(4):
        office = document(rng, words, 20000)
        files["docs/%d.docx" % i] = office
        files["docs/%d.eml" % i] = letter(rng, words, office)
        files["docs/%d.html" % i] = page(rng, words, 30000)
    members = [("a.elf", elf(rng, words, 60000)), ("b.txt", text(rng, words,
                                                                 40000))]
    files["arch/a.zip"] = zipped(members)
    files["arch/b.tar.gz"] = gzip.compress(tar(members), mtime=0)
    files["arch/c.tar.xz"] = lzma.compress(tar(members))
    files["arch/d.tar.bz2"] = bz2.compress(tar(members))
    return files


def main():
    if len(sys.argv) != 2 or sys.argv[1].startswith("-"):
        sys.exit(__doc__.strip())
    for name, content in make(random.Random(11)).items():
        path = os.path.join(sys.argv[1], name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(content)


if __name__ == "__main__":
    main()
