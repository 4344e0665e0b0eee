#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2034,SC2154 # names shared with lib.sh
# The commands in docs/verify.md, "By hand", are content with a demonstration
# instance, and not with a changed one.
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"

: "${BUILD:?set BUILD to the build folder}"
command -v minisign >/dev/null || skip "no minisign"
top=$(dirname "$scenario_path")/../..
ticks=$(printf '\140\140\140')
sed -n '/^## By hand/,/^## What/p' "$top/docs/verify.md" |
    sed -n "/^${ticks}sh\$/,/^$ticks\$/p" | grep -v "^$ticks" >commands
[ "$(wc -l <commands)" -gt 60 ] || fail "no commands in docs/verify.md"
"$top/tools/demo-instance" --build "$BUILD" demo >out 2>err ||
    fail "no demonstration"
"$top/tools/demo-instance" --stop demo
REPO=$folder/demo/instance/repo
STATE=$folder/demo/client
export REPO STATE
set -eu

by_hand() {
    exit_code=0
    { echo 'set -eu' && cat commands; } | sh >out 2>err || exit_code=$?
}

by_hand
expect_exit 0
# Three builders, the log, and a quorum of witnesses.
[ "$(grep -c 'Signature Verified Successfully' out)" -ge 6 ] ||
    fail "not six signatures: $(cat out)"
expect_line out 'image.0: OK'
expect_line out 'image.1: OK'
grep -qE '^entry [0-9]+ of [0-9]+ in demo.example/log/' out || fail "no proof"
grep -qE '^2 records, set-root [0-9a-f]{64}$' out || fail "no root"

# change FILE COMMAND...: a copy of the state in which that was done to FILE.
change() {
    cp -r demo/client changed
    file=changed/current/$1
    shift
    "$@" "$file"
    STATE=$folder/changed
    by_hand
    [ "$exit_code" -ne 0 ] || fail "a changed $file passes"
    rm -rf changed
}

change image.0 truncate -s +1
change image.1 truncate -s -1
change head sed -i 's/^seq 1$/seq 2/'
change proof sed -i 's/^index .*/index 0/'
change records.0 sed -i 's/evil/good/'
