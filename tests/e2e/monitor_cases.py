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

from tlog import Key, Log, monitor_path, put, sha256, tile_path

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
            assert code == 1 and "is not there" in text, (path, text)
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


INSTANCE = "overt.example"
ORIGIN = "overt.example/log/2026"


class Instance:
    """Keys, a people file, and a log whose entries are signed notes."""

    def __init__(self):
        self.people = {n: Key("%s.people.%s" % (n, INSTANCE))
                       for n in ("p-01", "p-02", "p-03")}
        self.ci = Key("ci." + INSTANCE)
        self.builders = [Key("build-%d.%s" % (i, INSTANCE)) for i in (1, 2)]
        self.witnesses = [Key("w%d.example" % i, 4) for i in range(3)]
        self.log = Log(ORIGIN)
        write("policy", policy_of(self.log, *self.witnesses, quorum=2))
        lines = ["%s/people/v1" % INSTANCE, "need people 2", "need builders 2",
                 "need ci 1", "need rebuilders 1"]
        lines += ["person %s %s 0 -" % (n, k.vkey())
                  for n, k in self.people.items()]
        lines += ["builder build-%d %s 0 -" % (i + 1, k.vkey())
                  for i, k in enumerate(self.builders)]
        lines.append("ci ci %s 0 -" % self.ci.vkey())
        write("people", "\n".join(lines) + "\n")

    def entry(self, kind, lines, keys):
        text = "%s/%s/v1\n" % (INSTANCE, kind) + "".join(
            line + "\n" for line in lines)
        self.log.add(text + "\n" + "".join(k.line(text) for k in keys))
        return len(self.log.entries) - 1

    def two(self):
        return [self.people["p-01"], self.people["p-02"]]

    def start(self):
        self.entry("log-start", ["origin " + ORIGIN] + signed_at(), self.two())
        return self

    def rule(self, name, rev, op, *lines, keys=None,
             at="2026-11-22T10:00:00Z"):
        source = ["source %s 742" % digest(name, rev)] if op != "retire" else []
        replaces = [x for x in lines if x.startswith("replaces")]
        rest = [x for x in lines if not x.startswith("replaces")]
        return self.entry(
            "rule-change",
            ["id " + name, "rev %d" % rev, "op " + op] + replaces +
            ["kind yar"] + source + rest + signed_at(at),
            self.two() + [self.ci] if keys is None else keys)

    def release(self, seq, prev, first, last, keys=None, compiler=0):
        lines = ["channel stable", "seq %d" % seq]
        if prev is not None:
            lines.append("prev sha256:" +
                         sha256(self.log.entries[prev]).hex())
        lines += ["base 1", "changes %d %d" % (first, last), "records 1",
                  "set-root " + "0" * 64, "db 0 %s 100" % digest("db", seq),
                  "compiler %d" % compiler]
        return self.entry("release", lines,
                          self.builders if keys is None else keys)

    def checkpoint(self, size=None, at=None):
        return cosigned(self.log, self.witnesses, size, at)

    def show(self, folder, checkpoint=None):
        self.log.write(folder, checkpoint or self.checkpoint())


def digest(*words):
    return "sha256:" + sha256(repr(words).encode()).hex()


def signed_at(at="2026-11-22T10:00:00Z"):
    return ["author p-01", "time " + at]


def show_witness(folder, checkpoint):
    put(folder, monitor_path(ORIGIN)[1:], checkpoint.encode())


def watch(*more, state="state", people=True, log="log"):
    """(exit code, findings as a list of dictionaries)"""
    os.makedirs(state, exist_ok=True)
    arguments = ["run", "--once", "--json", "--log", log, "--policy", "policy",
                 "--state", state] + list(more)
    if people:
        arguments += ["--people", "people"]
    code, text = run(*arguments)
    try:
        return code, [json.loads(line) for line in text.splitlines()]
    except ValueError:
        return code, [{"finding": "?", "text": text}]


def expect(result, code, *kinds):
    """The exit code and exactly these kinds of findings but for infos."""
    found = sorted({f["finding"] for f in result[1]
                    if f.get("severity") != "info"})
    assert result[0] == code and found == sorted(kinds), result


