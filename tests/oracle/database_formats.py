#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compares `overt clamscan` with clamscan on databases of every small format.

usage: database_formats.py OVERT [--only WORD] [--verbose]

Each case is some databases, some files and options: allow lists, ignore lists,
rules about members of containers, passwords, file type magics, container and
handler fields of logical rules, unwanted rules, import hashes, .cud containers.
Both programs scan the same folder; their lines and exit codes must be equal.
A case of which clamscan finds nothing at all must say so, so that a rule which
never matches does not pass for agreement.

Exits 0 if all agree, 1 if not, 77 without clamscan.
"""
import argparse
import collections
import glob
import gzip
import hashlib
import io
import itertools
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

Case = collections.namedtuple("Case", "name databases files options finds")
CASES = []


def case(name, databases, files, options=(), finds=True):
    CASES.append(Case(name, databases, files, tuple(options), finds))


# ---- files ----------------------------------------------------------------


def zipped(members, method=zipfile.ZIP_DEFLATED):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as z:
        for name, data in members:
            z.writestr(zipfile.ZipInfo(name, (2020, 1, 1, 0, 0, 0)), data,
                       method)
    return out.getvalue()


def tarred(members):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as t:
        for name, data in members:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            t.addfile(info, io.BytesIO(data))
    return out.getvalue()


def gzipped(data):
    return gzip.compress(data, mtime=0)


class ZipCrypto:
    """Traditional encryption of zip (APPNOTE 6.1)."""

    def __init__(self, password):
        self.keys = [0x12345678, 0x23456789, 0x34567890]
        for c in password:
            self.update(c)

    @staticmethod
    def crc(value, c):
        return zlib.crc32(bytes([c]), value ^ 0xffffffff) ^ 0xffffffff

    def update(self, c):
        k = self.keys
        k[0] = self.crc(k[0], c)
        k[1] = ((k[1] + (k[0] & 255)) * 134775813 + 1) & 0xffffffff
        k[2] = self.crc(k[2], k[1] >> 24)

    def encrypt(self, data):
        out = bytearray()
        for c in data:
            t = (self.keys[2] & 0xffff) | 2
            out.append(c ^ ((t * (t ^ 1)) >> 8 & 255))
            self.update(c)
        return bytes(out)


def encrypted_zip(name, data, password):
    """As Info-ZIP writes it. The check bytes are those of the time: clamscan
    1.4.6 knows no password for an archive where they are the checksum's."""
    time = 0x2f17
    crc = zlib.crc32(data)
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = packer.compress(data) + packer.flush()
    body = ZipCrypto(password).encrypt(
        b"ten bytes!" + struct.pack("<H", time) + packed)
    name = name.encode()
    fields = struct.pack("<HHHHHIIIHH", 10, 9, 8, time, 0x5021, crc, len(body),
                         len(data), len(name), 0)
    local = (b"PK\3\4" + fields + name + body
             + b"PK\7\x08" + struct.pack("<III", crc, len(body), len(data)))
    central = (b"PK\1\2" + struct.pack("<H", 20) + fields
               + struct.pack("<HHHII", 0, 0, 0, 0, 0) + name)
    end = b"PK\5\6" + struct.pack("<HHHHIIH", 0, 0, 1, 1, len(central),
                                  len(local), 0)
    return local + central + end


def md5(data):
    return hashlib.md5(data).hexdigest()


def sha1(data):
    return hashlib.sha1(data).hexdigest()


def sha256(data):
    return hashlib.sha256(data).hexdigest()


BAD = b"well, this is the badness we look for, all of it\n"
GOOD = b"nothing to see here, good people; carry on, please\n"
COUNTER = itertools.count()


def bad():
    """Like BAD, but another each time: what clamscan found to be clean in one
    place, it takes for clean in all others, where a rule asks for the place."""
    return BAD + b"%d\n" % next(COUNTER)


FIND_BAD = "Test.Bad:0:*:%s\n" % b"badness".hex()
TWO = "Test.One:0:*:%s\nTest.Two:0:*:%s\n" % (b"badness".hex(),
                                              b"look for".hex())

# ---- allow lists ----------------------------------------------------------


