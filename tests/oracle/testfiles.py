#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Opens the files of Debian's clamav-testfiles: each holds the same program.

usage: testfiles.py UNPACK_PROBE

Each file named in OPENED must have the program among its members, whole. Those
in NOT_OPENED (docs/limits.md) must not: a file that is opened now belongs into
the first list. Exits 77 where the files are not installed.
"""
import hashlib
import os
import subprocess
import sys

FOLDER = "/usr/share/clamav-testfiles"
OPENED = """
clam.7z clam.bin-be.cpio clam.bin-le.cpio clam.bz2.zip clam.cab clam.chm
clam.d64.zip clam.exe clam.exe.binhex clam.exe.bz2 clam.exe.html clam.exe.mbox.base64
clam.exe.mbox.uu clam.exe.rtf clam.exe.szdd clam.impl.zip clam.mail
clam.newc.cpio clam.odc.cpio clam.ole.doc clam.pdf clam.ppt clam.sis
clam.tar.gz
clam.tnef clam.zip clam_cache_emax.tgz
""".split()
# Installers and packed programs are matched as they are.
NOT_OPENED = """
clam-aspack.exe clam-fsg.exe clam-mew.exe clam-nsis.exe clam-pespin.exe
clam-petite.exe clam-upack.exe clam-upx.exe clam-wwpack.exe clam-yc.exe
clam.arj clam.ea05.exe clam.ea06.exe
clam_IScab_ext.exe clam_IScab_int.exe clam_ISmsi_ext.exe clam_ISmsi_int.exe
""".split()


def main():
    program = os.path.join(FOLDER, "clam.exe")
    if not os.path.exists(program):
        print("no clamav-testfiles here: skipped")
        return 77
    with open(program, "rb") as file:
        wanted = hashlib.md5(file.read()).hexdigest()
    bad = 0
    for name in sorted(os.listdir(FOLDER)):
        out = subprocess.run([sys.argv[1], os.path.join(FOLDER, name)],
                             stdout=subprocess.PIPE, check=False)
        is_opened = wanted in out.stdout.decode("utf-8", "replace")
        if out.returncode != 0:
            print(name, "ends with", out.returncode)
            bad += 1
        elif name in OPENED and not is_opened:
            print(name, "should be opened:", out.stdout.decode())
            bad += 1
        elif name in NOT_OPENED and is_opened:
            print(name, "is opened now: move it to OPENED")
            bad += 1
    print("%d files to open, %d wrong" % (len(OPENED), bad))
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
