#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What a web proxy says to overt-icap, and what it must hear (RFC 3507).

usage: icap_cases.py PORT CASES...   CASES: answers, limits, passes, alone
"""

import socket
import sys

EICAR = b"".join((b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR-",
                  b"STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"))
HTTP_REQUEST = b"GET http://a.example/f HTTP/1.1\r\nHost: a.example\r\n\r\n"
HTTP_POST = b"POST http://a.example/f HTTP/1.1\r\nHost: a.example\r\n\r\n"
HTTP_RESPONSE = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n"


class Peer:
    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.settimeout(60)
        self.file = self.socket.makefile("rb")

    def send(self, data, step=None):
        if step is None:
            self.socket.sendall(data)
            return
        for at in range(0, len(data), step):
            self.socket.sendall(data[at:at + step])

    def head(self):
        """Status code and fields of the next answer."""
        first = self.file.readline()
        assert first.startswith(b"ICAP/1.0 "), first
        fields = {}
        while True:
            line = self.file.readline().rstrip(b"\r\n")
            if not line:
                return int(first.split()[1]), fields
            name, value = line.split(b": ", 1)
            fields[name.decode().lower()] = value.decode()

    def body(self):
        all_of_it = b""
        while True:
            size = int(self.file.readline().split(b";")[0], 16)
            piece = self.file.read(size)
            assert self.file.readline() == b"\r\n"
            if size == 0:
                return all_of_it
            all_of_it += piece

    def answer(self):
        """Code, fields, what is inside before the body, the body or None."""
        code, fields = self.head()
        parts = dict(p.strip().split("=") for p in
                     fields.get("encapsulated", "null-body=0").split(","))
        name, at = max(parts.items(), key=lambda p: int(p[1]))
        inside = self.file.read(int(at))
        return code, fields, inside, \
            None if name == "null-body" else self.body()

    def is_closed(self):
        return self.file.read(1) == b""


def chunks(body, size=70000, last=b"0\r\n\r\n"):
    made = b""
    for at in range(0, len(body), size):
        piece = body[at:at + size]
        made += b"%x\r\n%s\r\n" % (len(piece), piece)
    return made + last


def head(method, fields, parts):
    return b"%s icap://127.0.0.1/scan ICAP/1.0\r\nHost: x\r\n%sEncapsulated: " \
        b"%s\r\n\r\n" % (method, fields, parts)


def respmod(body, fields=b"Allow: 204\r\n", last=b"0\r\n\r\n"):
    a, b = len(HTTP_REQUEST), len(HTTP_REQUEST) + len(HTTP_RESPONSE)
    return head(b"RESPMOD", fields,
                b"req-hdr=0, res-hdr=%d, res-body=%d" % (a, b)) \
        + HTTP_REQUEST + HTTP_RESPONSE + chunks(body, last=last)


def reqmod(body, fields=b""):
    return head(b"REQMOD", fields, b"req-hdr=0, req-body=%d" % len(HTTP_POST)) \
        + HTTP_POST + chunks(body)


def expect_blocked(answer, word, field="x-infection-found"):
    code, fields, inside, body = answer
    assert code == 200, code
    assert word in fields[field], fields
    assert inside.startswith(b"HTTP/1.1 403 "), inside
    assert word.encode() in body, body
    assert b"Content-Length: %d\r\n" % len(body) in inside, inside


def answers(port):
    peer = Peer(port)
    peer.send(b"OPTIONS icap://x/scan ICAP/1.0\r\nHost: x\r\n\r\n" * 2)
    for _ in range(2):
        code, fields = peer.head()
        assert code == 200 and "RESPMOD" in fields["methods"], fields
        assert fields["allow"] == "204" and len(fields["istag"]) > 4, fields
    tag = fields["istag"]
    # one connection for all, as proxies do
    peer.send(respmod(b"harmless"))
    assert peer.answer()[0] == 204
    peer.send(respmod(EICAR))
    expect_blocked(peer.answer(), "Test.Eicar")
    big = bytes(range(256)) * 12000
    peer.send(respmod(big, fields=b""))
    code, fields, inside, body = peer.answer()
    assert code == 200 and inside == HTTP_RESPONSE and body == big
    assert fields["istag"] == tag
    peer.send(respmod(big + EICAR, fields=b"", last=b"0\r\n\r\n"))
    expect_blocked(peer.answer(), "Test.Eicar")
    peer.send(reqmod(EICAR))
    expect_blocked(peer.answer(), "Test.Eicar")
    peer.send(reqmod(b"name=value", b"Allow: 204\r\n"), step=1)
    assert peer.answer()[0] == 204
    peer.send(head(b"REQMOD", b"", b"req-hdr=0, null-body=%d"
                   % len(HTTP_REQUEST)) + HTTP_REQUEST)
    assert peer.answer()[:3:2] == (200, HTTP_REQUEST)
    # previews
    peer.send(respmod(EICAR[:10], b"Preview: 10\r\n"))
    code, fields = peer.head()
    assert code == 100, code
    peer.send(chunks(EICAR[10:]))
    expect_blocked(peer.answer(), "Test.Eicar")
    peer.send(respmod(b"all", b"Preview: 10\r\n", b"0; ieof\r\n\r\n"))
    assert peer.answer()[0] == 204, "a preview that is all needs no Allow"
    peer.send(respmod(b"0123456789", b"Preview: 10\r\n"))
    assert peer.head()[0] == 100
    peer.send(chunks(b"rest"))
    assert peer.answer()[3] == b"0123456789rest"
    peer.send(respmod(b"bye", b"Allow: 204\r\nConnection: close\r\n"))
    assert peer.answer()[0] == 204 and peer.is_closed()
    for data, expected in ((b"GET / HTTP/1.1\r\n\r\n", 505),
                           (b"BREW /scan ICAP/1.0\r\n\r\n", 405),
                           (b"RESPMOD /scan ICAP/1.0\r\n\r\n", 400),
                           (b"A" * 200000, 400),
                           (respmod(b"x", last=b"what\r\n"), 400)):
        peer = Peer(port)
        try:
            peer.send(data)
        except ConnectionError:
            pass  # it may have hung up already
        assert peer.answer()[0] == expected, data[:20]


def limits(port):
    """max-body is 1M there, and connections 4."""
    peer = Peer(port)
    peer.send(respmod(b"x" * 1500000))
    expect_blocked(peer.answer(), "max-body", "x-overt-inconclusive")
    peer.send(respmod(b"x" * 900000))
    assert peer.answer()[0] == 204, "what was too long is forgotten"
    others = [Peer(port) for _ in range(3)]
    assert Peer(port).is_closed(), "one more than there may be"
    others[0].send(respmod(EICAR)[:-20])
    others.pop(0).socket.close()  # in the middle of a body
    peer.send(respmod(EICAR))
    expect_blocked(peer.answer(), "Test.Eicar")


def passes(port):
    """Inconclusive is let through there, but never what was found."""
    peer = Peer(port)
    peer.send(respmod(b"x" * 1500000))
    assert peer.answer()[0] == 204
    peer.send(respmod(b"x" * 1500000, b""))
    expect_blocked(peer.answer(), "max-body", "x-overt-inconclusive")
    peer.send(respmod(EICAR))
    expect_blocked(peer.answer(), "Test.Eicar")


def alone(port):
    """There is no daemon."""
    peer = Peer(port)
    peer.send(respmod(b"harmless"))
    expect_blocked(peer.answer(), "cannot be reached", "x-overt-inconclusive")


def main():
    for name in sys.argv[2:]:
        {"answers": answers, "limits": limits, "passes": passes,
         "alone": alone}[name](int(sys.argv[1]))
        print("ok", name)


if __name__ == "__main__":
    main()