def allow_cases():
    inner = zipped([("bad.txt", BAD), ("good.txt", GOOD)])
    files = {"bad": BAD, "good": GOOD, "zip": inner,
             "twice": zipped([("inner.zip", inner)]), "bad2": BAD + b"."}
    body = {"a.ndb": FIND_BAD}
    for ext, of in (("fp", md5), ("sfp", sha1), ("sfp", sha256)):
        for what, data in (("file", BAD), ("zip", inner)):
            for size in ("right", "wrong", "any"):
                n = {"right": str(len(data)), "wrong": str(len(data) + 1),
                     "any": "*"}[size]
                level = ":73" if size == "any" else ""
                line = "%s:%s:Allowed%s\n" % (of(data), n, level)
                case("allow %s %s of %s, %s size" % (ext, of.__name__, what,
                                                     size),
                     dict(body, **{"b." + ext: line}), files)
    case("allow beats a hash rule",
         {"a.hdb": "%s:%d:Test.Hash\n" % (md5(BAD), len(BAD)),
          "b.fp": "%s:%d:Allowed\n" % (md5(BAD), len(BAD))}, files,
         finds=False)
    case("allow with all matches",
         {"a.ndb": TWO, "b.fp": "%s:%d:Allowed\n" % (md5(inner), len(inner))},
         files, ["-z"])
    case("allow a member only",
         {"a.ndb": TWO, "b.sfp": "%s:%d:Allowed\n" % (sha256(BAD), len(BAD))},
         {"zip": zipped([("a", BAD), ("b", BAD + b"again")])}, ["-z"])


# ---- ignore lists ---------------------------------------------------------


def ignore_cases():
    files = {"bad": BAD, "good": GOOD, "zip": zipped([("m", BAD)])}
    lines = TWO.splitlines()
    for name, text in (
            ("one name", "Test.One\n"),
            ("both names", "Test.One\nTest.Two\n"),
            ("another name", "Test.On\n"),
            ("a longer name", "Test.One.More\n"),
            ("unofficial name", "Test.One.UNOFFICIAL\n"),
            ("name and md5", "Test.One:%s\n" % md5(lines[0].encode())),
            ("name and wrong md5", "Test.One:%s\n" % md5(b"x")),
            ("database and line", "a.ndb:1:Test.One\n"),
            ("wrong database", "b.ndb:7:Test.One\n")):
        for ext in ("ign", "ign2"):
            case("ignore by %s, .%s" % (name, ext),
                 {"a.ndb": TWO, "b." + ext: text}, files, ["-z"],
                 finds=name != "both names")
    case("ignore in several databases",
         {"a.ndb": TWO, "a.hdb": "%s:%d:Test.One\n" % (md5(BAD), len(BAD)),
          "a.ldb": "Test.One;Engine:51-255,Target:0;0;%s\n" % b"well".hex(),
          "b.ign2": "Test.One\n"}, files, ["-z"])
    case("ignore a logical rule",
         {"a.ldb": "L.One;Engine:51-255,Target:0;0&1;%s;%s\n" % (
             b"well".hex(), b"badness".hex()), "a.ndb": FIND_BAD,
          "b.ign2": "L.One\n"}, files, ["-z"])
    case("ignore a member rule",
         {"a.cdb": "M.One:CL_TYPE_ZIP:*:^m$:*:*:*:*:*:*\n"
                   "M.Two:CL_TYPE_ZIP:*:^m$:*:*:*:*:*:*\n",
          "b.ign2": "M.One\n"}, files, ["-z"])


# ---- rules about members --------------------------------------------------


def other_containers():
    """As the programs of this machine make them; those it lacks are missing."""
    made = {}
    with tempfile.TemporaryDirectory() as top:
        write_all(os.path.join(top, "d"), {"one.txt": BAD, "two": b"x" * 99})
        for name, command in (
                ("7z", "7z a -bd o one.txt two && mv o.7z o || mv o* o"),
                ("newc", "ls one.txt two | cpio -o -H newc > o"),
                ("odc", "ls one.txt two | cpio -o -H odc > o"),
                ("bin", "ls one.txt two | cpio -o -H bin > o"),
                ("crc", "ls one.txt two | cpio -o -H crc > o"),
                ("v7", "tar --format=v7 -cf o one.txt two"),
                ("iso", "genisoimage -quiet -o o one.txt two"),
                ("ar", "ar rc o one.txt two"),
                ("bz2", "bzip2 -c one.txt > o"), ("xz", "xz -c one.txt > o")):
            path = os.path.join(top, "d", "o")
            if os.path.exists(path):
                os.remove(path)
            subprocess.run(["sh", "-c", command], check=False,
                           cwd=os.path.join(top, "d"),
                           stdout=subprocess.DEVNULL,
                           stderr=subprocess.DEVNULL)
            if os.path.exists(path) and os.path.getsize(path) > 0:
                with open(path, "rb") as f:
                    made[name] = f.read()
    for path in glob.glob("/usr/share/clamav-testfiles/clam.c[ah][bm]"):
        with open(path, "rb") as f:
            made[os.path.basename(path)] = f.read()
    made["mail"] = (
        b"From: a@b\nTo: c@d\nSubject: x\nMIME-Version: 1.0\n"
        b"Content-Type: multipart/mixed; boundary=BB\n\n--BB\n"
        b"Content-Type: application/octet-stream; name=\"one.txt\"\n"
        b"Content-Disposition: attachment; filename=\"one.txt\"\n\n"
        + BAD + b"--BB--\n")
    return made


