#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2034,SC2154 # names shared with lib.sh
# Loops of links, pipes, deep folders, odd names, globs and lists of paths.
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"

make_rules
mkdir -p tree/sub tree/skipped
make_eicar bad
cp bad tree/sub/bad.com
cp bad tree/skipped/bad.com
cp bad tree/notes.txt
ln -s ../.. tree/sub/loop
ln -s nowhere tree/sub/dangling
mkfifo tree/sub/pipe

overt scan --rules rules tree
expect_exit 1
expect_text out "3 detected"
expect_text out "3 files looked at"

# Each is found once, also through the loop.
overt scan --quiet --follow --rules rules tree
expect_exit 1
[ "$(sort -u out | grep -c 'tree/[a-z.]*.*DETECTED')" -ge 3 ] ||
    fail "not all found"

overt scan --exclude skipped --include '*.com' --rules rules tree
expect_text out "1 detected"
expect_line out "tree/sub/bad.com: DETECTED Test.Eicar (test.ndb:1)"
overt scan --exclude 'tree/s*' --rules rules tree
expect_text out "1 detected"
expect_line out "tree/notes.txt: DETECTED Test.Eicar (test.ndb:1)"

# Far deeper than the longest path that the system takes.
(
    i=0
    mkdir deep
    cd deep || exit
    while [ "$i" -lt 400 ]; do
        mkdir a_name_of_some_length
        cd -P a_name_of_some_length || exit
        i=$((i + 1))
    done
    cat "$folder/bad" >bad.com
)
overt scan --rules rules deep
expect_exit 1
expect_text out "1 detected"

# Names that would fool a terminal, or are no text at all.
mkdir odd
cp bad "$(printf 'odd/two\nlines')"
cp bad "$(printf 'odd/\033[2Jcolor')"
cp bad "$(printf 'odd/not-utf8-\377')"
cp bad odd/-rf
overt scan --rules rules odd
expect_exit 1
expect_line out 'odd/two\x0alines: DETECTED Test.Eicar (test.ndb:1)'
expect_line out 'odd/\x1b[2Jcolor: DETECTED Test.Eicar (test.ndb:1)'
expect_line out 'odd/not-utf8-\xff: DETECTED Test.Eicar (test.ndb:1)'
expect_line out 'odd/-rf: DETECTED Test.Eicar (test.ndb:1)'

printf 'tree/sub/bad.com\n\ntree/notes.txt' >list
overt scan --files-from list --rules rules
expect_exit 1
expect_text out "2 files looked at"
overt scan --files-from - --rules rules bad <list
expect_text out "3 detected"
overt scan --files-from missing --rules rules
expect_exit 2
