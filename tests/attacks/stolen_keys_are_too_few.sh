#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2034,SC2154 # names of lib_attack.sh
# Keys that were stolen, up to one less than the threshold: they can stop
# updates, and never make one.
# shellcheck source=/dev/null
. "$(dirname "$0")/lib_attack.sh"

: "${THIEF:?set THIEF to the test program}"

# The snapshot and the timestamp of stolen/ made to fit its other files.
fit() {
    snapshot=stolen/metadata/3.snapshot.json
    "$THIEF" "$snapshot" snapshot
    digest=$(sha256sum "$snapshot" | cut -d' ' -f1)
    sed -i "s/\"sha256\":\"[0-9a-f]*\"/\"sha256\":\"$digest\"/
        s/\"length\":[0-9]*/\"length\":$(wc -c <"$snapshot")/" \
        stolen/metadata/timestamp.json
    "$THIEF" stolen/metadata/timestamp.json timestamp
}

steal() {
    rm -rf stolen
    cp -r new stolen
    fresh_state
}

# The thief's own words in the role that speaks for rules.
forge_rules() {
    sed -i 's/"length":[0-9]*/"length":666/' stolen/metadata/3.rules.json
}

# To see that what follows fails for the right reason: signed by all who must,
# the same hands make a repository that is taken.
steal
"$THIEF" stolen/metadata/3.rules.json rules-1 rules-2
fit
update stolen
expect_updated "all keys"

steal
forge_rules
"$THIEF" stolen/metadata/3.rules.json rules-1
fit
update stolen
expect_refused "one of two keys" not-signed 1

# With all other keys that are online.
steal
forge_rules
"$THIEF" stolen/metadata/3.rules.json rules-2 recall targets snapshot timestamp
fit
update stolen
expect_refused "everybody's keys but one" not-signed 1

# The keys of the snapshot and the timestamp alone: versions of the others.
steal
sed -i 's/"rules.json":{"version":3}/"rules.json":{"version":1}/' \
    stolen/metadata/3.snapshot.json
fit
update stolen
expect_refused "an old version listed" rollback 1

# The timestamp's key alone: another snapshot than there is.
steal
sed -i 's/"expires":"20/"expires":"21/' stolen/metadata/3.snapshot.json
"$THIEF" stolen/metadata/3.snapshot.json timestamp
cp stolen/metadata/3.snapshot.json kept
fit
cp kept stolen/metadata/3.snapshot.json
update stolen
[ "$exit_code" -eq 1 ] || fail "timestamp's key: $(cat out err)"
[ "$(readlink state/current)" = releases/2 ] || fail "timestamp's key"

# One of the root's keys, where two are needed: all power to the thief.
steal
sed 's/"version":1}}/"version":2}}/' new/metadata/1.root.json \
    >stolen/metadata/2.root.json
"$THIEF" stolen/metadata/2.root.json root-2
update stolen
expect_refused "one root key" root-not-signed 1

# Two of them: enough for TUF, but it was never made public.
"$THIEF" stolen/metadata/2.root.json root-2 root-3
update stolen
expect_refused "a root in secret" root-not-logged 1
