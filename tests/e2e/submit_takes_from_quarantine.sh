#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2154 # names of lib.sh
# What is in quarantine is submitted from there: it is put into no folder again,
# it stays in quarantine, and where it came from is not told.
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"
# shellcheck source=/dev/null
. "$(dirname "$0")/cloud_regions.sh"

make_rules
region_start eu
"$CLOUD" manifest eu >keys
trust_publisher
log_keys keys

submit eu --mode auto --auto program --quarantine 0123
expect_exit 2
expect_text err "there is no quarantine yet"

# One of an ordinary place, one of a place that is private.
mkdir shared customers
make_bad_program shared/tool
make_bad_program customers/tool "2"
for place in shared customers; do
    sha256sum <$place/tool | cut -d' ' -f1 >$place.sha
done
overt --state "$folder/state" scan --rules rules --quarantine \
    shared/tool customers/tool
expect_exit 1
for place in shared customers; do
    overt --state "$folder/state" quarantine list
    sed -n "s|^\([0-9a-f]*\) .*/$place/tool\$|\1|p" out >$place.item
    [ -s $place.item ] || fail "$place/tool is not in quarantine"
done

submit eu --mode auto --auto program --quarantine 0123456789
expect_exit 2
set -- eu/state/blobs/*/*
[ ! -e "$1" ] || fail "something was sent"

submit eu --mode auto --auto program --private "$folder/customers" \
    --quarantine "$(cat shared.item)"
expect_exit 0
expect_text out "    sha256 $(cat shared.sha)"
expect_text out "    rule Test.Eicar"
expect_text out "sent as "
expect_no_text out shared
[ ! -e shared/tool ] || fail "it is in its place again"
set -- eu/state/blobs/*/*
[ $# -eq 1 ] || fail "$# blobs"

# Its place counts though it is not there any more.
submit eu --mode auto --auto program --private "$folder/customers" \
    --quarantine "$(cat customers.item)"
expect_no_text out "sent as"
expect_text out "    sha256 $(cat customers.sha)"
set -- eu/state/blobs/*/*
[ $# -eq 1 ] || fail "what is private was sent"

# overt quarantine submit asks overt.conf, where nothing stands: off.
overt --state "$folder/state" quarantine submit "$(cat customers.item)"
expect_exit 2
expect_text err "submissions are off"

# Both are still there, and the whole: it is put back as it was.
overt --state "$folder/state" quarantine list
[ "$(wc -l <out)" -eq 2 ] || fail "$(wc -l <out) are in quarantine"
overt --state "$folder/state" quarantine restore "$(cat shared.item)"
[ "$(sha256sum <shared/tool | cut -d' ' -f1)" = "$(cat shared.sha)" ] ||
    fail "it has changed"
