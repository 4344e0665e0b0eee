# SPDX-License-Identifier: Apache-2.0
"""Writes compound files ([MS-CFB]), and what a VBA project in one consists of
([MS-OVBA]), for tests."""
import struct

SECTOR = 512
END = 0xfffffffe
NONE = 0xffffffff


class Sectors:
    def __init__(self):
        self.sectors = []
        self.fat = []

    def put(self, data):
        """The first sector of the data; they lie one behind the other."""
        if not data:
            return END
        first = len(self.sectors)
        n = (len(data) + SECTOR - 1) // SECTOR
        for i in range(n):
            self.sectors.append(data[i * SECTOR:(i + 1) * SECTOR].ljust(
                SECTOR, b"\0"))
            self.fat.append(first + i + 1 if i + 1 < n else END)
        return first

    def put_fat(self):
        """Where its sectors are."""
        n = 1
        while len(self.sectors) + n > n * SECTOR // 4:
            n += 1
        first = len(self.sectors)
        self.fat += [0xfffffffd] * n
        table = b"".join(struct.pack("<I", x) for x in self.fat)
        table = table.ljust(n * SECTOR, b"\xff")
        self.sectors += [table[i * SECTOR:(i + 1) * SECTOR] for i in range(n)]
        return [first + i for i in range(n)]


def compound_file(entries):
    """Of (path, bytes, or None for a storage); storages before what is in them.
    Streams shall have 4,096 bytes or more: there are no mini sectors."""
    nodes = [["Root Entry", 5, None, []]]
    index = {(): 0}
    for path, data in entries:
        index[path] = len(nodes)
        nodes[index[path[:-1]]][3].append(len(nodes))
        nodes.append([path[-1], 1 if data is None else 2, data, []])
    out = Sectors()
    starts = [out.put(node[2]) for node in nodes]
    next_of = {}
    for node in nodes:
        next_of.update(zip(node[3], node[3][1:]))
    directory = b""
    for i, (name, kind, data, children) in enumerate(nodes):
        name = name.encode("utf-16-le")
        directory += name.ljust(64, b"\0") + struct.pack(
            "<HBBIII", len(name) + 2, kind, 1, NONE, next_of.get(i, NONE),
            children[0] if children else NONE) + bytes(36) + struct.pack(
                "<III", starts[i], len(data or b""), 0)
    first = out.put(directory)
    fat = out.put_fat()
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16) + struct.pack(
        "<6H10I", 0x3e, 3, 0xfffe, 9, 6, 0, 0, 0, len(fat), first, 0, 0x1000,
        END, 0, END, 0)
    header += b"".join(struct.pack("<I", fat[i] if i < len(fat) else NONE)
                       for i in range(109))
    return header.ljust(SECTOR, b"\0") + b"".join(out.sectors)


def compressed(source):
    """As [MS-OVBA] 2.4.1 has it, without any copies."""
    out = b"\1"
    for i in range(0, len(source), 3600):
        part = source[i:i + 3600]
        chunk = b"".join(b"\0" + part[k:k + 8]
                         for k in range(0, len(part), 8))
        out += struct.pack("<H", 0xb000 | (len(chunk) - 1)) + chunk
    return out


def record(kind, data=b""):
    return struct.pack("<HI", kind, len(data)) + data


def vba_directory(modules):
    """The stream "dir" of (name, where its source begins in its stream)."""
    out = record(1, struct.pack("<I", 1)) + record(2, bytes(4))
    out += record(0x14, bytes(4)) + record(3, struct.pack("<H", 1252))
    out += record(4, b"VBAProject") + record(5) + record(0x40) + record(6)
    out += record(0x3d) + record(7, bytes(4)) + record(8, bytes(4))
    out += struct.pack("<HIIH", 9, 4, 1, 1) + record(0xc) + record(0x3c)
    out += record(0xf, struct.pack("<H", len(modules)))
    out += record(0x13, b"\xff\xff")
    for name, at in modules:
        wide = name.encode("utf-16-le")
        out += record(0x19, name.encode()) + record(0x47, wide)
        out += record(0x1a, name.encode()) + record(0x32, wide)
        out += record(0x1c) + record(0x48) + record(0x31, struct.pack("<I", at))
        out += record(0x1e, bytes(4)) + record(0x2c, b"\xff\xff")
        out += record(0x21) + struct.pack("<HI", 0x2b, 0)
    return out + struct.pack("<HI", 0x10, 0)
