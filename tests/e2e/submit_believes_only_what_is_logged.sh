#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2154 # names of lib.sh
# Samples are sealed to keys that people have signed and the log has, in the
# region that its owner chose first; and what became of a sample is in the public
# log, or it is told that it is not.
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"
# shellcheck source=/dev/null
. "$(dirname "$0")/cloud_regions.sh"

make_rules
trust_publisher
region_start eu
region_start us
make_bad_program one
sent_nothing() {
    expect_exit 2
    expect_text err "$1"
    set -- eu/state/blobs/*/* us/state/blobs/*/*
    if [ -e "$1" ] || [ -e "$2" ]; then fail "something was sent"; fi
}
auto() {
    to=$1
    shift
    submit "$to" --mode auto --auto program "$@"
}

# Not logged; by one person; by another file's entry.
"$CLOUD" manifest us eu >keys
auto eu one
sent_nothing "keys.entry"
log_keys keys keys-of-one
auto eu one
sent_nothing "signature does not verify"
log_keys keys
sed 's/^jurisdiction .*/jurisdiction YY/' keys >other
mv other keys
auto eu one
sent_nothing "digest does not match"
[ -n "$(find state/evidence -name 'cloud-keys-*')" ] || fail "no evidence"
"$CLOUD" manifest us eu >keys
auto eu one
expect_exit 0
expect_text out "1 sent"

# The region stays what it was; its owner changes it, and the ledger tells.
make_bad_program two "2"
auto us two
expect_exit 2
expect_text err "this machine submits to region eu"
auto us --change-region two
expect_exit 0
overt outbound list --state "$folder/state"
expect_text out "submission region"
auto eu --change-region two
expect_exit 0

# From the cloud, where a newer version is; an older one is refused from then on.
"$CLOUD" manifest us eu --version 2 >newer
XDG_CONFIG_HOME=$folder/config
export XDG_CONFIG_HOME
mkdir -p config/overt
printf "[cloud]\ntier = lite\n" >config/overt/overt.conf
"$MAKE_CLOUD" tree 1 "$now" log=good keys=newer
overt --state state cloud update --from tree
expect_exit 0
cmp state/reputation/keys newer || fail "the manifest is not here"
overt submit --state state --region eu --server "$(cat eu.url)" --rules rules \
    --mode auto --auto program two
expect_exit 0
overt submit --state state --region eu --server "$(cat eu.url)" --rules rules \
    --mode ask --preview two
expect_text out "    epoch 1"
auto eu one
expect_exit 2
expect_text err "older than what was seen before"
mv newer keys
log_keys keys

# What the region says of its receipts, and what the log has of it.
submit eu --check
expect_exit 0
expect_text out "has told the log nothing yet"
python3 - "$(cat eu.url)" >told <<'END'
import hashlib, sys, urllib.request
lines = urllib.request.urlopen(sys.argv[1] + "v1/submissions-log").read()
f = dict(x.split(" ") for x in lines.decode().splitlines()[1:])
print("eu:%s:%s" % (f["size"], f["root"]))
END
size=$(cut -d: -f2 told)
tell() {
    "$MAKE_CLOUD" told.cloud 1 "$now" log=good keys=keys "submissions=$1"
    mkdir -p eu/state/logged
    cp told.cloud/"$2".entry told.cloud/"$2".proof eu/state/logged
    echo "$2" >eu/state/logged/newest
}
tell "$(cat told)" "$size"
submit eu --check
expect_exit 0
expect_text out ".receipt  is 0 of the $size that the log has since"

# Another root than that of the receipts: found out, and kept.
tell "eu:$size:$(sha256sum <keys | cut -c -64)" "$size"
submit eu --check
expect_exit 2
expect_text out "proof does not hold"
[ -n "$(find state/evidence -name 'cloud-submissions-*')" ] ||
    fail "no evidence"
