# SPDX-License-Identifier: Apache-2.0
"""Clients of a region, for scenarios.

submit_load.py run PORT MANIFEST ACKED STOP   submits from four threads until the
    file STOP is there; each envelope is sent until it is acknowledged, and then a
    line of ACKED has its name and its receipt in hexadecimal
submit_load.py some PORT MANIFEST ACKED N     submits N
submit_load.py one PORT MANIFEST              submits one once, prints the status
submit_load.py check PORT MANIFEST ACKED      whether the region has all of them,
    with the same receipts, and a log of just such leaves without a gap

An envelope is sealed to nobody: the service cannot know (docs/
protocol-submissions.md, "Envelope").
"""
import hashlib
import http.client
import os
import re
import struct
import sys
import threading
import time


def manifest(path):
    with open(path, encoding="utf-8") as file:
        text = file.read()
    region = re.search(r"^region (\S+)$", text, re.M).group(1)
    key = bytes.fromhex(re.search(r"^seal-key (?:\S+ )?([0-9a-f]{64})$", text,
                                  re.M).group(1))
    return region, hashlib.sha256(key).digest()[:8]


def envelope(region, key_id):
    name = os.urandom(16)
    head = b"OVE1" + struct.pack("B3x16s", 1, region.encode()) + key_id + name
    return name.hex(), head + os.urandom(4096 - len(head))


def ask(port, method, path, body=None):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request(method, path, body)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def submit(port, name, body, until):
    """The receipt; every refusal and every broken connection is tried again."""
    while time.monotonic() < until:
        try:
            code, answer = ask(port, "POST", "/v1/submissions/" + name, body)
        except (OSError, http.client.HTTPException):
            code = 0
        if code in (200, 201):
            return answer
        if code not in (0, 500, 502, 503, 504):
            sys.exit("refused: %d %r" % (code, answer))
        time.sleep(0.02)
    sys.exit("never acknowledged: " + name)


def run(port, who, acked, stop):
    lock = threading.Lock()
    wrong = []

    def work(file):
        try:
            while not os.path.exists(stop):
                name, body = envelope(*who)
                receipt = submit(port, name, body, time.monotonic() + 60)
                with lock:
                    file.write("%s %s\n" % (name, receipt.hex()))
                    file.flush()
        except SystemExit as end:
            wrong.append(str(end))

    with open(acked, "a", encoding="ascii") as file:
        threads = [threading.Thread(target=work, args=(file,))
                   for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    if wrong:
        sys.exit(wrong[0])


def some(port, who, acked, n):
    with open(acked, "a", encoding="ascii") as file:
        for _ in range(n):
            name, body = envelope(*who)
            receipt = submit(port, name, body, time.monotonic() + 30)
            file.write("%s %s\n" % (name, receipt.hex()))


def leaves(port):
    found = []
    while True:
        code, page = ask(port, "GET", "/v1/submissions-log/%d" % len(found))
        assert code == 200, code
        if not page:
            return found
        found += page.decode().split()


def check(port, acked):
    log = leaves(port)
    seen = set()
    with open(acked, encoding="ascii") as file:
        lines = [line.split() for line in file]
    for name, receipt in lines:
        receipt = bytes.fromhex(receipt)
        code, answer = ask(port, "GET", "/v1/submissions/" + name)
        assert code == 200 and answer == receipt, (name, code, answer)
        text = receipt[:receipt.index(b"\n\n") + 1]
        index = int(re.search(rb"^index (\d+)$", text, re.M).group(1))
        assert index not in seen, "two receipts at %d" % index
        seen.add(index)
        leaf = hashlib.sha256(b"\0" + text).hexdigest()
        assert log[index] == leaf, "another leaf at %d" % index
    assert len(lines) == len(seen) <= len(log), (len(lines), len(log))
    print("%d acknowledged, %d in the log" % (len(lines), len(log)))


def main():
    port = int(sys.argv[2])
    if sys.argv[1] == "run":
        run(port, manifest(sys.argv[3]), sys.argv[4], sys.argv[5])
    elif sys.argv[1] == "some":
        some(port, manifest(sys.argv[3]), sys.argv[4], int(sys.argv[5]))
    elif sys.argv[1] == "one":
        name, body = envelope(*manifest(sys.argv[3]))
        print(ask(port, "POST", "/v1/submissions/" + name, body)[0])
    else:
        check(port, sys.argv[4])


main()