def member_cases():
    members = [("one.txt", BAD), ("dir/TWO.exe", GOOD * 9), ("three", b"x" * 99)]
    z = zipped(members)
    t = tarred(members)
    files = {"zip": z, "stored": zipped(members, zipfile.ZIP_STORED),
             "tar": t, "nested": zipped([("a.tar", t), ("b.zip", z)]),
             "locked": encrypted_zip("one.txt", BAD, b"secret"),
             "plain": GOOD, "gz": gzipped(z)}
    size = len(BAD)
    crc = zlib.crc32(BAD)
    rows = [
        ("any container", "*:*:one:*:*:*:*:*:*"),
        ("type any", "CL_TYPE_ANY:*:one:*:*:*:*:*:*"),
        ("zip", "CL_TYPE_ZIP:*:one:*:*:*:*:*:*"),
        ("tar", "CL_TYPE_POSIX_TAR:*:one:*:*:*:*:*:*"),
        ("old tar", "CL_TYPE_OLD_TAR:*:one:*:*:*:*:*:*"),
        ("gzip", "CL_TYPE_GZ:*:*:*:*:*:*:*:*"),
        ("container size", "*:%d:one:*:*:*:*:*:*" % len(z)),
        ("container range", "*:%d-%d:one:*:*:*:*:*:*" % (len(z) - 1,
                                                         len(z) + 1)),
        ("container from", "*:%d-:one:*:*:*:*:*:*" % (len(z) + 1)),
        ("container to", "*:-%d:one:*:*:*:*:*:*" % len(z)),
        ("name anchored", "*:*:^one\\.txt$:*:*:*:*:*:*"),
        ("name of other case", "*:*:ONE:*:*:*:*:*:*"),
        ("name in a folder", "*:*:dir/:*:*:*:*:*:*"),
        ("name alternatives", "*:*:(two|TWO)\\.exe:*:*:*:*:*:*"),
        ("name repeated", "*:*:^[a-z]{5}$:*:*:*:*:*:*"),
        ("packed size", "*:*:*:90-99:*:*:*:*:*"),
        ("packed small", "*:*:*:-40:*:*:*:*:*"),
        ("real size", "*:*:*:*:%d:*:*:*:*" % size),
        ("real size beside", "*:*:*:*:%d:*:*:*:*" % (size + 1)),
        ("real range", "*:*:*:*:%d-%d:*:*:*:*" % (size - 3, size + 3)),
        ("encrypted", "*:*:one:*:*:1:*:*:*"),
        ("not encrypted", "*:*:one:*:*:0:*:*:*"),
        ("position 0", "*:*:*:*:*:*:0:*:*"),
        ("position 1", "*:*:*:*:*:*:1:*:*"),
        ("positions 2-3", "*:*:*:*:*:*:2-3:*:*"),
        ("position in zip", "CL_TYPE_ZIP:*:*:*:*:*:1:*:*"),
        ("checksum", "*:*:*:*:*:*:*:%d:*" % crc),
        ("checksum in hex", "*:*:*:*:*:*:*:%x:*" % crc),
        ("checksum beside", "*:*:*:*:*:*:*:%d:*" % (crc ^ 1)),
        ("level", "*:*:one:*:*:*:*:*:*:51"),
        ("level beyond", "*:*:one:*:*:*:*:*:*:999"),
        ("level before", "*:*:one:*:*:*:*:*:*:51:90"),
    ]
    for name, fields in rows:
        case("member " + name, {"a.cdb": "M.Rule:%s\n" % fields}, files,
             ["-z"], finds=None)
        if name not in ("zip", "tar", "old tar"):
            case("other member " + name, {"a.cdb": "M.Rule:%s\n" % fields},
                 other_containers(), ["-z"], finds=None)
    for name, fields in (
            ("name", "*:one.*:*:*:*:*:*:*"), ("sizes", "*:*:%d:*:*:*:*:*" % size),
            ("checksum", "*:*:*:*:%x:*:*:*" % crc),
            ("checksum beside", "*:*:*:*:%x:*:*:*" % (crc ^ 16)),
            ("encrypted", "1:*:*:*:*:*:*:*"), ("position", "*:*:*:*:*:*:2:*"),
            ("method", "*:*:*:*:*:8:*:*"), ("depth", "*:*:*:*:*:*:*:1")):
        case("member old %s" % name, {"a.zmd": "M.Old:%s\n" % fields}, files,
             ["-z"], finds=None)
    case("members and bodies", {"a.cdb": "M.A:*:*:one:*:*:*:*:*:*\n"
                                         "M.B:*:*:TWO:*:*:*:*:*:*\n",
                                "a.ndb": FIND_BAD}, files, ["-z"])
    case("member beside allow", {
        "a.cdb": "M.A:*:*:one:*:*:*:*:*:*\n",
        "b.fp": "%s:%d:Allowed\n" % (md5(z), len(z))}, files)


