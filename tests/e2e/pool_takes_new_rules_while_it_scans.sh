#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Workers take other images between two files: no file is left out or scanned
# twice, and images that cannot be opened leave the old ones in place.
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"

: "${SWITCH:?set SWITCH to the program of switch.c}"
printf 'Old:0:*:%s\n' 6161626263636464 >old.ndb
printf 'New:0:*:%s\n' 6262636364646565 >new.ndb
overt rules build old.ndb -o old.img
expect_exit 0
overt rules build new.ndb -o new.img
expect_exit 0
head -c 5000 old.img >bad.img
echo 'xx aabbccddee xx' >file

mkdir -p bin lib/overt
cp "$SWITCH" bin/switch
cp "$(dirname "$OVERT")/../worker/overt-worker" lib/overt/overt-worker
bin/switch file old.img new.img bad.img >out 2>err || fail "$(cat out err)"
expect_line out "before: 400 done, old all, new none, inconclusive 0, ok"
expect_text out "during: 400 done, old all, new "
expect_line out "behind: 400 done, old all, new all, inconclusive 0, ok"
expect_line out \
    "refused: 400 done, old all, new all, inconclusive 0, truncated"
expect_line out "crashes: 0"

# The same images for a whole scan: as many as there are, in one go.
overt scan --all-matches --no-cache --rules old.img --rules new.img file
expect_exit 1
expect_text out "Old"
expect_text out "New"
