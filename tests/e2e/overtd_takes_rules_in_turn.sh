#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A change of any of several images is noticed, and what is asked for while
# other rules come into use is done when they are.
# shellcheck disable=SC2154 # lib.sh sets folder and the like
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"

# image NUMBER WORD: an image of a rule for this word.
image() {
    printf 'Test.Rule%s:0:*:%s\n' "$1" \
        "$(printf '%s' "$2" | od -An -tx1 | tr -d ' \n')" >"rule$1.ndb"
    overt rules build --output "image$1.new" "rule$1.ndb"
    expect_exit 0
    mv "image$1.new" "image$1"
}
finds() { # FILE WORD
    clamd_ask "zSCAN $folder/$1\\0" | grep -q "$2"
}

printf 'first word, second word, third word' >words
image 1 'nowhere at all'
image 2 'not to be found'
make_rules
overtd_start <<END
[scan]
rules = $folder/image1
rules = $folder/image2
END
finds words ': OK' || fail "found before there is a rule"

# Not the last one, and this alone.
image 1 'first word'
kill -HUP "$overtd_pid"
wait_until finds words Rule1
image 2 'second word'
clamd_ask 'nRELOAD\n' >out
expect_line out RELOADING
image 1 'nowhere at all'
clamd_ask 'nRELOAD\n' >out
wait_until finds words Rule2

# A storm: the last state is what holds, and nothing is told as refused.
for i in 1 2 3 4 5 6 7 8; do
    image 1 "word number $i"
    kill -HUP "$overtd_pid"
    clamd_ask 'nRELOAD\nnPING\n' >out
done
image 2 'nothing of this kind'
image 1 'third word'
kill -HUP "$overtd_pid"
wait_until finds words Rule1
expect_no_text overtd.log "could not load other rules"
overtd_stop
