#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Archives that hold more than could ever be unpacked: each ends at a limit, is
# inconclusive for a reason that names it, and the next file is scanned.
# shellcheck disable=SC2034,SC2154 # names shared with lib.sh
# shellcheck source=/dev/null
here=$(dirname "$(readlink -f "$0")")
. "$(dirname "$0")/lib.sh"

command -v python3 >/dev/null || skip "no python3"
make_rules
mkdir in
make_eicar in/z.com
for kind in nested quine deep many; do
    python3 "$here/bombs.py" "$kind" >"in/$kind.zip"
done
truncate -s 200G hole
tar -Scf in/sparse.tar hole
rm hole
[ "$(stat -c %s in/sparse.tar)" -lt 100000 ] || skip "no sparse files here"

# What is asked for, with one worker and with several.
for jobs in 1 3; do
    overt scan --no-cache --rules rules --jobs "$jobs" in
    expect_exit 1
    expect_text out "nested.zip: INCONCLUSIVE limit max-scansize in 0.zip > 0"
    expect_text out "quine.zip: INCONCLUSIVE limit max-recursion in q > q > q"
    expect_text out "deep.zip: INCONCLUSIVE limit max-recursion in a.zip > a"
    expect_line out "in/many.zip: INCONCLUSIVE limit max-files"
    expect_text out "sparse.tar: INCONCLUSIVE limit max-filesize in hole"
    expect_text out "in/z.com: DETECTED Test.Eicar"
    expect_text out "5 inconclusive"
    expect_no_text out "crashed"
done

# Without a limit for one file, that for all of them holds.
overt scan --no-cache --quiet --rules rules --max-filesize 0 in/sparse.tar
expect_exit 3
expect_text out "sparse.tar: INCONCLUSIVE limit max-"
