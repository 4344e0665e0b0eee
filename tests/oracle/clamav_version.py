# SPDX-License-Identifier: Apache-2.0
"""Whether this machine has the ClamAV that Overt is compared with.

Verdicts, databases and functionality levels differ between its versions; ours
are those of 1.4.6, which Debian 12 has in its security updates.
"""
import re
import shutil
import subprocess


def has_clamav(*programs):
    """Whether the programs are there, of 1.4.6 or a later 1.4; says so if not."""
    for program in programs:
        if shutil.which(program) is None:
            print("no %s: skipped" % program)
            return False
        done = subprocess.run([program, "--version"], check=False,
                              stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE)
        words = done.stdout.decode("ascii", "replace").split()
        version = re.match(r"1\.4\.(\d+)", words[1] if len(words) > 1 else "")
        if version is None or int(version.group(1)) < 6:
            print("%s is not 1.4.6 or a later 1.4: skipped" % program)
            return False
    return True
