# SPDX-License-Identifier: Apache-2.0
"""What witness_*.sh try: python3 witness_cases.py CASE, in a private folder.
WITNESS is the program. Logs and clients are tlog.py's, which share no code with
it."""
import atexit
import os
import random
import resource
import signal
import subprocess
import sys
import threading
import time

from tlog import Client, Key, Log, b64, check_line, monitor_path, sha256

PROGRAM = os.environ["WITNESS"]


class Witness:
    """A running witness with the state folder "state" and the key "key"."""

    def __init__(self, *logs, state="state", limits=None):
        if not os.path.exists("key"):
            self.make_key()
        with open("vkey", encoding="utf-8") as file:
            self.vkey = file.read().strip()
        os.makedirs(state, exist_ok=True)
        command = [PROGRAM, "--state", state, "--listen", "127.0.0.1:0",
                   "--key", "key"]
        for log in logs:
            command += ["--log", log if isinstance(log, str)
                        else log.key.vkey()]
        self.process = subprocess.Popen(
            command, stderr=subprocess.PIPE, text=True, preexec_fn=limits)
        atexit.register(self.process.kill)
        self.first = self.process.stderr.readline()
        self.port = 0
        if "ready on port " in self.first:
            self.port = int(self.first.split("port ")[1].split(",")[0])

    @staticmethod
    def make_key():
        done = subprocess.run(
            [PROGRAM, "--new-key", "key", "--name", "w1.witness.example",
             "--no-passphrase"], check=True, stdout=subprocess.PIPE, text=True)
        with open("vkey", "w", encoding="utf-8") as file:
            file.write(done.stdout)

    def client(self):
        assert self.port, "not started: " + self.first
        return Client(self.port)

    def end(self, how=signal.SIGTERM):
        self.process.send_signal(how)
        rest = self.process.stderr.read()
        return self.process.wait(), rest

    def refused(self):
        """It must not have started."""
        rest = self.first + self.process.stderr.read()
        assert self.process.wait() == 2 and self.port == 0, rest
        return rest


def expect(answer, code, text=None):
    assert answer[0] == code, "%r instead of %d" % (answer, code)
    if text is not None:
        assert answer[2] == text, answer


def cosigned(witness, log, size, answer):
    """A 200 with one good cosignature of now."""
    expect(answer, 200)
    stamp = check_line(log.text(size), answer[2], witness.vkey)
    assert abs(stamp - time.time()) < 60, stamp
    return stamp


def served_size(client, log):
    code, _, text = client.ask("GET", monitor_path(log.origin))
    return int(text.split("\n")[1]) if code == 200 else 0


def answers():
    """Every status code of the specification."""
    log = Log("log.example/1").grow(20)
    other = Log("log.example/2").grow(5)
    named = Log("an origin with spaces", Key("key.example")).grow(3)
    w = Witness(log, other, named.key.vkey() + " " + named.origin)
    c = w.client()
    expect(c.ask("GET", monitor_path(log.origin)), 404)
    # Growth, from nothing; the origin need not be the key's name.
    cosigned(w, log, 7, c.add(log.request(0, 7)))
    cosigned(w, log, 13, c.add(log.request(7, 13)))
    cosigned(w, named, 3, c.add(named.request(0)))
    # 409: the size it has.
    for old in (0, 7, 12, 14):
        answer = c.add(log.request(old, 15))
        expect(answer, 409, "13\n")
        assert answer[1] == "text/x.tlog.size", answer
    expect(c.add(other.request(2)), 409, "0\n")
    # 400: old above new, and what is no request.
    expect(c.add(log.request(14, 13)), 400)
    good = log.request(13, 20)
    for bad in ("", "old 13\n", "new" + good[3:], "old 013" + good[6:],
                good.replace("\n\n", "\n", 1), good[:-1], good + "\n",
                good.replace("\n20\n", "\n020\n"),
                good.replace("old 13\n", "old 13\nAAAA\n"),
                "old 13\n" + (b64(b"x" * 32) + "\n") * 64 + "\n" +
                log.checkpoint(20)):
        expect(c.add(bad), 400)
    # 404: an unknown log, also one with a good signature.
    expect(c.add(Log("log.example/3").grow(4).request(0)), 404)
    # 403: a stranger's signature, none by the log, a forged one.
    stranger = Log("log.example/1", Key("log.example/1"), log.entries)
    expect(c.add(stranger.request(13)), 403)
    forged = log.checkpoint(20).replace("\n20\n", "\n19\n")
    expect(c.add("old 13\n\n" + forged), 403)
    # 422: a wrong proof, none, one too much; another root of the same size.
    proof = [b64(h) for h in log.consistency(13, 20)]
    for lines in (proof[:-1], proof + proof[:1], proof[::-1], []):
        expect(c.add("old 13\n" + "".join(p + "\n" for p in lines) + "\n" +
                     log.checkpoint(20)), 422)
    fork = log.fork(10).grow(20, " forked")
    expect(c.add(fork.request(13, 20)), 422)
    expect(c.add(fork.request(13, 13)), 422)
    expect(c.add("old 13\n" + proof[0] + "\n\n" + log.checkpoint(13)), 422)
    expect(c.add("old 0\n" + proof[0] + "\n\n" + other.checkpoint(5)), 422)
    # An empty tree has one root.
    empty = Log("log.example/2", other.key)
    text = "log.example/2\n0\n%s\n" % b64(b"\0" * 32)
    expect(c.add("old 0\n\n" + text + "\n" + other.key.line(text)), 422)
    cosigned(w, empty, 0, c.add(empty.request(0)))
    cosigned(w, other, 5, c.add(other.request(0)))
    # Nothing of that has changed what it knows.
    cosigned(w, log, 20, c.add(good))
    assert served_size(c, log) == 20
    # Other methods and places.
    expect(c.ask("GET", "/add-checkpoint"), 405)
    expect(c.ask("DELETE", "/"), 405)
    expect(c.ask("GET", "/add-checkpoin"), 404)
    expect(c.ask("GET", "/" + "0" * 64 + "/checkpoint"), 404)
    code, rest = w.end()
    assert code == 0 and "inconsistent: log.example/1 20" in rest, rest


