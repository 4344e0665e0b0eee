#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The example in docs/examples compiles against the public headers and the
# shared library alone, and finds what it should; the library exports the
# functions of include/overt/ and nothing else.
#
# usage: example_compiles_and_scans.sh SOURCE_DIR LIBRARY CC
set -eu
source=$1
library=$2
shift 2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

"$@" -Wall -Wextra -Werror -I"$source/include" \
    "$source/docs/examples/scan_file.c" "$library" \
    -Wl,-rpath,"$(dirname "$library")" -o "$work/scan_file"

printf 'Test.Hello:0:*:68656c6c6f\n' > "$work/a.ndb"
echo 'say hello' > "$work/bad"
echo 'say nothing' > "$work/good"

"$work/scan_file" "$work/bad" "$work/a.ndb" > "$work/out" && exit 1
grep -q "^Test.Hello ($work/a.ndb line 1)$" "$work/out"
grep -q "^$work/bad: detected$" "$work/out"
"$work/scan_file" "$work/good" "$work/a.ndb" > "$work/out"
grep -q "^$work/good: clean$" "$work/out"
if "$work/scan_file" "$work/good" "$work/none.ndb" 2> "$work/err"; then
    exit 1
fi
grep -q 'none.ndb cannot be read' "$work/err"

nm -D --defined-only "$library" | sed -n 's/.* T \(ov_[a-z_0-9]*\).*/\1/p' |
    sort > "$work/exported"
cat "$source"/include/overt/*.h | tr '\n' ' ' |
    grep -o 'OV_API[^(]*(' | sed 's/.*[ *]\(ov_[a-z_0-9]*\)($/\1/' |
    grep '^ov_' | sort > "$work/declared"
diff -u "$work/declared" "$work/exported"
echo "ok example_compiles_and_scans"
