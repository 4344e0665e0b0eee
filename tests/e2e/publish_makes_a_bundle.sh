#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A release in one file: the same bytes whoever makes it, and a client updates
# from it as from any mirror, then from the next one.
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"
# shellcheck source=/dev/null
. "$(dirname "$0")/publisher.sh"

make_instance solo
make_rule evil
make_eicar eicar.bad
# shellcheck disable=SC2154 # lib.sh sets it
cp "$(dirname "$scenario_path")/../../rules/eicar.yar" .
propose evil p-01
propose eicar p-01
must_publish release DIR
must_publish bundle DIR --out one.tar
made=$(date -r one.tar +%s)
touch -d "@$((made - 100))" DIR/repo/metadata/timestamp.json
must_publish bundle DIR --out again.tar
cmp one.tar again.tar || fail 'a bundle depends on more than its content'
tar -tf one.tar >names
LC_ALL=C sort -c names || fail 'names are not sorted'
tar -tvf one.tar | grep -v -q '^-rw-r--r-- 0/0 .* 1970-01-01' &&
    fail 'a bundle tells of its maker'
grep -q -E '\.key$|^cas/|^delta/' names && fail 'the bundle has too much'

overt --state client update --from one.tar --root DIR/repo/first/1.root.json
expect_exit 0
overt --state client scan evil.bad eicar.bad good
expect_exit 1
expect_text out 'R-evil'

make_rule worse
propose worse p-01
must_publish release DIR
must_publish bundle DIR --out two.tar
overt --state client update --from two.tar
expect_exit 0
overt --state client scan worse.bad
expect_exit 1

# The older one is no way back.
overt --state client update --from one.tar
overt --state client scan worse.bad
expect_exit 1
