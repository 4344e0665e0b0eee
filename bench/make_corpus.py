#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Copies and makes files to scan, from what a Debian machine has.

usage: make_corpus.py OUTDIR [--pe DIR]

Folders of OUTDIR:
  small   1,000 small files: headers, scripts, text
  bin     48 MB of ELF programs and libraries, 256 KiB and larger each
  pe      24 MB of Windows programs and libraries, from --pe, or from Debian's
          libwine if that is installed
  arch    zip, tar.gz, tar.xz, tar.bz2, 7z and deb of such files
  docs    scripts, HTML, XML, PDF; letters and office documents made here
  big     one archive of all of it, for "one large file, all cores"
Files are picked by a fixed seed from what is installed: two machines get
corpora of the same kind, not of the same bytes.
"""
import base64
import glob
import io
import os
import random
import shutil
import subprocess
import sys
import tarfile
import zipfile

MB = 1 << 20
SMALL = ["/usr/include", "/usr/share", "/usr/lib/python3", "/etc"]
BINARIES = ["/usr/bin", "/usr/sbin", "/usr/lib"]
SCRIPTS = (".py", ".sh", ".pl", ".html", ".xml", ".svg", ".js", ".md", ".css")


def files_of(folders):
    for folder in folders:
        for root, inner, names in os.walk(folder):
            inner.sort()
            for name in sorted(names):
                path = os.path.join(root, name)
                if os.path.isfile(path) and not os.path.islink(path) and \
                        os.access(path, os.R_OK):
                    yield path


def magic(path, length):
    with open(path, "rb") as file:
        return file.read(length)


def pick(rng, paths, most_bytes, most_files=10 ** 9):
    paths = list(paths)
    rng.shuffle(paths)
    chosen, total = [], 0
    for path in paths:
        size = os.path.getsize(path)
        if size == 0 or total + size > most_bytes:
            continue
        chosen.append(path)
        total += size
        if len(chosen) == most_files:
            break
    return chosen


def copy(paths, folder):
    os.makedirs(folder, exist_ok=True)
    copies = []
    for number, path in enumerate(paths):
        to = os.path.join(folder, "%d_%s" % (number, os.path.basename(path)))
        shutil.copyfile(path, to)
        copies.append(to)
    return copies


def make_zip(path, members):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for number, member in enumerate(members):
            archive.write(member, "%d/%s" % (number,
                                             os.path.basename(member)))


def make_tar(path, mode, members):
    with tarfile.open(path, mode) as archive:
        for number, member in enumerate(members):
            archive.add(member, "%d/%s" % (number, os.path.basename(member)))


def make_archives(folder, sources):
    """The same members in each format, so that formats can be compared."""
    os.makedirs(folder)
    groups = [sources[i::6] for i in range(6)]
    make_zip(os.path.join(folder, "a.zip"), groups[0])
    make_zip(os.path.join(folder, "b.jar"), groups[1])
    make_tar(os.path.join(folder, "c.tar.gz"), "w:gz", groups[2])
    make_tar(os.path.join(folder, "d.tar.xz"), "w:xz", groups[3])
    make_tar(os.path.join(folder, "e.tar.bz2"), "w:bz2", groups[4])
    if shutil.which("7z"):
        subprocess.run(["7z", "a", "-bd", "-mmt=1",
                        os.path.join(folder, "f.7z")] + groups[5],
                       stdout=subprocess.DEVNULL, check=True)


def paragraphs(rng, words, size):
    text, total = [], 0
    while total < size:
        text.append(" ".join(rng.choices(words, k=30)))
        total += len(text[-1])
    return text


def office_document(rng, words, size):
    """Zipped XML as word processors write it."""
    body = "".join("<w:p><w:r><w:t>%s</w:t></w:r></w:p>" % p
                   for p in paragraphs(rng, words, size))
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<?xml version=\"1.0\"?>"
                         "<Types xmlns=\"http://schemas.openxmlformats.org/"
                         "package/2006/content-types\"/>")
        archive.writestr("word/document.xml", "<?xml version=\"1.0\"?>"
                         "<w:document><w:body>" + body +
                         "</w:body></w:document>")
        archive.writestr("word/media/picture.bin", rng.randbytes(size // 4))
    return out.getvalue()


def letter(rng, words, attached):
    head = ("From: a@example.org\r\nTo: b@example.org\r\nSubject: %s\r\n"
            "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; "
            "boundary=\"cut\"\r\n\r\n" % " ".join(rng.choices(words, k=5)))
    text = "\r\n".join(paragraphs(rng, words, 2000))
    coded = base64.encodebytes(attached).decode().replace("\n", "\r\n")
    return (head + "--cut\r\nContent-Type: text/plain\r\n\r\n" + text +
            "\r\n--cut\r\nContent-Type: application/octet-stream; "
            "name=\"a.docx\"\r\nContent-Transfer-Encoding: base64\r\n\r\n" +
            coded + "\r\n--cut--\r\n").encode()


def make_documents(rng, folder, small):
    scripts = pick(rng, [p for p in files_of(SMALL)
                         if p.endswith(SCRIPTS)
                         and os.path.getsize(p) < MB], 6 * MB, 250)
    copy(scripts, folder)
    copy(pick(rng, [p for p in files_of(["/usr/share"])
                    if p.endswith(".pdf")], 4 * MB),
         os.path.join(folder, "pdf"))
    words = set()
    for path in small[:200]:
        with open(path, "rb") as file:
            words.update(w.decode() for w in file.read(MB).split()
                         if w.isalpha())
    words = sorted(words)[:20000]
    for number in range(30):
        document = office_document(rng, words, rng.choice([50000, 200000]))
        with open(os.path.join(folder, "o%d.docx" % number), "wb") as file:
            file.write(document)
        with open(os.path.join(folder, "m%d.eml" % number), "wb") as file:
            file.write(letter(rng, words, document))


def main():
    if len(sys.argv) < 2 or sys.argv[1].startswith("-"):
        sys.exit(__doc__.strip())
    out = sys.argv[1]
    windows = [sys.argv[3]] if sys.argv[2:3] == ["--pe"] else \
        glob.glob("/usr/lib/*/wine")
    rng = random.Random(7)
    os.makedirs(out)

    def folder(name):
        return os.path.join(out, name)

    small = copy(pick(rng, [p for p in files_of(SMALL)
                            if os.path.getsize(p) < 64 << 10], 8 * MB, 1000),
                 folder("small"))
    binaries = copy(pick(rng, [p for p in files_of(BINARIES)
                               if 256 << 10 <= os.path.getsize(p) < 16 * MB
                               and magic(p, 4) == b"\x7fELF"], 48 * MB),
                    folder("bin"))
    programs = copy(pick(rng, [p for p in files_of(windows)
                               if os.path.getsize(p) > 4096
                               and magic(p, 2) == b"MZ"], 24 * MB),
                    folder("pe"))
    mixed = small[:500] + pick(rng, binaries, 20 * MB) + \
        pick(rng, programs, 10 * MB)
    rng.shuffle(mixed)
    make_archives(folder("arch"), mixed)
    copy(pick(rng, [p for p in files_of(["/var/cache/apt/archives"])
                    if p.endswith(".deb")], 6 * MB), folder("arch"))
    os.makedirs(folder("docs"))
    make_documents(rng, folder("docs"), small)
    os.makedirs(folder("big"))
    make_zip(os.path.join(folder("big"), "all.zip"),
             small + binaries + programs)
    for name in sorted(os.listdir(out)):
        if not os.listdir(folder(name)):
            os.rmdir(folder(name))


if __name__ == "__main__":
    main()
