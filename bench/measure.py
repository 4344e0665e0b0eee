# SPDX-License-Identifier: Apache-2.0
"""Runs commands and measures what they cost, with all their processes."""
import os
import re
import sys
import threading
import time

SLOW = 20.0  # seconds; what takes longer is run once


class Watch(threading.Thread):
    """Samples the resident sets of a process's descendants while it runs."""

    def __init__(self, pid):
        super().__init__(daemon=True)
        self.pid = pid
        self.peak = {}
        self.is_over = threading.Event()

    def run(self):
        while not self.is_over.wait(0.01):
            for pid in self.family():
                self.sample(pid)

    def family(self):
        known, found = [self.pid], []
        while known:
            pid = known.pop()
            found.append(pid)
            try:
                with open("/proc/%d/task/%d/children" % (pid, pid),
                          encoding="ascii") as file:
                    known += [int(child) for child in file.read().split()]
            except OSError:
                pass
        return found

    def sample(self, pid):
        try:
            with open("/proc/%d/status" % pid, encoding="ascii") as file:
                match = re.search(r"VmHWM:\s*(\d+)", file.read())
        except OSError:
            return
        if match:
            self.peak[pid] = max(self.peak.get(pid, 0), int(match.group(1)))


def measure(command, cores):
    """Runs command on these cores: CPU seconds, wall seconds, peak MB."""
    began = time.monotonic()
    pid = os.fork()
    if pid == 0:
        try:
            os.sched_setaffinity(0, cores)
            null = os.open("/dev/null", os.O_RDWR)
            for descriptor in (0, 1, 2):
                os.dup2(null, descriptor)
            os.execvp(command[0], command)
        finally:
            os._exit(127)
    watch = Watch(pid)
    watch.start()
    _, status, usage = os.wait4(pid, 0)
    wall = time.monotonic() - began
    cpu = usage.ru_utime + usage.ru_stime
    faults = usage.ru_minflt
    watch.is_over.set()
    watch.join()
    # What the command did not wait for is ours now: its seconds count too.
    try:
        while True:
            _, _, rest = os.wait4(-1, 0)
            cpu += rest.ru_utime + rest.ru_stime
            faults += rest.ru_minflt
    except ChildProcessError:
        pass
    code = os.waitstatus_to_exitcode(status)
    if code not in (0, 1, 3):
        sys.exit("bench: exit code %d from: %s" % (code, " ".join(command)))
    peak = max([usage.ru_maxrss] + list(watch.peak.values())) / 1024
    return {"cpu": cpu, "wall": wall, "mb": peak, "faults": faults}


def best(command, cores, runs):
    """The least of several runs: noise only ever adds."""
    results = []
    for _ in range(runs):
        results.append(measure(command, cores))
        if results[-1]["cpu"] > SLOW:
            break
    return {key: min(r[key] for r in results) for key in results[0]}


def tree_size(path):
    size = count = 0
    for root, _, names in os.walk(path):
        for name in names:
            size += os.path.getsize(os.path.join(root, name))
            count += 1
    return size, count
