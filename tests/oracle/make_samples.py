# SPDX-License-Identifier: Apache-2.0
"""Small files of formats that no Debian machine has many of: Mach-O, universal
binaries, DEX. Made from random numbers, so that every field differs."""
import struct

MACHO_CPUS = {  # where the program counter is in the thread state, its size
    (6, False): (68, 72), (7, False): (40, 64), (12, False): (60, 68),
    (13, False): (124, 136), (14, False): (4, 76), (18, False): (0, 160),
    (0x1000007, True): (128, 168), (0x100000c, True): (256, 272),
    (0x1000012, True): (0, 304)}


def name(rng, size):
    text = bytes(rng.randrange(0x41, 0x5b) for _ in range(
        rng.randrange(size + 1)))
    return text.ljust(size, b"\0")


def macho_segment(rng, order, is_64, base):
    word = "Q" if is_64 else "I"
    n = rng.randrange(4)
    size = (72 if is_64 else 56) + n * (80 if is_64 else 68)
    out = struct.pack(order + "II", 0x19 if is_64 else 1, size)
    out += name(rng, 16)
    out += struct.pack(order + word * 4, base, 0x1000, base - 0x4000, 0x800)
    out += struct.pack(order + "IIII", 7, 5, n, rng.randrange(16))
    for _ in range(n):
        out += name(rng, 16) + name(rng, 16)
        out += struct.pack(order + word * 2, base + 16, 0x40)
        out += struct.pack(order + "I" * (8 if is_64 else 7),
                           *[rng.randrange(1 << 8) for _ in range(
                               8 if is_64 else 7)])
    return out


def macho(rng, cpu=None):
    cpu, is_64 = cpu or rng.choice(list(MACHO_CPUS))
    order = rng.choice("<>")
    commands = [macho_segment(rng, order, is_64, 0x4000 + 0x1000 * i)
                for i in range(rng.randrange(5))]
    if rng.random() < 0.5:
        at, size = MACHO_CPUS[(cpu, is_64)]
        state = bytearray(size)
        struct.pack_into(order + ("Q" if is_64 else "I"), state, at,
                         0x4000 + rng.randrange(0x5000))
        commands.append(struct.pack(order + "IIII", 5, 16 + size, 1, size // 4)
                        + state)
    else:
        commands.append(struct.pack(order + "IIQQ", 0x80000028, 24,
                                    rng.randrange(1 << 20), 1 << 16))
    commands.append(struct.pack(order + "II", 0x1b, 24) + bytes(16))
    rng.shuffle(commands)
    body = b"".join(commands)
    out = struct.pack(order + "IIIIIII", 0xfeedfacf if is_64 else 0xfeedface,
                      cpu, rng.randrange(8), rng.randrange(1, 11),
                      len(commands), len(body), rng.randrange(1 << 25))
    if is_64:
        out += struct.pack(order + "I", rng.randrange(100))
    return (out + body).ljust(300, b"\0")


def fat(rng):
    is_64 = rng.random() < 0.4
    cpus = rng.sample(list(MACHO_CPUS), rng.randrange(1, 4))
    files = [macho(rng, cpu) for cpu in cpus]
    at = 0x200
    out = struct.pack(">II", 0xcafebabf if is_64 else 0xcafebabe, len(files))
    for cpu, content in zip(cpus, files):
        out += struct.pack(">IIQQII" if is_64 else ">IIIII", cpu[0],
                           rng.randrange(4), at, len(content), 4,
                           *([rng.randrange(9)] if is_64 else []))
        at += len(content)
    return out.ljust(0x200, b"\0") + b"".join(files)


def uleb(value):
    out = bytearray()
    while value > 0x7f:
        out.append(value & 0x7f | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


class Dex:
    """Tables first, then data, which tables point to."""

    def __init__(self, rng):
        self.rng = rng
        self.data = bytearray()
        self.strings = [b"L%s;" % name(rng, 6).strip(b"\0") for _ in range(8)]
        self.strings += [name(rng, 9).strip(b"\0") for _ in range(16)]
        if rng.random() < 0.2:
            self.strings.append(b"x" * 300)
        self.n_types = 6
        self.n_protos = 4
        self.n_fields = 9
        self.n_methods = 9
        self.n_classes = rng.randrange(1, 5)
        counts = [(len(self.strings), 4), (self.n_types, 4),
                  (self.n_protos, 12), (self.n_fields, 8),
                  (self.n_methods, 8), (self.n_classes, 32)]
        self.tables = []
        at = 0x70
        for count, size in counts:
            self.tables.append((count, at))
            at += count * size
        self.data_at = at

    def put(self, content):
        at = self.data_at + len(self.data)
        self.data += content
        return at

    def member(self, is_method, first):
        rng = self.rng
        out = uleb(rng.randrange(2) if not first else rng.randrange(3))
        out += uleb(rng.choice([1, 9, 0x10001, 0x1000]))
        if is_method:
            code = rng.choice([0, 1])
            if code:
                insns = bytes(rng.randrange(256) for _ in range(
                    2 * rng.randrange(5)))
                code = self.put(struct.pack(
                    "<HHHHII", rng.randrange(9), rng.randrange(9), 1, 0,
                    rng.randrange(99), len(insns) // 2) + insns)
            out += uleb(code)
        return out

    def class_data(self):
        rng = self.rng
        counts = [rng.randrange(3) for _ in range(4)]
        out = b"".join(uleb(c) for c in counts)
        for which, count in enumerate(counts):
            for i in range(count):
                out += self.member(which >= 2, i == 0)
        return self.put(out + bytes(16))

    def build(self):
        rng = self.rng
        n = len(self.strings)
        table = b"".join(struct.pack("<I", self.put(uleb(len(s)) + s + b"\0"))
                         for s in self.strings)
        table += b"".join(struct.pack("<I", i) for i in range(self.n_types))
        table += b"".join(struct.pack("<III", rng.randrange(n),
                                      rng.randrange(self.n_types), 0)
                          for _ in range(self.n_protos))
        for size in (self.n_fields, self.n_methods):
            table += b"".join(struct.pack("<HHI", rng.randrange(self.n_types),
                                          rng.randrange(self.n_protos),
                                          rng.randrange(n))
                              for _ in range(size))
        for _ in range(self.n_classes):
            table += struct.pack(
                "<IIIIIIII", rng.randrange(self.n_types), rng.randrange(99),
                rng.randrange(self.n_types), 0, rng.randrange(n), 0,
                rng.choice([0, 1, 1, 1]) and self.class_data(), 0)
        items = [(0, 1, 0)] + [(i + 1, c, at) for i, (c, at) in
                               enumerate(self.tables)]
        map_at = self.put(struct.pack("<I", len(items)) + b"".join(
            struct.pack("<HHII", kind, 0, count, at)
            for kind, count, at in items))
        head = b"dex\n03%d\0" % rng.choice([5, 6, 7, 8, 9])
        head += struct.pack("<I", rng.randrange(1 << 32))
        head += bytes(rng.randrange(256) for _ in range(20))
        head += struct.pack("<IIIIII", self.data_at + len(self.data), 0x70,
                            0x12345678, 0, 0, map_at)
        for count, at in self.tables:
            head += struct.pack("<II", count, at)
        head += struct.pack("<II", len(self.data), self.data_at)
        return head + table + bytes(self.data)


def dex(rng):
    return Dex(rng).build()


MAKERS = {"macho": [macho, macho, fat], "dex": [dex]}


def make(module, rng):
    return rng.choice(MAKERS[module])(rng)
