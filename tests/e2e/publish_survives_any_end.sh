#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A release that is killed anywhere: clients see the one before or the new one,
# whole, and giving the command again ends it.
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"
# shellcheck source=/dev/null
. "$(dirname "$0")/publisher.sh"

strace -o /dev/null true 2>/dev/null || skip "strace cannot be used here"

make_instance solo
make_rule evil
make_rule worse
make_eicar eicar.bad
# shellcheck disable=SC2154 # lib.sh sets it
cp "$(dirname "$scenario_path")/../../rules/eicar.yar" .
propose eicar p-01
propose evil p-01
must_publish release DIR
propose worse p-01
overt --state before update --from DIR/repo --root DIR/repo/first/1.root.json
expect_exit 0

# The first two changes of place, the last ones, and some between.
n=1
while :; do
    rm -rf client
    cp -r before client
    cp -r DIR kept
    killed=0
    strace -o /dev/null -e trace=rename \
        -e "inject=rename:signal=KILL:when=$n" \
        "$PUBLISH" release DIR --yes >out 2>err || killed=$?
    overt --state client update --from DIR/repo
    # shellcheck disable=SC2154 # set by overt
    [ "$exit_code" -eq 0 ] || fail "killed at $n: a client ends with $exit_code"
    overt --state client scan --no-cache evil.bad
    expect_exit 1
    must_publish release DIR
    expect_line "$(head_file)" 'records 3'
    overt --state client update --from DIR/repo
    expect_exit 0
    overt --state client scan --no-cache worse.bad
    expect_exit 1
    [ "$killed" -ne 0 ] || break
    rm -rf DIR
    mv kept DIR
    n=$((n + ${OV_STEP:-4}))
    [ "$n" -lt 200 ] || fail 'it never ends by itself'
done
[ "$n" -gt 8 ] || fail 'hardly anything was tried'
