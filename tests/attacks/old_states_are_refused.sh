#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2034,SC2154 # names of lib_attack.sh
# Rollback, replay and freeze: what was true once is not taken for what is true
# now, whatever this machine's clock says.
# shellcheck source=/dev/null
. "$(dirname "$0")/lib_attack.sh"

"$MAKE_REPO" older 1 $((now - 900))
fresh_state
update older
expect_refused rollback rollback 1

# The same as a bundle: an old stick.
tar -C older --format=ustar -cf older.tar .
update older.tar
expect_refused "an old bundle" rollback 1

# An old release under a new timestamp, by who has all online keys.
"$MAKE_REPO" turned 1 "$now"
update turned
[ "$exit_code" -eq 1 ] || fail "an old release anew: $(cat out err)"
[ "$(readlink state/current)" = releases/2 ] || fail "an old release anew"
expect_still_scanning "an old release anew"

# A stale mirror alone is no alarm; with a fresh one it does not matter which
# comes first.
update good
expect_refused stale none 0
for order in 'good new' 'new good' 'older new' 'good older new'; do
    fresh_state
    # shellcheck disable=SC2086 # words
    update $order
    expect_updated "$order"
done

if command -v faketime >/dev/null 2>&1; then
    # Nothing new for three days: a freeze, and it is said.
    fresh_state
    with="faketime -f +3d"
    update good
    expect_refused freeze expired 3
    # A clock that was set back does not make it new again.
    with="faketime -f +36h"
    update good
    [ "$exit_code" -ne 0 ] || fail "no cosignature for 36 hours: $(cat out)"
    with="faketime -f -300d"
    update good
    expect_refused "clock far back" none 0
    # What lies ahead of a clock is refused, until something newer was seen.
    fresh_state
    "$MAKE_REPO" ahead 3 $((now + 7200))
    with=
    update ahead
    expect_refused ahead fast-forward 1
else
    echo "no faketime: clocks are left out"
fi