# ---- passwords ------------------------------------------------------------


def password_cases():
    files = {"one": encrypted_zip("m", BAD, b"secret"),
             "two": encrypted_zip("m", BAD, b"infected"),
             "none": encrypted_zip("m", BAD, b"other"),
             "plain": zipped([("m", BAD)]),
             "deep": zipped([("one.zip", encrypted_zip("m", BAD,
                                                       b"secret"))])}
    for name, text in (
            ("plain word", "P;Engine:81-255;0;secret\n"),
            ("hexadecimal", "P;Engine:81-255;1;%s\n" % b"secret".hex()),
            ("two", "P;Engine:81-255;0;secret\nQ;Engine:81-255;0;infected\n"),
            ("for zip", "P;Engine:81-255,Container:CL_TYPE_ZIP;0;secret\n"),
            ("for rar", "P;Engine:81-255,Container:CL_TYPE_RAR;0;secret\n"),
            ("with target", "P;Engine:81-255,Target:0;0;secret\n"),
            ("for a later engine", "P;Engine:300-400;0;secret\n")):
        case("password " + name, {"a.pwdb": text, "a.ndb": FIND_BAD}, files,
             finds=None)
    case("password and alert", {"a.pwdb": "P;Engine:81-255;0;secret\n",
                                "a.ndb": FIND_BAD}, files,
         ["--alert-encrypted=yes"])


# ---- unwanted -------------------------------------------------------------


def unwanted_cases():
    files = {"bad": BAD, "good": GOOD, "zip": zipped([("m", BAD)])}
    databases = {
        "a.hdu": "%s:%d:PUA.Tool.Hash\n" % (md5(BAD), len(BAD)),
        "a.hsu": "%s:%d:PUA.Tool.Long\n" % (sha256(GOOD), len(GOOD)),
        "a.ndu": "PUA.Game.Body:0:*:%s\n" % b"badness".hex(),
        "a.ldu": "PUA.Tool.Logic;Engine:51-255,Target:0;0&1;%s;%s\n" % (
            b"well".hex(), b"badness".hex()),
        "b.ndb": "Test.Named:0:*:%s\nPUA.In.Ndb:0:*:%s\n" % (
            b"look for".hex(), b"all of it".hex()),
    }
    for options in ([], ["--detect-pua"], ["--detect-pua=no"]):
        case("unwanted %s" % " ".join(options), databases, files,
             options + ["-z"])
    for ext in ("hdu", "hsu", "ndu", "ldu"):
        only = {name: text for name, text in databases.items()
                if name == "a." + ext}
        case("unwanted only .%s" % ext, only, files, ["--detect-pua"])
        case("unwanted only .%s, not asked" % ext, only, files, finds=False)


# ---- where an object lies -------------------------------------------------


