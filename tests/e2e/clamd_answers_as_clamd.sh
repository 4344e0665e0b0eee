#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# overtd and the clamd that is installed are asked the same, and answer the
# same; where overtd means to differ, it does so as listed.
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"

make_rules
mkdir -p tree/sub empty one
make_eicar tree/bad
make_eicar tree/sub/bad
make_eicar one/bad
echo clean >tree/good
: >nothing
ln -s tree/bad link
ln -s nowhere broken
mkfifo fifo
overtd_start <<END
stream-max = 1M
END
python3 "$(dirname "$0")/../oracle/clamd_replies.py" "$PWD/clamd.sock" \
    "$PWD" >out 2>err || {
    code=$?
    [ "$code" -ne 77 ] || skip "clamd is not installed"
    fail "$(cat out err)"
}
overtd_stop
