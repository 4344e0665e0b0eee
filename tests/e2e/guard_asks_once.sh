#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# About a clean file one question is asked; after any change, another.
# shellcheck disable=SC2034,SC2154 # names shared with lib.sh
# shellcheck source=/dev/null
. "$(dirname "$0")/guard.sh"

for name in one mapped held cut new; do echo "good, but long" >guarded/$name; done
wait_settled
warden exec,open 20000

expect_open guarded/one
expect_asked one 1
for _ in 1 2 3 4 5 6 7 8 9 10; do expect_open guarded/one; done
expect_asked one 1

# Written to: asked again, and then found to be bad.
echo EVIL >>guarded/one
expect_denied guarded/one
expect_asked one 2

# Cut.
expect_open guarded/cut
truncate -s 3 guarded/cut
expect_open guarded/cut
expect_asked cut 2

# Replaced by another file of the same name.
expect_open guarded/new
echo EVIL >guarded/other
mv guarded/other guarded/new
expect_denied guarded/new

# Changed through a mapping only: the kernel does not say so, but its closing.
expect_open guarded/mapped
python3 - guarded/mapped <<'PY'
import mmap, sys
with open(sys.argv[1], "r+b") as f:
    with mmap.mmap(f.fileno(), 0) as m:
        m[0:4] = b"EVIL"
PY
is_denied() { ! can_open "$1"; }
wait_until is_denied guarded/mapped

# While somebody has it open to write, nothing is remembered.
exec 9<>guarded/held
expect_open guarded/held
before=$(asked held)
expect_open guarded/held
[ "$(asked held)" -gt "$before" ] || fail "a file that is written is remembered"
exec 9>&-

# New rules: everything is asked again.
echo "good as well" >guarded/again
wait_settled
expect_open guarded/again
expect_open guarded/again
expect_asked again 1
kill -USR1 "$warden_pid"
wait_until has_line told forgotten
is_asked_again() {
    expect_open guarded/again
    [ "$(asked again)" -eq 2 ]
}
wait_until is_asked_again