def healthy():
    """Nothing to say about an honest instance, or only what people like to
    know."""
    i = Instance().start()
    a = i.rule("R-1", 1, "add")
    i.rule("R-2", 1, "add")
    i.release(1, None, 0, 3)
    r1 = len(i.log.entries) - 1
    i.rule("R-1", 2, "modify", "replaces %d" % a)
    gone = i.rule("R-2", 2, "retire", "replaces 2")
    i.release(2, r1, 3, gone + 1)
    i.show("log")
    show_witness("w0", i.checkpoint())
    code, found = watch("--mirror", serve("log"), "--witness", serve("w0"))
    expect((code, found), 0)
    assert [(f["finding"], f["index"]) for f in found] == [("removed", gone)]
    # Again, with memory, and with a configuration file.
    write("conf", "# places\nlog log\npolicy policy\npeople people\n"
                  "state state\nmirror log\nonce\njson\n")
    code, text = run("run", "conf")
    assert code == 0, text
    i.rule("R-3", 1, "add")
    i.show("log")
    expect(watch(), 0)
    assert run("run", "--log", "log")[0] == 2
    assert run("run", "--policy", "policy", "--state", "state")[0] == 2
    assert run("run", "conf", "--no-such")[0] == 2
    assert run("run", "--help")[0] == 0


def one_history():
    """Forks, slow readers, and logs that go back, seen from several places."""
    i = Instance().start()
    for n in range(600):
        i.rule("R-%d" % n, 1, "add")
    i.show("log")
    expect(watch(), 0)
    # A mirror that is honest but a little behind.
    old = Instance.__new__(Instance)
    old.__dict__ = dict(i.__dict__, log=i.log.fork(300))
    old.show("mirror")
    expect(watch("--mirror", "mirror"), 0)
    # The same, for an hour and more: somebody is kept in the past.
    i.show("log", i.checkpoint(at=int(time.time()) - 7200))
    expect(watch("--mirror", "mirror", state="s1"), 1, "slow-down")
    # The log itself shows the old tree, a witness has cosigned the new one.
    shutil.rmtree("log")
    i.log.write("log", old.checkpoint())
    show_witness("w0", i.checkpoint(at=int(time.time()) - 7200))
    expect(watch("--witness", "w0", state="s2"), 1, "slow-down")
    # And does not serve the entries either.
    old.show("short")
    expect(watch("--witness", "w0", log="short", state="s3"), 1, "slow-down",
           "withheld")
    # It had shown more to this monitor before.
    result = watch(log="short")
    assert result[0] == 1 and "rolled-back" in {
        f["finding"] for f in result[1]}, result
    # A fork of another size and one of the same, at a mirror or a witness.
    i.show("log")
    for size, state in ((450, "s4"), (601, "s5")):
        fork = Instance.__new__(Instance)
        fork.__dict__ = dict(i.__dict__, log=i.log.fork(200))
        while len(fork.log.entries) < size:
            fork.rule("F-%d" % len(fork.log.entries), 1, "add")
        fork.show("fork%d" % size)
        show_witness("wf%d" % size, fork.checkpoint())
        for place in (("--mirror", "fork%d" % size),
                      ("--witness", "wf%d" % size)):
            where = state + place[0]
            expect(watch(*place, state=where), 1, "fork")
            kept = sorted(n for n in os.listdir(where) if "evidence" in n)
            assert len(kept) == 2, kept
            texts = set()
            for name in kept:
                with open(os.path.join(where, name), encoding="utf-8") as file:
                    texts.add(file.read())
            assert len(texts) == 2 and all(t.startswith(ORIGIN)
                                           for t in texts)
    # A fork between two runs.
    expect(watch(state="s6"), 0)
    shutil.rmtree("log")
    fork.rule("F-x", 1, "add")
    fork.show("log")
    expect(watch(state="s6"), 1, "fork")
    # Memory that is damaged is no new beginning.
    with open("s6/seen", "ab") as file:
        file.write(b"x")
    code, found = watch(state="s6")
    assert code == 2 and "damaged" in found[0]["text"], found


def bad_files():
    """Changed and missing tiles; signatures that are not there."""
    i = Instance().start()
    for n in range(600):
        i.rule("R-%d" % n, 1, "add")
    i.show("log")
    for path, kind in (("tile/0/001", "changed"), ("tile/1/000.p/2", "changed"),
                       ("tile/entries/001", "changed")):
        with open("log/" + path, "rb") as file:
            good = file.read()
        with open("log/" + path, "wb") as file:
            file.write(good[:50] + bytes([good[50] ^ 1]) + good[51:])
        expect(watch(state="s" + path.replace("/", "_")), 1, kind, "withheld")
        # Another place has the right ones.
        i.show("mirror")
        expect(watch("--mirror", "mirror", state="m" + path.replace("/", "_")),
               1, kind)
        os.unlink("log/" + path)
        expect(watch("--mirror", "mirror", state="x" + path.replace("/", "_")),
               1, "withheld")
        with open("log/" + path, "wb") as file:
            file.write(good)
    expect(watch("--mirror", "http://127.0.0.1:9/"), 3, "unreachable")
    i.log.write("log", cosigned(i.log, i.witnesses[:1]))
    expect(watch(), 1, "no-quorum")
    i.show("log", i.checkpoint(at=int(time.time()) - 90000))
    expect(watch(), 1, "stale")
    Log(ORIGIN).grow(10).write("log")
    expect(watch(state="fresh"), 1, "not-signed")


