#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2154 # lib.sh sets folder
# With on-detection = quarantine overtd moves away what clamd's clients had it
# find, and keeps what was there meanwhile; what overt allow lets pass is clean to
# all of them at once, and again something that was found when that ends.
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"

make_rules
printf 'Test.Other:0:*:6f74686572\n' >rules/other.ndb
mkdir tree
make_eicar tree/bad
make_eicar kept
echo good >tree/good
printf 'other' | cat kept - >tree/both
overtd_start <<END
[daemon]
on-detection = quarantine
END
name=Test.Eicar.UNOFFICIAL
is_there() { [ -e "$1" ]; }
is_gone() { [ ! -e "$1" ]; }

# Allowed by its content: one command, no restart.
overt --state state scan --quiet --rules rules tree/bad
expect_line out 'tree/bad: finding 275a021bbfb6'
overt --state state allow 275a021bbfb6 --reason 'known'
expect_exit 0
entry=$(cut -d ' ' -f 1 out)
expect_answer "SCAN $folder/tree/bad" "$folder/tree/bad: OK\n"
is_there tree/bad || fail 'an allowed file was moved'
wait_until grep -q "let pass Test.Eicar in $folder/tree/bad: entry $entry, known" \
    overtd.log
overt --state state allow remove "$entry"
expect_exit 0

# By rule: what else holds still counts.
overt --state state allow --rule Test.Eicar --reason r
is_let_pass() {
    { cat kept; echo "$tries"; } >"probe.$tries"
    clamd_ask "SCAN $folder/probe.$tries" | grep -q OK
}
wait_until is_let_pass
expect_answer "SCAN $folder/tree/bad" "$folder/tree/bad: OK\n"
clamd_ask "SCAN $folder/tree/both" >out
expect_text out 'Test.Other.UNOFFICIAL FOUND'
wait_until is_gone tree/both
expect_no_text overtd.log "found Test.Eicar in $folder/tree/both"
rm state/allow

# Moved, told, and back; a stream has no file.
expect_answer "SCAN $folder/tree/bad" "$folder/tree/bad: $name FOUND\n"
wait_until is_gone tree/bad
wait_until grep -q \
    "moved $folder/tree/bad into quarantine as 275a021bbfb6, for Test.Eicar" \
    overtd.log
overt --state state quarantine show 275a021bbfb6
expect_exit 0
expect_line out 'from         test.ndb:1, by its body'
expect_text out 'part 0 at byte 0'
expect_text out ' by overtd, user '
overt --state state quarantine restore --allow 'back' 275a021bbfb6
expect_exit 0
cmp kept tree/bad || fail 'not as it was'
expect_answer "SCAN $folder/tree/bad" "$folder/tree/bad: OK\n"
rm state/allow
is_there tree/good || fail 'a good file was moved'

# A list with a mistake allows nothing.
overt --state state allow --rule Test.Eicar --reason r
echo x >>state/allow
expect_answer "SCAN $folder/tree/bad" "$folder/tree/bad: $name FOUND\n"
wait_until grep -q 'state/allow:2: is not a line of strict JSON' overtd.log
rm state/allow
wait_until is_gone tree/bad

# Real clients; many at once.
if command -v clamdscan >/dev/null; then
    echo "LocalSocket $folder/clamd.sock" >clamd.conf
    mkdir many
    for i in 1 2 3 4 5 6 7 8 9 10 11 12; do make_eicar "many/$i"; done
    chmod -R a+rX many
    clamdscan -c clamd.conf --fdpass --no-summary many >out 2>err || :
    [ "$(grep -c FOUND out)" -eq 12 ] || fail "clamdscan: $(cat out err)"
    for i in 1 2 3 4 5 6 7 8 9 10 11 12; do wait_until is_gone "many/$i"; done
    clamdscan -c clamd.conf --stream --no-summary kept >out 2>err || :
    expect_text out FOUND
    is_there kept || fail 'a streamed file was moved'
fi
expect_no_text overtd.log 'could not move'
overtd_stop