def serves():
    """What monitors get: text, log's signature and ours, nobody else's."""
    log = Log("log.example/1").grow(300)
    w = Witness(log)
    c = w.client()
    extra = "".join(Key("w%d.example" % i, 4).line(log.text(), 1700000000)
                    for i in range(20))
    # Post-quantum signatures are long.
    extra += "".join("\u2014 pq%d.example %s\n" % (i, b64(os.urandom(2432)))
                     for i in range(18))
    answer = c.add(log.request(0, extra=extra))
    cosigned(w, log, 300, answer)
    code, kind, text = c.ask("GET", monitor_path(log.origin))
    assert code == 200 and kind == "text/plain; charset=utf-8"
    assert text == log.checkpoint() + answer[2], text
    # The same tree once more: a new time, when time has passed.
    first = check_line(log.text(), answer[2], w.vkey)
    latest = first
    while latest == first:
        latest = cosigned(w, log, 300, c.add(log.request(300)))
    assert latest > first
    assert c.ask("GET", monitor_path(log.origin))[2] != text
    # More than any checkpoint needs.
    c = w.client().connection
    c.putrequest("POST", "/add-checkpoint")
    c.putheader("Content-Length", str(1 << 20))
    c.endheaders()
    assert c.getresponse().status == 413
    w.end()


def race():
    """Pitfall of the specification: checked against one size, stored over
    another."""
    log = Log("log.example/1").grow(400)
    w = Witness(log)
    size = 0
    for turn in range(20):
        answers_of, sizes = [], [size + 1 + (i * 7 + turn) % 6
                                 for i in range(16)]
        ready = threading.Barrier(len(sizes))

        def submit(new, old=size, ready=ready, found=answers_of):
            c = w.client()
            c.connection.connect()
            body = log.request(old, new)
            ready.wait()
            found.append((new, c.add(body)))

        threads = [threading.Thread(target=submit, args=(s,)) for s in sizes]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        winners = [new for new, answer in answers_of if answer[0] == 200]
        assert len(answers_of) == 16
        assert len(winners) == 1, "%d cosigned from %d" % (len(winners), size)
        for new, answer in answers_of:
            if answer[0] != 200:
                expect(answer, 409, "%d\n" % winners[0])
        size = winners[0]
        assert served_size(w.client(), log) == size
    w.end()


