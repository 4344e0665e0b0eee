# SPDX-License-Identifier: Apache-2.0
"""Disk images with partitions, for tests: (first sector, how many)."""
import struct
import zlib

SECTOR = 512


def put_entries(disk, at, parts):
    """Of (status, type, first, n) to the record in sector `at`."""
    for i, (status, kind, first, n) in enumerate(parts):
        place = at * SECTOR + 446 + 16 * i
        disk[place:place + 16] = struct.pack("<B3xB3xII", status, kind, first,
                                             n)
    disk[at * SECTOR + 510:at * SECTOR + 512] = b"\x55\xaa"


def mbr(parts, extended=(), size=64):
    """extended: (sector, parts) each."""
    disk = bytearray(size * SECTOR)
    put_entries(disk, 0, parts)
    for at, inner in extended:
        put_entries(disk, at, inner)
    return bytes(disk)


def gpt_header(me, other, table, size, entries, count, wrong):
    header = b"EFI PART" + struct.pack(
        "<IIIIQQQQ", 0x10000, 92, 0, 0, me, other, 34, size - 34) + (
            b"G" * 16) + struct.pack("<QIII", table, count, 128,
                                     zlib.crc32(entries))
    checksum = zlib.crc32(header) ^ wrong
    return header[:16] + struct.pack("<I", checksum) + header[20:]


def gpt(parts, size=128, wrong=0, has_copy=True):
    """Of (first, last); wrong: added to the checksums."""
    disk = bytearray(mbr([(0, 0xee, 1, size - 1)], (), size))
    entries = b"".join(
        bytes([i + 1]) * 16 + bytes([i + 7]) * 16 + struct.pack(
            "<QQQ", first, last, 0) + b"p".ljust(72, b"\0")
        for i, (first, last) in enumerate(parts)).ljust(128 * 128, b"\0")
    disk[SECTOR:SECTOR + 92] = gpt_header(1, size - 1, 2, size, entries, 128,
                                          wrong)
    disk[2 * SECTOR:2 * SECTOR + len(entries)] = entries
    if has_copy:
        table = size - 1 - len(entries) // SECTOR
        disk[table * SECTOR:table * SECTOR + len(entries)] = entries
        disk[(size - 1) * SECTOR:(size - 1) * SECTOR + 92] = gpt_header(
            size - 1, 1, table, size, entries, 128, wrong)
    return bytes(disk)


def apm(parts, size=64):
    """Of (first, n, type); the map itself is added."""
    disk = bytearray(size * SECTOR)
    disk[:8] = struct.pack(">2sHI", b"ER", SECTOR, size)
    parts = [(1, 3, b"Apple_partition_map")] + parts
    for i, (first, n, kind) in enumerate(parts):
        at = (i + 1) * SECTOR
        disk[at:at + 80] = struct.pack(">2sHIII32s32s", b"PM", 0, len(parts),
                                       first, n, b"x", kind)
    return bytes(disk)


def with_marks(disk, mark=b"MARK%02d"):
    """Each empty sector from 3 to 59 begins with a mark of its own."""
    disk = bytearray(disk)
    for sector in range(3, 60):
        at = sector * SECTOR
        if not any(disk[at:at + SECTOR]):
            disk[at:at + len(mark % sector)] = mark % sector
    return bytes(disk)
