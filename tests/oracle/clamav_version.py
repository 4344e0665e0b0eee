# SPDX-License-Identifier: Apache-2.0
"""Whether this machine has the ClamAV that Overt is compared with.

Verdicts and databases differ between its versions; ours are those of 1.4, which
Debian 12 has in its security updates.
"""
import shutil
import subprocess


def has_clamav(*programs):
    """Whether the programs are there, of version 1.4; says so if not."""
    for program in programs:
        if shutil.which(program) is None:
            print("no %s: skipped" % program)
            return False
        done = subprocess.run([program, "--version"], check=False,
                              stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE)
        words = done.stdout.decode("ascii", "replace").split()
        if len(words) < 2 or not words[1].startswith("1.4."):
            print("%s is not of version 1.4: skipped" % program)
            return False
    return True
