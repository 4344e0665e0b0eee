#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The file system of the daemon's own programs, rules, settings and state can be
# guarded, with everything that is opened on it, and nothing waits for itself:
# workers that die are started again, rules are loaded and compiled.
# shellcheck disable=SC2034,SC2154 # names shared with lib.sh
# shellcheck source=/dev/null
. "$(dirname "$0")/guard.sh"

# The programs as they lie in a build, on the guarded file system.
programs=$(dirname "$(dirname "$OVERTD")")
for name in overtd worker judge guard; do
    mkdir -p "guarded/build/src/programs/$name"
    for file in "$programs/$name/overtd" "$programs/$name/overt-$name"; do
        if [ -x "$file" ]; then
            cp "$file" "guarded/build/src/programs/$name/"
        fi
    done
done
OVERTD=$guarded/build/src/programs/overtd/overtd
make_rules
mv rules guarded/rules
ln -s guarded/rules rules
mkdir -m 700 guarded/state
ln -s guarded/state state
make_eicar guarded/bad
cp /bin/true guarded/true
overtd_guard <<END
mode = all
deadline = 60s
END
expect_denied guarded/bad

has_more_than() {
    [ "$(grep -c "other rules are in use" overtd.log)" -gt "$1" ]
}

# Each of these would wait for a minute if it were asked about.
before=$(date +%s)
for n in 1 2 3; do
    pkill -KILL -P "$overtd_pid" overt-worker
    cp guarded/true "guarded/true$n"
    "guarded/true$n"
    printf 'Test.No%s:0:*:deadbeefdeadbeef0%s\n' "$n" "$n" \
        >>guarded/rules/test.ndb
    loads=$(grep -c "other rules are in use" overtd.log || :)
    clamd_ask 'nRELOAD\n' >/dev/null
    wait_until has_more_than "$loads"
done
expect_denied guarded/bad
[ $(($(date +%s) - before)) -lt 45 ] || fail "something waits for itself"
if grep -q "before it was looked at" overtd.log; then fail "somebody waited"; fi