def kill():
    """SIGKILL at any point: whatever was answered is known afterwards."""
    logs = [Log("log.example/%d" % i).grow(2000) for i in range(4)]
    best = dict.fromkeys(range(4), 0)
    seed = random.randrange(1 << 30)
    print("seed", seed)
    rng = random.Random(seed)
    for _ in range(12):
        w = Witness(*logs)
        ends = rng.randrange(1, 60)
        left = threading.Semaphore(ends)

        def feed(at, w=w, left=left):
            c = w.client()
            try:
                while True:
                    size = served_size(c, logs[at])
                    assert size >= best[at], (size, best[at])
                    answer = c.add(logs[at].request(size, size + 3))
                    expect(answer, 200)
                    best[at] = size + 3
                    if not left.acquire(blocking=False):
                        w.process.kill()
            except (OSError, __import__("http").client.HTTPException):
                return

        threads = [threading.Thread(target=feed, args=(i,)) for i in range(4)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        assert w.process.wait() == -signal.SIGKILL, w.process.returncode
        w.process.stderr.close()
    w = Witness(*logs)
    for i, log in enumerate(logs):
        assert served_size(w.client(), log) >= best[i] > 0
    w.end()


def second():
    """Two on one folder would be two histories."""
    log = Log("log.example/1").grow(3)
    w = Witness(log)
    assert "in use" in Witness(log).refused()
    assert os.path.exists("state/lock")
    cosigned(w, log, 3, w.client().add(log.request(0)))
    w.end()
    w = Witness(log)
    assert served_size(w.client(), log) == 3
    w.end()


def damage():
    """A state that is damaged or gone is no first contact."""
    log = Log("log.example/1").grow(9)
    w = Witness(log)
    cosigned(w, log, 5, w.client().add(log.request(0, 5)))
    w.end()
    for path in ("state/state", "state/begun"):
        with open(path, "rb") as file:
            good = file.read()
        for bad in (good[:-1], good + b"x", b"", good.replace(b"5", b"6"),
                    bytes([good[0] ^ 1]) + good[1:], good[:-2] + b"x\n"):
            if bad == good:
                continue
            with open(path, "wb") as file:
                file.write(bad)
            assert "damaged: see RECOVERY" in Witness(log).refused()
        with open(path, "wb") as file:
            file.write(good)
    os.rename("state/state", "kept")
    assert "gone: see RECOVERY" in Witness(log).refused()
    os.rename("kept", "state/state")
    # A crash before the first start was over.
    os.unlink("state/begun")
    w = Witness(log)
    expect(w.client().add(log.request(0, 9)), 409, "5\n")
    w.end()
    # A log that is not served for a while is not forgotten.
    other = Log("log.example/2").grow(9)
    w = Witness(other)
    expect(w.client().add(log.request(5, 9)), 404)
    cosigned(w, other, 9, w.client().add(other.request(0)))
    w.end()
    w = Witness(log)
    expect(w.client().add(log.request(0, 9)), 409, "5\n")
    cosigned(w, log, 9, w.client().add(log.request(5, 9)))
    w.end()
    # Well-formed as a file, but no state.
    with open("state/state", "rb") as file:
        content = file.read().split(b"\n", 1)[1]
    for bad in (content[:-9], content + content, content + b"note 3\nabc",
                content.replace(b"note", b"nope", 1)):
        with open("state/state", "wb") as file:
            file.write(b"sha256 " + sha256(bad).hex().encode() + b"\n" + bad)
        assert "damaged: see RECOVERY" in Witness(log).refused()


def full():
    """Where nothing can be written, nothing is cosigned."""
    def no_bytes():
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))

    log = Log("log.example/1").grow(9)
    w = Witness(log)
    cosigned(w, log, 5, w.client().add(log.request(0, 5)))
    w.end()
    w = Witness(log, limits=no_bytes)
    c = w.client()
    for _ in range(3):
        expect(c.add(log.request(5, 9)), 503)
        expect(c.add(log.request(9, 9)), 409, "5\n")
        assert served_size(c, log) == 5
    assert "cannot write" in w.end()[1]
    w = Witness(log)
    cosigned(w, log, 9, w.client().add(log.request(5, 9)))
    w.end()
    # Also a log's very first checkpoint.
    fresh = Log("log.example/2").grow(2)
    w = Witness(log, fresh, limits=no_bytes)
    expect(w.client().add(fresh.request(0)), 503)
    expect(w.client().ask("GET", monitor_path(fresh.origin)), 404)
    w.end()
    w = Witness(log, fresh)
    cosigned(w, fresh, 2, w.client().add(fresh.request(0)))
    w.end()


def jail():
    """It has no capability, no new privileges, and a filter."""
    log = Log("log.example/1").grow(9)
    w = Witness(log)
    cosigned(w, log, 5, w.client().add(log.request(0, 5)))
    with open("/proc/%d/status" % w.process.pid, encoding="utf-8") as file:
        status = dict(line.split(":", 1) for line in file)
    assert status["Seccomp"].strip() == "2", status["Seccomp"]
    assert status["NoNewPrivs"].strip() == "1"
    assert int(status["CapEff"], 16) == 0
    assert int(status["CapPrm"], 16) == 0
    assert int(status["VmRSS"].split()[0]) < 10 * 1024, status["VmRSS"]
    w.end()


if __name__ == "__main__":
    {f.__name__: f for f in (answers, serves, race, kill, second, damage, full,
                             jail)}[sys.argv[1]]()
