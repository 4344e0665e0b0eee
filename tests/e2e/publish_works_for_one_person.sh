#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# One person makes an instance, which says so in public, and publishes a rule.
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"
# shellcheck source=/dev/null
. "$(dirname "$0")/publisher.sh"

make_instance solo
expect_text DIR/repo/instance.json '"one_person": true'
expect_line DIR/people 'need people 1'
expect_line DIR/policy '# one-person instance'
grep -r -q 'One person runs this instance.' DIR/repo/log/tile/entries ||
    fail 'log entry 0 does not say that one person runs this'

# The first root, by tools that are not ours; and they notice a change.
cp -r DIR/repo/first first
if command -v minisign >/dev/null; then
    (cd first && minisign -q -V -p minisign.pub -m 1.root.json) ||
        fail 'minisign does not take the first root'
fi
if command -v signify-openbsd >/dev/null; then
    (cd first && signify-openbsd -q -V -p signify.pub -m 1.root.json) ||
        fail 'signify does not take the first root'
fi
echo >>first/1.root.json
if command -v minisign >/dev/null; then
    (cd first && minisign -q -V -p minisign.pub -m 1.root.json >/dev/null 2>&1) &&
        fail 'minisign takes a changed root'
fi

# One signature is enough here, with ci's: the rule is released.
make_rule evil
propose evil p-01
expect_exit 0
must_publish release DIR
expect_text out 'published: stable release 1, 1 changes'
expect_text "$(head_file)" 'overt-head/v1'
expect_line "$(head_file)" 'records 1'
[ "$(find DIR/repo/seg -type f | wc -l)" -ge 2 ] || fail 'no segments'
[ -f DIR/repo/delta/0/0 ] || fail 'no delta'
sha=$(sed '1,/^$/d' "$(head_file)" | sha256sum | cut -d ' ' -f 1)
[ -f "DIR/repo/proof/$sha.tlog-proof" ] || fail 'no proof of the release note'
root=$(sha256sum <DIR/repo/metadata/1.root.json | cut -d ' ' -f 1)
[ -f "DIR/repo/proof/$root.tlog-proof" ] || fail 'no proof of the root'

# A second rule makes a small image beside the same base.
make_rule worse
propose worse p-01
must_publish release DIR --rollout '10:1h 100:24h'
expect_line "$(head_file)" 'base 1'
expect_line "$(head_file)" 'seq 2'
expect_line "$(head_file)" 'records 2'
grep -q '^rollout 10:1h 100:24h salt ' "$(head_file)" || fail 'no roll-out'

# Nothing new: only a fresh timestamp.
cp DIR/repo/metadata/timestamp.json before
must_publish release DIR
expect_text out 'nothing in the log changes the rules'
cmp -s before DIR/repo/metadata/timestamp.json && fail 'no fresh timestamp'

# Private things stay private.
[ -z "$(find DIR/repo -name '*.key' -o -name '*.bad')" ] ||
    fail 'the repository has keys or samples'
[ "$(stat -c %a DIR/keys)" = 700 ] || fail 'the keys are for all to see'
must_publish status DIR
expect_text out 'one person runs it'
