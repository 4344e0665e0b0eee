# SPDX-License-Identifier: Apache-2.0
"""What monitor_*.sh try: python3 monitor_cases.py CASE, in a private folder.
MONITOR is the program; logs are tlog.py's."""
import functools
import http.server
import json
import os
import shutil
import subprocess
import sys
import threading
import time

from tlog import Key, Log, tile_path

PROGRAM = os.environ["MONITOR"]


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *args):
        pass


def serve(folder):
    """The address of a web server over a folder."""
    handler = functools.partial(Quiet, directory=folder)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return "http://127.0.0.1:%d/" % server.server_address[1]


def run(*arguments):
    done = subprocess.run([PROGRAM] + list(arguments), stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def write(path, text):
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def policy_of(log, *witnesses, quorum=None):
    lines = ["log %s" % log.key.vkey()]
    lines += ["witness w%d %s" % (i, w.vkey())
              for i, w in enumerate(witnesses)]
    if witnesses:
        lines.append("group all %s %s" % (
            quorum or len(witnesses),
            " ".join("w%d" % i for i in range(len(witnesses)))))
    lines.append("quorum %s" % ("all" if witnesses else "none"))
    return "\n".join(lines) + "\n"


def cosigned(log, witnesses, size=None, at=None):
    text = log.text(size)
    stamp = int(time.time()) if at is None else at
    return log.checkpoint(size, "".join(w.line(text, stamp)
                                        for w in witnesses))


def verify():
    """A log is accepted whole, and refused for any change of any file."""
    witnesses = [Key("w%d.example" % i, 4) for i in range(3)]
    log = Log("log.example/1").grow(70000 if "large" in sys.argv else 1111)
    log.write("log", cosigned(log, witnesses))
    write("policy", policy_of(log, *witnesses, quorum=2))
    code, text = run("verify-log", "log", "policy")
    assert code == 0 and "1111 entries, 3 cosignatures" in text, text
    code, text = run("verify-log", "--json", serve("log"), "policy")
    found = json.loads(text)
    assert code == 0 and found["ok"] and found["size"] == 1111, text
    assert found["root"] == log.root().hex()
    # A full tile stands for a partial one that is gone.
    log.write("bigger")
    Log(log.origin, log.key, log.entries).grow(2000).write(
        "bigger", cosigned(log, witnesses))
    for kind in ("0", "entries"):
        os.unlink("bigger/" + tile_path(kind, 4, 1111 % 256))
    assert run("verify-log", "bigger", "policy")[0] == 0
    # One bit anywhere.
    for root, _, names in os.walk("log"):
        for name in names:
            path = os.path.join(root, name)
            with open(path, "rb") as file:
                good = file.read()
            places = {0, 1, 2, 40, len(good) // 2, len(good) - 1}
            if "checkpoint" in path:
                places = {0, 15, 30, 80, 150}
            for at in places:
                bad = bytearray(good)
                bad[at % len(bad)] ^= 1
                with open(path, "wb") as file:
                    file.write(bad)
                code, text = run("verify-log", "log", "policy")
                assert code == 1, (path, at, code, text)
            for bad in (good[:-1], b""):
                with open(path, "wb") as file:
                    file.write(bad)
                assert run("verify-log", "log", "policy")[0] == 1, path
            os.unlink(path)
            code, text = run("verify-log", "log", "policy")
            assert code == 1 and "not found" in text, (path, text)
            with open(path, "wb") as file:
                file.write(good)
    assert run("verify-log", "log", "policy")[0] == 0
    # Another history under the same name.
    log.fork(900).grow(1111, " forked").write("fork", cosigned(log, witnesses))
    code, text = run("verify-log", "fork", "policy")
    assert code == 1 and "not those of the signed root" in text, text
    # Cosignatures: too few, too old; a stranger's log.
    log.write("few", cosigned(log, witnesses[:1]))
    code, text = run("verify-log", "few", "policy")
    assert code == 1 and "quorum" in text, text
    log.write("old", cosigned(log, witnesses, at=int(time.time()) - 9000))
    assert run("verify-log", "old", "policy")[0] == 0
    code, text = run("verify-log", "--max-age", "3600", "old", "policy")
    assert code == 1 and "expired" in text, text
    Log("log.example/1").grow(9).write("other")
    assert run("verify-log", "other", "policy")[0] == 1
    # An empty log; a place that does not answer; no policy.
    empty = Log("log.example/2")
    empty.write("empty")
    write("empty.policy", policy_of(empty))
    assert run("verify-log", "empty", "empty.policy")[0] == 0
    assert run("verify-log", "http://127.0.0.1:9/", "policy")[0] == 3
    assert run("verify-log", "log", "nowhere")[0] == 2
    assert run("verify-log", "log")[0] == 2
    shutil.rmtree("log")


if __name__ == "__main__":
    {f.__name__: f for f in (verify,)}[sys.argv[1]]()
