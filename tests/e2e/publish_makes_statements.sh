#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2034,SC2154 # names shared with lib.sh
# The end of an embargo, a release compiled again, a document about a file, the
# end of a log: each is an entry that monitors take for right.
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"
# shellcheck source=/dev/null
. "$(dirname "$0")/publisher.sh"

: "${MONITOR:?}" "${LOGD:?}"

watch() {
    rm -rf watched
    mkdir watched
    exit_code=0
    "$MONITOR" run --once --log "${1:-DIR/repo/log}" --policy DIR/policy \
        --people DIR/people --state watched >found 2>&1 || exit_code=$?
}
is_public() {
    sha=$(sha256sum <"$1" | cut -d ' ' -f 1)
    [ -e "DIR/repo/cas/sha256/$(echo "$sha" | cut -c 1-2)/$sha" ]
}
two_sign() {
    must_publish review DIR "$1" --as p-02
    must_publish log DIR
}

make_instance small
make_rule secret
make_rule open
propose secret p-01 --embargo "$(date -u -d '+30 days' +%F)"
two_sign R-secret-r1
propose open p-01
two_sign R-open-r1
is_public secret.yar && fail 'a source under embargo is public'
is_public open.yar || fail 'a source is not public'
publish reveal DIR --id R-open --as p-01
expect_exit 1
expect_text err 'is not secret'
publish reveal DIR --id R-none --as p-01
expect_exit 1
must_publish reveal DIR --id R-secret --as p-01
is_public secret.yar && fail 'one person has revealed a source'
two_sign "$(cd DIR/staging && ls -d reveal-*)"
is_public secret.yar || fail 'a revealed source is not public'

# A stranger's key that the people file names may say what came out here.
must_publish release DIR
"$LOGD" init other --origin rebuilder-1.demo.example --no-passphrase \
    2>/dev/null
cp other/log.key DIR/keys/rebuilder-1.key
cp other/log.key.pub DIR/keys/rebuilder-1.pub
sed 's/^need rebuilders 0/need rebuilders 1/' DIR/people >people
echo "rebuilder rebuilder-1 $(cat other/log.key.pub) 0 -" >>people
must_publish trust DIR people --file people --as p-01
must_publish review DIR key-event-people-2 --as p-02
must_publish publish DIR
publish rebuild DIR --as p-01
[ ! -e DIR/log-queue/rebuild-stable-1-p-01.note ] ||
    fail 'a person speaks for a rebuilder'
rm -rf DIR/staging/rebuild-*
must_publish rebuild DIR --as rebuilder-1
expect_text out 'same'
must_publish log DIR

# Documents.
printf '{"bomFormat":"CycloneDX"}\n' >bom.json
must_publish attach DIR --kind sbom --file bom.json --source secret.yar \
    --as build-1
must_publish review DIR "$(cd DIR/staging && ls -d sbom-*)" --as build-2
must_publish log DIR
is_public bom.json || fail 'the bill of materials is not public'
watch
expect_exit 0
expect_no_text found alarm
[ "$(sed -n 2p DIR/repo/log/checkpoint)" -ge 13 ] || fail 'entries are missing'

# Nothing follows the end: the publisher refuses it, and a monitor tells.
must_publish log-end DIR --why 'The year is over.' --as p-01
two_sign "$(cd DIR/staging && ls -d log-end-*)"
watch
expect_exit 0
make_rule late
propose late p-01
must_publish review DIR R-late-r1 --as p-02
publish log DIR
expect_exit 1
expect_text err 'nothing may follow'
"$LOGD" add DIR/logd DIR/log-queue/R-late-r1.note >/dev/null
"$LOGD" once DIR/logd --policy DIR/policy 2>/dev/null
watch DIR/logd/log
expect_exit 1
expect_text found 'an entry follows log-end'
