#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# overt-center makes a site only of what verifies, serves it with its headers, and
# nothing beside it.
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"

# shellcheck disable=SC2154 # lib.sh sets it
demo=$(dirname "$scenario_path")/../../tools/demo-instance
"$demo" --build "$BUILD" --no-client demo >out 2>err || fail 'no demo'
"$demo" --stop demo
repo=demo/instance/repo
# shellcheck disable=SC2034 # expect_exit looks at it
build() {
    exit_code=0
    "$CENTER" build "$repo" -o site --web none "$@" >out 2>err || exit_code=$?
}

build
expect_exit 0
# Two of three are a quorum: a slow third is not waited for.
grep -q '9 entries verified, [23] of 3 witnesses' out || fail 'no quorum told'
python3 - <<'END'
import json
site = json.load(open("site/data/site.json"))
assert site["instance"] == "demo.example" and site["size"] == 9, site
assert site["problems"] == [] and len(site["witnesses"]) == 3, site
entries = json.load(open("site/data/log/0.json"))["entries"]
assert [e["index"] for e in entries] == list(range(9)), entries
assert all("problem" not in e and e["signers"] for e in entries), entries
assert entries[8]["type"] == "release", entries[8]
END
cmp site/repo/log/checkpoint "$repo/log/checkpoint"

# The first root that an owner brings counts.
printf '{}' >other.json
build --root other.json
expect_exit 1

# What does not verify is not published, and what was stays.
cp site/data/site.json before.json
for file in log/tile/0/000.p/9 log/tile/entries/000.p/9 log/checkpoint \
    metadata/timestamp.json; do
    cp "$repo/$file" kept
    python3 - "$repo/$file" <<'END'
import sys
data = bytearray(open(sys.argv[1], "rb").read())
data[len(data) // 2] ^= 1
open(sys.argv[1], "wb").write(data)
END
    build
    expect_exit 1
    cp kept "$repo/$file"
done
cmp site/data/site.json before.json
cp "$repo/log/checkpoint" kept
grep -v ' w[12].witness' kept >"$repo/log/checkpoint"
build
expect_exit 1
expect_text err 'no quorum of cosignatures'
cp kept "$repo/log/checkpoint"

# What has merely run out is told.
command -v faketime >/dev/null || skip 'no faketime'
faketime '+30 days' "$CENTER" build "$repo" -o old --web none >out 2>err ||
    fail 'what is old is not shown'
expect_text old/data/site.json '"what":"expired"'
expect_text old/data/site.json '"what":"stale"'

# Served with its headers; nothing beside it, and no other method.
mkdir site/page
echo '<p>page</p>' >site/page/index.html
echo packed | gzip >site/page/index.html.gz
ln -s /etc/passwd site/passwd.txt
echo outside >outside.txt
"$CENTER" serve site --listen 127.0.0.1:0 >served 2>err &
servers="${servers-} $!"
wait_until grep -q 'listening on port' served
python3 - "$(sed -n 's/listening on port //p' served)" <<'END'
import gzip, http.client, sys
def ask(path, method="GET", **headers):
    c = http.client.HTTPConnection("127.0.0.1", int(sys.argv[1]))
    c.putrequest(method, path, skip_accept_encoding=True)
    for name, value in headers.items():
        c.putheader(name.replace("_", "-"), value)
    c.endheaders()
    r = c.getresponse()
    return r, r.read()
r, body = ask("/page/")
assert r.status == 200 and body == b"<p>page</p>\n", (r.status, body)
assert "default-src 'self'" in r.getheader("Content-Security-Policy")
assert r.getheader("X-Content-Type-Options") == "nosniff"
assert r.getheader("Content-Type").startswith("text/html")
r, body = ask("/page/", Accept_Encoding="gzip")
assert r.getheader("Content-Encoding") == "gzip", r.getheaders()
assert gzip.decompress(body) == b"packed\n"
assert ask("/data/site.json")[0].getheader("Content-Type") == "application/json"
for path in ("/../outside.txt", "/%2e%2e/outside.txt", "//etc/passwd",
             "/passwd.txt", "/.hidden", "/page", "/nothing"):
    r, body = ask(path)
    assert r.status == 404 and b"root:" not in body, (path, r.status)
    assert r.getheader("Content-Security-Policy"), path
assert ask("/page/", "POST")[0].status == 405
END
