#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Recalls and notices take two people, too; an end is told 60 days before.
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"
# shellcheck source=/dev/null
. "$(dirname "$0")/publisher.sh"

make_instance small
make_rule evil
propose evil p-01
must_publish review DIR R-evil-r1 --as p-02
must_publish release DIR

publish recall DIR --id C-1 --as p-01 --why 'It finds libc.'
expect_exit 1
expect_text err 'say what is withdrawn'
must_publish recall DIR --id C-1 --as p-01 --why 'It finds libc.' \
    --rule R-evil --release 1
must_publish publish DIR
[ "$(newest recall)" = DIR/repo/metadata/1.recall.json ] ||
    fail 'one person has recalled something'
publish review DIR recall-C-1 --as p-01
expect_exit 1
must_publish review DIR recall-C-1 --as p-03
expect_text out 'rule       R-evil'
must_publish publish DIR
[ "$(newest recall)" = DIR/repo/metadata/2.recall.json ] ||
    fail 'the recall is not published'
for note in DIR/logged/*.note; do
    grep -q '/recall/v1$' "$note" && entry=$(sha256sum <"$note" | cut -d ' ' -f 1)
done
grep -q "^sha256:$entry\$" DIR/repo/targets/recall/*.list ||
    fail 'recall/list does not name the entry'
[ -f "DIR/repo/proof/$entry.tlog-proof" ] || fail 'no proof of the recall'

# 60 days, to the day, whatever the hour.
notice() {
    publish notice DIR --id "$1" --kind end-of-service --region US --as p-01 \
        --why 'Updates end.' --date "signature_updates_end=$2" --now "$3"
}
notice N-1 2027-01-29 2026-12-01T00:00:00Z
expect_exit 1
expect_text err 'at least 60 days before'
notice N-1 2027-01-30 2026-12-01T00:00:00Z
expect_exit 0
notice N-2 2027-01-30 2026-12-01T23:59:59Z
expect_exit 0
notice N-3 2027-02-30 2026-12-01T23:59:59Z
expect_exit 1
publish notice DIR --id N-4 --kind end-of-service --as p-01 --why 'Ends.'
expect_exit 1
expect_text err 'has a --date'
must_publish review DIR notice-N-1 --as p-02
must_publish publish DIR
python3 - DIR/repo/targets/notice/*.N-1.json <<'END'
import json, sys
n = json.load(open(sys.argv[1]))
assert n["format"] == "overt-service-notice/1", n
assert n["signature_updates_end"] == "2027-01-30", n
assert n["third_party_replacement_installed"] is False, n
END