def container_cases():
    def z(data):
        return zipped([("z", data)])

    def t(data):
        return tarred([("t", data)])

    files = {"bad": bad(), "zip": z(bad()), "tar": t(bad()),
             "gz": gzipped(bad()), "zip.gz": gzipped(z(bad())),
             "tar.zip": z(t(bad())), "zip.tar.zip": z(t(z(bad()))),
             "zip.zip": z(z(bad())), "zip.zip.zip": z(z(z(bad()))),
             "tar.zip.gz.zip": z(gzipped(z(t(bad())))),
             "zip.tar": t(z(bad()))}
    tdbs = [
        "Container:CL_TYPE_ZIP", "Container:CL_TYPE_POSIX_TAR",
        "Container:CL_TYPE_GZ", "Container:CL_TYPE_ANY",
        "Container:CL_TYPE_TEXT_ASCII", "Container:CL_TYPE_MSEXE",
        "Intermediates:CL_TYPE_ZIP", "Intermediates:CL_TYPE_POSIX_TAR",
        "Intermediates:CL_TYPE_ZIP>CL_TYPE_ZIP",
        "Intermediates:CL_TYPE_ZIP>CL_TYPE_POSIX_TAR",
        "Intermediates:CL_TYPE_POSIX_TAR>CL_TYPE_ZIP",
        "Intermediates:CL_TYPE_ANY>CL_TYPE_ZIP",
        "Intermediates:CL_TYPE_ZIP>CL_TYPE_ANY",
        "Intermediates:CL_TYPE_GZ>CL_TYPE_ZIP",
        "Intermediates:CL_TYPE_ANY",
        "Intermediates:CL_TYPE_ZIP>CL_TYPE_ANY>CL_TYPE_POSIX_TAR",
        "Intermediates:CL_TYPE_ANY>CL_TYPE_ZIP>CL_TYPE_ANY",
        "Intermediates:CL_TYPE_ZIP>CL_TYPE_ZIP>CL_TYPE_ZIP",
        "Intermediates:CL_TYPE_ZIP,Container:CL_TYPE_ZIP",
        "Container:CL_TYPE_ZIP,Intermediates:CL_TYPE_POSIX_TAR",
        "Container:CL_TYPE_ZIP,FileSize:0-40",
        "Container:CL_TYPE_ZIP,FileSize:41-900",
    ]
    for tdb in tdbs:
        case("where %s" % tdb,
             {"a.ldb": "L.Where;Engine:81-255,%s,Target:0;0;%s\n" % (
                 tdb, b"badness".hex())}, files, ["-z"], finds=None)


def handler_cases():
    files = {"bad": bad(), "zip": zipped([("m", bad())]),
             "wrapped": b"HEADER-OF-OUR-OWN" + zipped([("m", bad())]),
             "mail": b"X-Start: here\r\n\r\nFrom: a\nTo: b\nSubject: c\n\n"
                     + bad(),
             "raw": bytes(range(256)) + bad()}
    for target in ("CL_TYPE_ZIP", "CL_TYPE_MAIL", "CL_TYPE_HTML",
                   "CL_TYPE_TEXT_ASCII", "CL_TYPE_MSEXE", "CL_TYPE_GZ",
                   "CL_TYPE_POSIX_TAR"):
        for first, text in (("any", "%s" % b"HEADER-OF".hex()),
                            ("bad", "%s" % b"badness".hex())):
            case("handler %s on %s" % (target, first),
                 {"a.ldb": "L.Handler;Engine:81-255,HandlerType:%s,Target:0;0;"
                           "%s\n" % (target, text),
                  "b.ndb": FIND_BAD}, files, ["-z"])
    case("handler detects, too",
         {"a.ldb": "L.H;Engine:81-255,HandlerType:CL_TYPE_ZIP,Target:0;0;%s\n"
                   % b"badness".hex()}, files)


# ---- file type magic ------------------------------------------------------


