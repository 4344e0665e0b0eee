#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Who wrote a rule, who reviewed it, where that is logged and what proves it:
# told without any mirror, after a first installation, after steps, after a new
# base and from a bundle; and refused if what is kept was changed.
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"
# shellcheck source=/dev/null
. "$(dirname "$0")/publisher.sh"

# As overt, without a network where that can be had.
alone=
for way in 'unshare -n' 'unshare -cn'; do
    [ -n "$alone" ] || ! $way true 2>/dev/null || alone=$way
done
# shellcheck disable=SC2034 # exit_code is for expect_exit
offline() {
    exit_code=0
    $alone "$OVERT" "$@" >out 2>err || exit_code=$?
}

# explained RULE AUTHOR REVIEWER: all of the answer, and nothing is missing.
explained() {
    offline --state client why "$1"
    expect_exit 0
    expect_line out 'proof of the entry: holds'
    expect_line out "author $2"
    expect_line out "signed by person $2"
    expect_line out "signed by person $3"
    expect_line out "signed by ci ci"
    grep -q '^log index [0-9]' out || fail 'no log index'
    grep -q '^tests sha256:' out || fail 'no tests'
    grep -q '^release [0-9]' out || fail 'no release'
    grep -q '^proof of the release: holds' out || fail 'no proof of the release'
    expect_text out "rule $1"
}

two_sign() {
    propose "$1" p-01
    must_publish review DIR "R-$1-r1" --as p-02
}

make_instance small
make_rule evil
make_rule bad
make_eicar eicar.bad
# shellcheck disable=SC2154 # lib.sh sets it
cp "$(dirname "$scenario_path")/../../rules/eicar.yar" .
two_sign eicar
two_sign evil
two_sign bad
must_publish release DIR
overt --state client update --from DIR/repo --root DIR/repo/first/1.root.json
expect_exit 0
overt --state client status
expect_text out 'trace        kept'
mv DIR away
explained evil p-01 p-02
offline --state client verify --deep
expect_exit 0
mv away DIR

# A rule more, then two more at once: only what is new comes.
for name in worse third worst; do
    make_rule "$name"
    two_sign "$name"
    must_publish release DIR
    [ "$name" != third ] || continue
    mv DIR/repo/trace/stable/base hidden
    overt --state client update --from DIR/repo --json
    expect_exit 0
    bytes=$(sed 's/.*"bytes":\([0-9]*\).*/\1/' out)
    [ "$name" = worst ] || [ "$bytes" -le 6144 ] ||
        fail "one new rule costs $bytes bytes"
    echo "$name: $bytes bytes" >>"${TEST_NOTES:-/dev/null}"
    mv hidden DIR/repo/trace/stable/base
done
mv DIR away
explained worse p-01 p-02
explained worst p-01 p-02
explained evil p-01 p-02
offline --state client verify --deep
expect_exit 0
mv away DIR

# What a rule said before is not kept; a new base has what is left.
must_publish retire DIR --id R-bad --as p-01 --why 'Not needed.'
must_publish review DIR R-bad-r2 --as p-02
make_rule other
two_sign other
must_publish release DIR --base
cp -r client late
overt --state client update --from DIR/repo
expect_exit 0
must_publish bundle DIR --out bundle.tar
mv DIR away
explained other p-01 p-02
explained evil p-01 p-02
offline --state client verify --deep
expect_exit 0

# From a bundle, first and later.
mv client known
overt --state client update --from bundle.tar \
    --root away/repo/first/1.root.json
expect_exit 0
explained other p-01 p-02
rm -r client
mv late client
overt --state client update --from bundle.tar
expect_exit 0
explained worst p-01 p-02

# The rules of a feed, whose entry says nothing of a record by itself: first, one
# line more and one record less, and with a new base.
mv away DIR
mkdir feed
printf 'rule Fed\n{\n    condition:\n        filesize == 123457\n}\n' \
    >feed/fed.yar
i=0
while [ $i -lt 600 ]; do
    printf 'Feed.Test-%d:0:*:%08x0badc0de%08x\n' $i $i $((i * 77))
    i=$((i + 1))
done >feed/lines.ndb
feed_revision() {
    must_publish import-feed DIR --id others --source feed --version "$1" \
        --url https://feed.example/rules --as p-02
    must_publish review DIR "feed-others-r$1" --as p-01 --source feed
}
feed_known() {
    mv DIR away
    offline --state client why Feed.Test-3
    expect_exit 0
    expect_line out 'proof of the entry: holds'
    expect_line out 'entry type feed'
    expect_line out 'signed by person p-01'
    offline --state client why "$1"
    expect_exit 0
    offline --state client verify --deep
    expect_exit 0
    mv away DIR
}
feed_revision 1
must_publish release DIR
overt --state client update --from DIR/repo
expect_exit 0
feed_known Fed
echo 'Feed.Test-more:0:*:00112233445566778899' >>feed/lines.ndb
rm feed/fed.yar
feed_revision 2
must_publish release DIR
overt --state client update --from DIR/repo
expect_exit 0
feed_known Feed.Test-more
sed -i 's/^Feed.Test-77:/Feed.Test-other:/' feed/lines.ndb
feed_revision 3
must_publish release DIR --base
sed -i 's/^Feed.Test-99:/Feed.Test-yet:/' feed/lines.ndb
feed_revision 4
must_publish release DIR
overt --state client update --from DIR/repo
expect_exit 0
feed_known Feed.Test-other
rm -r client
overt --state client update --from DIR/repo --root DIR/repo/first/1.root.json
expect_exit 0
feed_known Feed.Test-yet
must_publish bundle DIR --out feed.tar
mv DIR away
rm -r client
overt --state client update --from feed.tar --root away/repo/first/1.root.json
expect_exit 0
offline --state client verify --deep
expect_exit 0

# Without a trace rules are installed all the same, and that is told.
mkdir bare
cp -r away/repo bare/repo
rm -r bare/repo/trace
rm -r client
overt --state client update --from bare/repo --root bare/repo/first/1.root.json
expect_exit 0
overt --state client status
expect_text out 'trace        missing'
offline --state client why evil
expect_exit 3
expect_text out 'entry: not here'
overt --state client why evil --from bare/repo
expect_exit 0

# A trace that a mirror has changed is not taken, one that was changed here is
# told.
rm -r client
cp -r away/repo/trace bare/repo/trace
for file in bare/repo/trace/stable/base/*; do
    zstd -dcq "$file" | sed 's/author p-01/author p-02/' | zstd -qc >changed
    mv changed "$file"
done
overt --state client update --from bare/repo --root bare/repo/first/1.root.json
expect_exit 0
offline --state client why evil
expect_exit 3
rm -r client
mv known client
sed -i 's/author p-01/author p-02/' client/current/trace.0
offline --state client why evil
expect_exit 1
offline --state client verify --deep
expect_exit 1
