#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compares normalised views of text and HTML with sigtool's, byte for byte.

usage: sigtool_views.py PROBE [SEED [COUNT]]

PROBE is the views_probe program. Pages and texts are generated from the seed
(printed); quotes in them are closed, since what follows an open one differs
(docs/limits.md). Exits 77 where there is no sigtool.
"""
import os
import random
import struct
import subprocess
import sys
import tempfile

from clamav_version import has_clamav

INLINE = ["text", "HELLO ", "b ", " X", " ", "  ", "\n", "\r\n", "\t", "&amp;",
          "&#65;", "&#x4f;", "&nbsp;", "&bogus;", "&lt;", "&euro; ", "&", ";",
          "=", ">", "/", "\\", "'", '"', "\x01", "\xe4", "\xc3\xb6", "1<2",
          "<!-- a > b -->c", "<!doctype html>", "#", "!"]
TAGS = ["p", "B", "a", "img", "br/", "TABLE", "/p", "/A", "/td", "h1"]
ARGUMENTS = ["href", "SRC", "class", "x", "onClick"]
VALUES = ['"a"', "'B c'", '"http://E.x/?q=1&amp;r"', "plain", "a/B.c", '""',
          "'x:1; y: 2'", '"&#65;b"', "7"]


STATEMENTS = [
    "var a;", "var B=1,c;", "a=b+c;", "function f(x,y){return x+y+a;}",
    "if(a<b){a=1;}", "s=\"str\" + 'S' ;", "foo.bar(a);", "a[1]=2;",
    'x = unescape("%41%42");', "y=1.5+100;", "z=new X;", "/* d */",
    "typeof a;", "\n", "for(var i in o){o[i]=i;}", 't="a\\x41b\\n";',
    'document.write("<b>"+a);', 'var B="x"+"y"+a;', 'w={k:1,"m":a};',
    "function g(){var a=2;function h(a){var c=a;return c}return h(a)}",
    "do{q--;}while(q>0);", "return  this;", "x.foo=1;var foo;x.foo=foo;",
]


def make_script(r):
    said = " ".join(r.choice(STATEMENTS) for _ in range(r.randint(1, 8)))
    return "<script>" + said + "</script>"


def make_tag(r):
    tag = "<" + r.choice(["", "", " "]) + r.choice(TAGS)
    for _ in range(r.choice([0, 0, 1, 2])):
        tag += r.choice([" ", "  ", "\n"]) + r.choice(ARGUMENTS)
        if r.random() < 0.8:
            tag += r.choice(["=", " = "]) + r.choice(VALUES)
    return tag + r.choice(["", " "]) + ">"


def make_page(r):
    page = []
    for _ in range(r.randint(1, 60)):
        kind = r.random()
        if kind < 0.35:
            page.append(make_tag(r))
        elif kind < 0.37:
            page.append(make_script(r))
        elif kind < 0.39:
            page.append("<style>a  {b: 'C'}</style>")
        else:
            page.append(r.choice(INLINE))
    # Bytes at the very end may still wait for others.
    return ("".join(page) + "<p>end").encode("latin-1")


def make_text(r):
    size = r.choice([10, 1000, 100000])
    few = bytes(r.choice(b"aB \n\t\r\x00\x01\x80z") for _ in range(20))
    return bytes(r.choice(few) if r.random() < 0.5 else r.randrange(256)
                 for _ in range(r.randint(1, size)))


def expected(kind, data):
    with tempfile.TemporaryDirectory() as folder:
        with open(os.path.join(folder, "in"), "wb") as file:
            file.write(data)
        option = "--html-normalise" if kind == "html" else "--ascii-normalise"
        # Its exit code says nothing: it may crash after the work is done.
        subprocess.run(["sigtool", option, os.path.join(folder, "in")],
                       cwd=folder, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL, check=False)
        names = (["nocomment.html", "notags.html", "javascript"]
                 if kind == "html"
                 else ["normalised_text"])
        views = []
        for name in names:
            path = os.path.join(folder, name)
            view = b""
            if os.path.exists(path):
                with open(path, "rb") as file:
                    view = file.read()
            views.append(view)
        return views


def actual(probe, kind, data):
    out = subprocess.run([probe, kind], input=data, stdout=subprocess.PIPE,
                         check=True).stdout
    views = []
    while out:
        (size,) = struct.unpack("<I", out[:4])
        views.append(out[4:4 + size])
        out = out[4 + size:]
    return views


def main():
    if not has_clamav("sigtool"):
        return 77
    probe = sys.argv[1]
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    count = int(sys.argv[3]) if len(sys.argv) > 3 else 150
    bad = 0
    print("seed", seed)
    for i in range(count):
        r = random.Random(seed * 1000003 + i)
        kind = "html" if i % 4 else "text"
        data = make_page(r) if kind == "html" else make_text(r)
        for want, got in zip(expected(kind, data), actual(probe, kind, data)):
            if want != got:
                bad += 1
                print("differs on", kind, i, data[:2000],
                      "\n  sigtool:", want[:2000], "\n  ours:   ", got[:2000])
                break
    print("%d compared, %d differ" % (count, bad))
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