def magic_cases():
    files = {"own": b"OWNMAGIC" + b"\1\2\3" + BAD, "late": b"\1\2OWNMAGIC\1" + BAD,
             "zip": zipped([("m", BAD)]), "text": BAD,
             "elf": b"\x7fELF\2\1\1" + bytes(57) + BAD,
             "mz": b"MZ" + bytes(62) + BAD}
    body = {"t%d.ndb" % t: "Test.T%d:%d:*:%s\n" % (t, t, b"badness".hex())
            for t in (0, 1, 3, 6, 7)}
    zip_magic = "0:0:504b0304:zip:CL_TYPE_ANY:CL_TYPE_ZIP\n"
    own = b"OWNMAGIC".hex()
    rows = [
        ("kind 0", "0:0:%s:own:CL_TYPE_ANY:CL_TYPE_ELF\n" % own),
        ("kind 0 later", "0:2:%s:own:CL_TYPE_ANY:CL_TYPE_ELF\n" % own),
        ("kind 0 as html", "0:0:%s:own:CL_TYPE_ANY:CL_TYPE_HTML\n" % own),
        ("kind 0 as text", "0:0:%s:own:CL_TYPE_ANY:CL_TYPE_TEXT_ASCII\n" % own),
        ("kind 0 beside zip", zip_magic +
         "0:0:%s:own:CL_TYPE_ANY:CL_TYPE_ELF\n" % own),
        ("kind 0 twice", "0:0:%s:own:CL_TYPE_ANY:CL_TYPE_ELF\n"
         "0:0:%s:own:CL_TYPE_ANY:CL_TYPE_HTML\n" % (own, own[:8])),
        ("kind 0 of three", "0:0:%s:own:CL_TYPE_ANY:CL_TYPE_HTML\n"
         "0:0:%s:own:CL_TYPE_ANY:CL_TYPE_ELF\n"
         "0:0:%s:own:CL_TYPE_ANY:CL_TYPE_MSEXE\n" % (own, own, own)),
        ("kind 0 of three, longest last", "0:0:%s:own:CL_TYPE_ANY:CL_TYPE_HTML\n"
         "0:0:%s:own:CL_TYPE_ANY:CL_TYPE_ELF\n" % (own[:6], own)),
        ("kind 4", "4:0:%s:own:CL_TYPE_ANY:CL_TYPE_ELF\n" % own),
        ("kind 4 with partition",
         "4:0:%s:own:CL_TYPE_ANY:CL_TYPE_PART_HFSPLUS\n" % own),
        ("level", "0:0:%s:own:CL_TYPE_ANY:CL_TYPE_ELF:51\n" % own),
        ("level beyond", "0:0:%s:own:CL_TYPE_ANY:CL_TYPE_ELF:999\n" % own),
    ]
    for name, text in rows:
        case("magic " + name, dict(body, **{"a.ftm": text}), files, ["-z"],
             finds=None)


def built_in_magics():
    """The list that clamscan has built in, as a .ftm; None if it is not found
    in its library."""
    for path in glob.glob("/usr/lib/*/libclamav.so.*"):
        with open(path, "rb") as f:
            lines = re.findall(rb"[014]:[0-9*E][^\0:]*:[^\0]+:CL_TYPE_[^\0]+",
                               f.read())
        if len(lines) > 200:
            return b"\n".join(lines).decode() + "\n"
    return None


def magic_pattern_cases():
    """Patterns in the first KiB of what is text or unknown, and further on."""
    own = b"OWNWORD"
    other = b"OTHERWORD"
    text = b"some text\n"
    page = b"<html><head><title>x</title></head>"
    files = {
        "head text": text + own + BAD, "late text": text * 300 + own + BAD,
        "head data": bytes(range(256)) + own + BAD,
        "late data": bytes(range(256)) * 20 + own + BAD,
        "edge": b"x" * 1017 + own + BAD, "over edge": b"x" * 1018 + own + BAD,
        "elf": b"\x7fELF\2\1\1" + bytes(57) + own + BAD,
        "zip": zipped([("m", BAD)]), "in zip": zipped([("m", own + BAD)]),
        "page": page + own + BAD, "late page": text * 300 + page + BAD,
        "both": text + own + other + BAD, "turned": text + other + own + BAD,
        "mail": b"From: a\nTo: b\nSubject: c\n\n" + own + BAD,
        "wide": b"\xff\xfe" + (text + own).decode().encode("utf-16-le") + BAD,
        "none": BAD}
    body = {"t%d.ndb" % t: "Test.T%d:%d:*:%s\n" % (t, t, b"badness".hex())
            for t in (0, 1, 3, 4, 5, 6, 7, 10)}
    line = "1:%%s:%s:own:CL_TYPE_%%s:CL_TYPE_%%s\n" % own.hex()
    direct = "0:0:%s:direct:CL_TYPE_ANY:CL_TYPE_PDF\n" % b"FOO".hex()
    rows = {to: line % ("*", "ANY", to) for to in (
        "ELF", "HTML", "MAIL", "MSEXE", "TEXT_ASCII", "GRAPHICS", "PDF",
        "BINARY_DATA", "MBR", "SCRIPT")}
    del files["late page"]  # HTML is told by our own words, too
    rows.update({
        "from text": line % ("*", "TEXT_ASCII", "ELF"),
        "from data": line % ("*", "BINARY_DATA", "ELF"),
        "from zip": line % ("*", "ZIP", "ELF"),
        "from text to html": line % ("*", "TEXT_ASCII", "HTML"),
        "from data to html": line % ("*", "BINARY_DATA", "HTML"),
        "at a place": line % ("10", "ANY", "ELF"),
        "at another place": line % ("11", "ANY", "ELF"),
        "at places": line % ("0,100", "ANY", "ELF"),
        "from the end": line % ("EOF-%d" % (7 + len(BAD)), "ANY", "ELF"),
        "alone with bytes": direct + line % ("*", "ANY", "GRAPHICS"),
        "html alone with bytes": direct + line % ("*", "ANY", "HTML"),
        "two levels": line % ("*", "ANY", "ELF:51") + line % (
            "*", "ANY", "GRAPHICS:999"),
        "wildcards": "1:*:4f57{2}(4f|50)??44:own:CL_TYPE_ANY:CL_TYPE_ELF\n",
    })
    for first, second in (("ELF", "HTML"), ("HTML", "ELF"), ("MSEXE", "ELF"),
                          ("MSEXE", "HTML"), ("GRAPHICS", "PDF"),
                          ("MAIL", "HTML"), ("XML_XL", "ELF")):
        rows["%s or %s" % (first, second)] = line % ("*", "ANY", first) + (
            "1:*:%s:other:CL_TYPE_ANY:CL_TYPE_%s\n" % (other.hex(), second))
    for name, text in rows.items():
        looked_for = dict(body)
        if "MAIL" in name:  # text that is no mail has other parts here
            for target in (3, 7):
                del looked_for["t%d.ndb" % target]
        case("pattern " + name, dict(looked_for, **{"a.ftm": text}), files,
             ["-z"])
    built_in = built_in_magics()
    if built_in is not None:
        for name, text in (("alone", ""), ("ELF", rows["ELF"]),
                           ("HTML", rows["HTML"])):
            case("built-in magics and " + name,
                 dict(body, **{"a.ftm": built_in + text}), files, ["-z"])


