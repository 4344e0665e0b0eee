#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2034,SC2154 # names shared with lib.sh
# An audit pack needs nothing but itself: every change of the half-year with who
# signed it, the log that proves it, and the same bytes from the same log.
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"
# shellcheck source=/dev/null
. "$(dirname "$0")/publisher.sh"

: "${MONITOR:?}"

make_instance small --now 2026-06-30T10:00:00Z
make_rule evil
propose evil p-01 --why 'Says "evil", and more.' --now 2026-07-01T00:00:00Z
must_publish review DIR R-evil-r1 --as p-02
must_publish drill DIR --id D-1 --kind failover --result failed --minutes 9 \
    --why 'The second mirror was off.' --as p-01 --now 2026-07-02T10:00:00Z
must_publish review DIR drill-D-1 --as p-03
must_publish request add DIR --as legal-1 --country CH --authority court \
    --basis Code --kind removal --subjects 0 --now 2026-12-31T23:59:59Z
must_publish log DIR

must_publish audit-pack DIR --period 2026H2 --out pack
must_publish audit-pack DIR --period 2026H2 --out again
diff -r pack again || fail 'not the same bytes'
publish audit-pack DIR --period 2026H2 --out pack
expect_exit 1
python3 - <<'END'
import csv, hashlib
rows = {n: list(csv.DictReader(open("pack/%s.csv" % n, newline="")))
        for n in ("changes", "notices", "keys", "requests")}
assert [r["id"] for r in rows["changes"]] == ["R-evil"], rows
r = rows["changes"][0]
assert set(r["signed_by"].split()) == {
    "p-01.people.demo.example", "p-02.people.demo.example",
    "ci.demo.example"}, r
assert 'why Says "evil", and more.' in r["text"], r
assert [r["id"] for r in rows["notices"]] == ["D-1"], rows
assert "result failed" in rows["notices"][0]["text"]
assert rows["keys"] == [], "of the half-year before"
assert [r["id"] for r in rows["requests"]] == ["2026H2-0001"], rows
index = open("pack/index.html").read()
for name in ("changes", "notices", "requests"):
    digest = hashlib.sha256(open("pack/%s.csv" % name, "rb").read()).hexdigest()
    assert digest in index, name
assert "No certificate is claimed" in index
END

# Offline, with no more than the pack: the log holds, and so does the table.
mv DIR away
"$MONITOR" verify-log pack/log pack/policy >out || fail 'the log does not hold'
"$MONITOR" report 2026H2 pack/log pack/policy --people pack/people \
    --published pack/requests-table.csv >out || fail "$(cat out)"
find pack/log/tile/entries -type f -exec sed -i 's/R-evil/R-good/' {} +
exit_code=0
"$MONITOR" verify-log pack/log pack/policy >out || exit_code=$?
expect_exit 1
