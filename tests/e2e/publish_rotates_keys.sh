#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Keys are replaced: a root by the old and the new keys, and only once it is in
# the log; a person's from an index on.
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"
# shellcheck source=/dev/null
. "$(dirname "$0")/publisher.sh"

make_instance small
must_publish rotate DIR timestamp-1 --as p-01 --why 'Its machine is sold.' \
    --no-passphrase
[ ! -e DIR/repo/metadata/2.root.json ] || fail 'a root is out before its entry'
must_publish publish DIR
[ ! -e DIR/repo/metadata/2.root.json ] || fail 'one person has changed the root'
must_publish review DIR key-event-root-2 --as p-02
must_publish publish DIR
[ -e DIR/repo/metadata/2.root.json ] || fail 'the new root is not published'
sha=$(sha256sum <DIR/repo/metadata/2.root.json | cut -d ' ' -f 1)
[ -f "DIR/repo/proof/$sha.tlog-proof" ] || fail 'no proof of the new root'

must_publish rotate DIR root-2 --as p-01 --no-passphrase
must_publish review DIR key-event-root-3 --as p-02
must_publish publish DIR
python3 - <<'END'
import json
old = json.load(open("DIR/repo/metadata/2.root.json"))["signed"]
new = json.load(open("DIR/repo/metadata/3.root.json"))
ids = {s["keyid"] for s in new["signatures"]}
for root in old, new["signed"]:
    role = root["roles"]["root"]
    assert len(ids & set(role["keyids"])) >= role["threshold"], role
assert old["roles"]["root"] != new["signed"]["roles"]["root"]
END

# A person's key: the old one counts for old entries, the new one from now on.
cp DIR/keys/p-02.key stolen.key
must_publish rotate DIR p-02 --as p-01 --no-passphrase
must_publish review DIR "$(ls DIR/staging)" --as p-03
must_publish publish DIR
make_rule evil
propose evil p-01
publish review DIR R-evil-r1 --as p-02 --key stolen.key
expect_exit 1
must_publish review DIR R-evil-r1 --as p-02
must_publish release DIR
expect_line "$(head_file)" 'records 1'

# Another policy: seen by clients only when it is in the log.
sed 's/^quorum none$/# none yet\nquorum none/' DIR/policy >policy
must_publish trust DIR policy --file policy --as p-01
must_publish publish DIR
cmp -s policy DIR/policy && fail 'one person has changed the policy'
must_publish review DIR key-event-policy-2 --as p-02
must_publish publish DIR
cmp policy DIR/policy || fail 'the new policy is not in force'
sha=$(sha256sum <policy | cut -d ' ' -f 1)
[ -f "DIR/repo/targets/trust/$sha.policy" ] || fail 'it is no target'
[ -f "DIR/repo/proof/$sha.tlog-proof" ] || fail 'no proof of the policy'
echo 'quorum both' >policy
publish trust DIR policy --file policy --as p-01
expect_exit 1

publish rotate DIR log --as p-01
expect_exit 1
expect_text err 'begin a new log'