# ---- import hashes --------------------------------------------------------


def import_cases():
    paths = sorted(glob.glob("/usr/share/clamav-testfiles/*.exe")
                   + glob.glob("/usr/lib/*/wine/*-windows/*.exe"))
    files = {}
    lines = []
    for path in paths:
        if os.path.getsize(path) > 1 << 20 or len(files) == 12:
            continue
        done = subprocess.run(["sigtool", "--imp", path], check=False,
                              stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL)
        found = re.findall(rb"\b([0-9a-f]{32}):(\d+)", done.stdout)
        if not found:
            continue
        with open(path, "rb") as f:
            files["pe%d" % len(files)] = f.read()
        lines.append((found[0][0].decode(), int(found[0][1])))
    if not files:
        return
    files["zip"] = zipped([("a.exe", files["pe0"])])
    for name, text in (
            ("exact", ["%s:%d" % line for line in lines]),
            ("beside", ["%s:%d" % (h, n + 1) for h, n in lines]),
            ("any size", ["%s:*" % h for h, _ in lines])):
        case("imports " + name, {"a.imp": "".join(
            "%s:Imp.%d\n" % (line, i) for i, line in enumerate(text))}, files,
             ["-z"], finds=name != "beside")


# ---- containers of databases ----------------------------------------------


def cud(members):
    """main.cud as sigtool makes it, or None if it cannot."""
    with tempfile.TemporaryDirectory() as top:
        write_all(os.path.join(top, "d"), dict(members, COPYING="none\n"))
        subprocess.run(["sigtool", "--build=main.cud", "--unsigned",
                        "--max-bad-sigs=99", "--flevel=90", "--cvd-version=7"],
                       cwd=os.path.join(top, "d"), input=b"tester\n",
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                       check=False)
        try:
            with open(os.path.join(top, "d", "main.cud"), "rb") as f:
                return f.read()
        except OSError:
            return None


def archive_cases():
    files = {"bad": BAD, "good": GOOD, "zip": zipped([("m", BAD)])}
    members = {"main.ndb": FIND_BAD,
               "main.hdb": "%s:%d:Test.Hash\n" % (md5(GOOD), len(GOOD))}
    whole = cud(members)
    if whole is None:
        return
    case("cud", {"main.cud": whole}, files)
    case("cud of another name", {"other.cud": whole}, files)
    case("cud beside a plain one", {"main.cud": whole, "b.ndb": TWO}, files,
         ["-z"])
    case("cud with ignore list",
         {"main.cud": cud(dict(members, **{"main.ign2": "Test.Bad\n"}))}, files,
         ["-z"])
    case("cud that is cut", {"main.cud": whole[:-40]}, files, finds=None)
    case("cud without header", {"main.cud": whole[512:]}, files, finds=False)
    case("cud called .cvd", {"main.cvd": whole}, files, finds=None)
    case("cud called .cld", {"main.cld": whole}, files, finds=None)
    tar = gzip.decompress(whole[512:])
    at = tar.index(b"Test.Bad")
    case("cud with a database changed",
         {"main.cud": whole[:512] + gzipped(tar[:at] + b"Rest.Bad"
                                            + tar[at + 8:])}, files, finds=None)


