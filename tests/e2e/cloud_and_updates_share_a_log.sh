#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2034,SC2154 # names shared with lib.sh
# What vouches for a cloud's statements has to be the log that vouches for the
# rules: another history under its name, signed by all its keys, comes out.
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"
# shellcheck source=/dev/null
. "$(dirname "$0")/cloud_client.sh"

kept() {
    find state/reputation -name 'checkpoint-*' | wc -l
}

size_of() {
    sed -n 2p "$1/log/checkpoint"
}

trust_publisher
evil=$(sha256 evil)

# One log: the update that has seen as much of it has nothing left to compare.
make_cloud clouds/one 1 "bad=$evil" "add=$(sha256 newer)"
cloud mode prefix --yes
cloud update --from clouds/one
expect_exit 0
[ "$(kept)" -gt 0 ] || fail "nothing is kept to be compared"
# The machine's last checkpoint is so old that a newer one is asked for.
sed -i 's/^witnessed .*/witnessed 1/' state/trust/client
overt --state state update --from good
expect_exit 0
expect_line state/trust/client "size $(size_of good)"
[ "$(kept)" -eq 0 ] || fail "what was compared is still kept"

# Another one, of the same size: it is refused at once.
cp -r good before
"$MAKE_CLOUD" clouds/two 2 "$now" log=good "bad=$evil"
"$MAKE_CLOUD" clouds/other 2 "$now" log=before "bad=$(sha256 victim)"
[ "$(size_of good)" = "$(size_of before)" ] || fail "the logs differ in size"
sed -i 's/^witnessed .*/witnessed 1/' state/trust/client
overt --state state update --from good
expect_exit 0
cp -r state clean
cloud update --from clouds/other
expect_exit 1
expect_text err "REFUSED: the statement"
cloud update --from clouds/two
expect_exit 0

# And of another size: the next update that has seen as much tells.
rm -rf state
mv clean state
"$MAKE_CLOUD" clouds/forked 3 "$now" log=before "bad=$(sha256 victim)"
cloud update --from clouds/forked
expect_exit 0
"$MAKE_CLOUD" clouds/three 3 "$now" log=good "bad=$evil" "add=$(sha256 newest)"
sed -i 's/^witnessed .*/witnessed 1/' state/trust/client
overt --state state update --from good --json
[ "$exit_code" -ne 0 ] || fail "two histories are believed"
expect_text out '"result":"split-view"'
[ "$(find state/evidence -name 'checkpoint-*' | wc -l)" -ge 2 ] ||
    fail "the two are not kept in evidence"