def entries():
    """What entries say, one wrong thing each."""
    def found_by(change, *kinds):
        i = Instance().start()
        change(i)
        shutil.rmtree("log", ignore_errors=True)
        shutil.rmtree("state", ignore_errors=True)
        i.show("log")
        expect(watch(), 1 if kinds else 0, *kinds)

    p1, p2 = (lambda i: i.people["p-01"]), (lambda i: i.people["p-02"])
    found_by(lambda i: i.rule("R-1", 1, "add"))
    found_by(lambda i: i.rule("R-1", 1, "add", keys=[p1(i), i.ci]),
             "unauthorized")
    found_by(lambda i: i.rule("R-1", 1, "add", keys=[p1(i), p1(i), i.ci]),
             "unauthorized")
    found_by(lambda i: i.rule("R-1", 1, "add", keys=i.two()), "unauthorized")
    found_by(lambda i: i.rule("R-1", 1, "add",
                              keys=[p2(i), i.people["p-03"], i.ci]),
             "unauthorized")
    found_by(lambda i: i.rule("R-1", 1, "add",
                              keys=[p1(i), Key("p-02.people." + INSTANCE),
                                    i.ci]), "unauthorized")
    found_by(lambda i: i.release(1, None, 0, 1, keys=i.builders[:1]),
             "unauthorized")
    found_by(lambda i: i.log.add("hello"), "bad-entry")
    found_by(lambda i: i.entry("rule-change", ["id x"], i.two()), "bad-entry")
    found_by(lambda i: i.entry("no-such", ["id x"], i.two()), "bad-entry")
    found_by(lambda i: i.entry("log-start", ["origin " + ORIGIN] +
                               signed_at(), i.two()), "bad-entry")
    # Histories of rules.
    found_by(lambda i: i.rule("R-1", 2, "add"), "rule-history")
    found_by(lambda i: i.rule("R-1", 1, "modify", "replaces 0"), "rule-history")
    found_by(lambda i: (i.rule("R-1", 1, "add"), i.rule("R-1", 2, "add")),
             "rule-history")
    found_by(lambda i: (i.rule("R-1", 1, "add"),
                        i.rule("R-1", 2, "modify", "replaces 1")))
    found_by(lambda i: (i.rule("R-1", 1, "add"),
                        i.rule("R-1", 2, "modify", "replaces 0")),
             "rule-history")
    found_by(lambda i: (i.rule("R-1", 1, "add"),
                        i.rule("R-1", 3, "modify", "replaces 1")),
             "rule-history")
    # Releases.
    found_by(lambda i: i.release(2, None, 0, 1), "release-chain")
    found_by(lambda i: i.release(1, 0, 0, 1), "release-chain")
    found_by(lambda i: i.release(1, None, 0, 9), "release-chain")
    found_by(lambda i: (i.release(1, None, 0, 1), i.release(2, 1, 1, 2)))
    found_by(lambda i: (i.release(1, None, 0, 1), i.release(2, 0, 1, 2)),
             "release-chain")
    found_by(lambda i: (i.release(1, None, 0, 1), i.release(2, 1, 0, 2)),
             "release-chain")
    found_by(lambda i: (i.rule("R-1", 1, "add"), i.rule("R-2", 1, "add"),
                        i.release(1, None, 0, 2), i.release(2, 3, 3, 3)),
             "release-chain")
    found_by(lambda i: (i.rule("R-1", 1, "add"),
                        i.release(1, None, 0, 2, compiler=1)), "unlogged")
    # What a cloud says of files, whose keys it takes, what a region was sent.
    zeros = "sha256:" + "0" * 64

    def delta(i, seq, prev=zeros):
        return i.entry("delta", ["seq %d" % seq, "prev " + prev,
                                 "file %s 100" % digest("delta", seq)] +
                       signed_at()[-1:], i.builders)

    def snapshot(i, epoch, prev=None, start=1, before=zeros):
        named = [] if prev is None else [
            "prev sha256:" + sha256(i.log.entries[prev]).hex()]
        return i.entry("snapshot", ["epoch %d" % epoch] + named + [
            "prefix-bits 1", "bucket-size 44", "buckets-root " + "0" * 64,
            "count good 1", "filter fuse8 %s 100" % digest("filter"),
            "hot %s 100" % digest("hot"),
            "families %s 100" % digest("families"),
            "delta-from %d" % start, "delta-prev " + before, "builder x",
            "time 2026-11-22T10:00:00Z", "expires 2026-12-06T10:00:00Z"],
            i.builders)

    def keys(i, version):
        return i.entry("key-manifest", [
            "version %d" % version, "file %s 100" % digest("keys", version)] +
            signed_at(), i.two())

    def taken(i, region, size, root="0"):
        return i.entry("submissions", [
            "region " + region, "size %d" % size, "root " + root * 64] +
            signed_at()[-1:], i.builders)

    found_by(lambda i: (delta(i, 1), delta(i, 2, digest("delta", 1)),
                        snapshot(i, 1, start=3, before=digest("delta", 2)),
                        snapshot(i, 2, 3, start=3,
                                 before=digest("delta", 2))))
    found_by(lambda i: (snapshot(i, 1), snapshot(i, 1), delta(i, 1)))
    found_by(lambda i: (snapshot(i, 1), snapshot(i, 3, 1)), "cloud-chain")
    found_by(lambda i: (snapshot(i, 1), snapshot(i, 2)), "cloud-chain")
    found_by(lambda i: (snapshot(i, 1), snapshot(i, 2, 0)), "cloud-chain")
    found_by(lambda i: snapshot(i, 1, start=2, before=digest("delta", 1)),
             "cloud-chain")
    found_by(lambda i: (delta(i, 1), delta(i, 3, digest("delta", 1))),
             "cloud-chain")
    found_by(lambda i: (delta(i, 1), delta(i, 2, digest("delta", 7))),
             "cloud-chain")
    found_by(lambda i: (keys(i, 1), keys(i, 4)))
    found_by(lambda i: (keys(i, 4), keys(i, 4)))
    found_by(lambda i: (keys(i, 4), keys(i, 3)), "cloud-chain")
    found_by(lambda i: (taken(i, "eu", 5), taken(i, "us", 3), taken(i, "eu", 5),
                        taken(i, "eu", 7, "1")))
    found_by(lambda i: (taken(i, "eu", 5), taken(i, "eu", 4)), "cloud-chain")
    found_by(lambda i: (taken(i, "eu", 5), taken(i, "eu", 5, "1")),
             "cloud-chain")
    # Embargoes: too late, too long, another source.
    found_by(lambda i: i.rule("R-1", 1, "add", "embargo 2099-01-01"), "embargo")
    found_by(lambda i: i.rule("R-1", 1, "add", "embargo 2020-01-20",
                              at="2020-01-01T00:00:00Z"), "embargo")

    def reveal(i, of):
        change = i.rule("R-1", 1, "add", "embargo 2026-12-22")
        i.entry("reveal", ["change %d" % change, "source %s 742" % of] +
                signed_at(), i.two())
    found_by(lambda i: reveal(i, digest("R-1", 1)))
    found_by(lambda i: reveal(i, digest("R-1", 2)), "embargo")
    # The first entry, and what is behind the last.
    i = Instance()
    i.rule("R-1", 1, "add")
    shutil.rmtree("log")
    i.show("log")
    expect(watch(state="other"), 1, "bad-entry")
    found_by(lambda i: (i.entry("log-end", ["origin " + ORIGIN, "why moved"] +
                                signed_at(), i.two()),
                        i.rule("R-1", 1, "add")), "bad-entry")

    def turn(i, after, size):
        i.entry("log-end", ["origin " + ORIGIN, "next b.example/log", "why new"]
                + signed_at(), i.two())
        i.entry("log-start", ["origin b.example/log", "after " + after,
                              "size %d" % size, "root " + "0" * 64] +
                signed_at(), i.two())
    found_by(lambda i: turn(i, ORIGIN, 2), "bad-entry")
    found_by(lambda i: i.entry("log-end", ["origin b.example/log", "why new"] +
                               signed_at(), i.two()), "bad-entry")


if __name__ == "__main__":
    {f.__name__: f for f in (verify, healthy, one_history, bad_files,
                             entries)}[sys.argv[1]]()
