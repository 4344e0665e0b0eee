#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2154 # names of lib.sh
# Two regions. What is submitted to one is nowhere in the other, which refuses
# it if it comes there, and could not open it.
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"
# shellcheck source=/dev/null
. "$(dirname "$0")/cloud_regions.sh"

make_rules
region_start eu
region_start us
"$CLOUD" manifest us eu >keys
trust_publisher
log_keys keys
[ "$(grep -c '^region ' keys)" -eq 2 ] || fail "not two regions"
make_bad_program program

us_before=$(find us -type f ! -name '*-wal' ! -name '*-shm' -exec sha256sum {} + | sort)
submit eu --mode auto --auto program program
expect_exit 0
name=$(sed -n 's/^sent as \([0-9a-f]*\);.*/\1/p' out)
receipt=state/submissions/$name.receipt
grep -q '^region eu$' "$receipt" || fail "no receipt of eu"
envelope=$(sed -n 's/^envelope //p' "$receipt")

# All that the other has, and all that it said.
us_after=$(find us -type f ! -name '*-wal' ! -name '*-shm' -exec sha256sum {} + | sort)
[ "$us_before" = "$us_after" ] || fail "something changed in us"
for word in "$name" "$envelope" "$(sha256sum <program | cut -d' ' -f1)"; do
    if grep -rqaF -- "$word" us us.out us.err; then fail "us has $word"; fi
done
if grep -rqaF -- "$(cat eu/keys/seal)" us; then fail "us has eu's key"; fi
set -- us/state/blobs/*/*
[ ! -e "$1" ] || fail "us has stored something"

# An envelope of eu that is carried to us: 421, and nothing of it is kept.
make_bad_program second "2"
cp us.url eu.url
submit eu --mode auto --auto program second
expect_exit 2
expect_text err "another region's"
expect_text us.err "refused an envelope for another region: eu"
set -- us/state/blobs/*/*
[ ! -e "$1" ] || fail "us has stored something"