# ---- precedence -----------------------------------------------------------


def precedence_cases():
    rng = random.Random(7)
    names = ["well", "badness", "look", "all", "of it"]
    files = {"bad": BAD, "zip": zipped([("a", GOOD), ("b", BAD), ("c", BAD)]),
             "tail": GOOD + BAD}
    for i in range(8):
        rng.shuffle(names)
        databases = {
            "a.ndb": "".join("N.%s:0:*:%s\n" % (n.replace(" ", ""),
                                                n.encode().hex())
                             for n in names[:3]),
            "b.ldb": "".join(
                "L.%s;Engine:51-255,Target:0;0;%s\n" % (
                    n.replace(" ", ""), n.encode().hex()) for n in names[2:]),
            "c.hdb": "%s:%d:H.Bad\n" % (md5(BAD), len(BAD)),
            "d.cdb": "M.B:*:*:b:*:*:*:*:*:*\n",
        }
        for drop in (None, "a.ndb", "c.hdb", "b.ldb"):
            kept = {k: v for k, v in databases.items() if k != drop}
            case("precedence %d without %s" % (i, drop), kept, files)
            case("precedence %d without %s, all" % (i, drop), kept, files,
                 ["-z"])


# ---- running --------------------------------------------------------------


def scan(command, options, database, folder):
    paths = sorted(os.path.join(folder, name) for name in os.listdir(folder))
    done = subprocess.run(
        command + ["--no-summary", "-d", database] + list(options) + paths,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    lines = [line.replace(folder + "/", "")
             for line in done.stdout.decode("latin-1").splitlines() if line]
    return lines, done.returncode, done.stderr.decode("latin-1")


def write_all(folder, contents):
    os.makedirs(folder)
    for name, data in contents.items():
        with open(os.path.join(folder, name), "wb") as f:
            f.write(data.encode() if isinstance(data, str) else data)


def in_order(lines, options):
    """Files come in no order where several cores scan them. All matches of one
    file come in no number that anybody relies on: clamscan tells some of them
    once for each form of a text."""
    return sorted(set(lines) if "-z" in options else lines)


def compare(overt, one, verbose):
    with tempfile.TemporaryDirectory() as top:
        database = os.path.join(top, "db")
        folder = os.path.join(top, "files")
        write_all(database, one.databases)
        write_all(folder, one.files)
        theirs, their_code, their_words = scan(["clamscan"], one.options,
                                               database, folder)
        ours, our_code, our_words = scan([overt, "clamscan"], one.options,
                                         database, folder)
    found = any(line.endswith(" FOUND") for line in theirs)
    if verbose:
        print("\n".join("  " + line for line in theirs))
    if one.finds is not None and found != one.finds:
        print("%s: clamscan finds %s\n%s" % (
            one.name, "something" if found else "nothing", their_words))
        return False
    if (in_order(theirs, one.options), their_code) == (
            in_order(ours, one.options), our_code):
        return True
    print("%s: clamscan exits with %d, overt with %d" % (one.name, their_code,
                                                         our_code))
    for line in sorted(set(theirs) - set(ours)):
        print("  only clamscan: " + line)
    for line in sorted(set(ours) - set(theirs)):
        print("  only overt:    " + line)
    if their_code == 2:
        print("  clamscan: " + their_words.strip().replace("\n", "\n  "))
    if our_code == 2:
        print("  overt: " + our_words.strip().replace("\n", "\n  "))
    return False


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("overt")
    parser.add_argument("--only", default="")
    parser.add_argument("--verbose", action="store_true")
    options = parser.parse_args()
    if not has_clamav("clamscan", "sigtool"):
        return 77
    for make in (allow_cases, ignore_cases, member_cases, password_cases,
                 unwanted_cases, container_cases, handler_cases, magic_cases,
                 magic_pattern_cases,
                 import_cases, archive_cases, precedence_cases):
        make()
    chosen = [one for one in CASES if options.only in one.name]
    failed = 0
    for one in chosen:
        if options.verbose:
            print(one.name)
        failed += not compare(options.overt, one, options.verbose)
    print("%d cases, %d differ" % (len(chosen), failed))
    return 1 if failed or not chosen else 0


if __name__ == "__main__":
    sys.exit(main())
