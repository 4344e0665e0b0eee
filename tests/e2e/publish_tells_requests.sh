#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2034,SC2154 # names shared with lib.sh
# Requests of authorities get into the log event by event; a decision takes legal
# and a trustee; what may not be told is a commitment among as many others every
# day; and anybody counts the same table from the leaves.
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"
# shellcheck source=/dev/null
. "$(dirname "$0")/publisher.sh"

: "${MONITOR:?}"

report() {
    exit_code=0
    "$MONITOR" report 2026H2 DIR/repo/log DIR/policy --people DIR/people "$@" \
        >out 2>err || exit_code=$?
}
request() {
    word=$1
    shift
    publish request "$word" DIR --as legal-1 "$@"
}
must_request() {
    request "$@"
    expect_exit 0
}
add() {
    request add --country CH --authority police --basis 'Code, art. 265' "$@"
}
cell() {
    python3 -c '
import json, sys
t = json.load(open("out"))["totals"][-1]
sys.exit(t[sys.argv[1]] != int(sys.argv[2]))' "$1" "$2" ||
        fail "$1 is not $2"
}

make_instance small
grep -q '^need trustees 1$' DIR/people || fail 'no trustee is needed'

# A request, as words and lines; only legal can say it.
add --kind user_data --data account --subjects 2 --now 2026-09-03T10:00:00Z
expect_exit 0
expect_text out 'In words: On 2026-09-03 police of CH asked directly for data of'
publish request add DIR --as p-01 --country CH --authority police \
    --basis Code --kind removal --subjects 0
expect_text out 'waits for more signatures: signed by 0 of 1 legal'
rm -r DIR/staging/request-*
publish request add DIR --as legal-1 --country CHE --authority police \
    --basis Code --kind removal --subjects 0
expect_exit 1
must_publish log DIR
report --json
expect_exit 0
cell pending 1

# A decision: what contradicts itself is refused, one signature is not enough.
decide() {
    request decide --id 2026H2-0001 --now 2026-09-15T10:00:00Z "$@"
}
decide --review invalid --decision rejected --notified yes
expect_exit 1
expect_text err 'rejected without a reason'
decide --review valid --decision partly --notified no
expect_text err 'it is not said what'
decide --review invalid --decision rejected --reason not_valid --notified yes
expect_text out 'signed by 0 of 1 trustees'
request close --id 2026H2-0001
expect_exit 1
expect_text err 'waits for signatures'
publish review DIR request-2026H2-0001-002-decision --as p-02
expect_text out 'signed by 0 of 1 trustees'
must_publish review DIR request-2026H2-0001-002-decision --as trustee-1
expect_text out 'is refused, since the request is not valid'
must_request challenge --id 2026H2-0001 --court 'Federal Court'
must_request close --id 2026H2-0001
add --kind technical_expertise --subjects 0 --now 2026-09-20T10:00:00Z
must_request correct --id 2026H2-0002 --country DE --why 'A slip.'
must_publish review DIR request-2026H2-0002-002-correction --as trustee-1
must_request history --of 'Another company' --period 2020 --requests 160 \
    --source https://reports.example/2020
must_publish log DIR
report --json
expect_exit 0
cell rejected 1
cell requests 2
cell days_sum 12
cell corrected 1
expect_text out '"source": "https://reports.example/2020"'
expect_text out '"country": "DE", "kind": "technical_expertise", "requests": 1'

# What may not be told: nothing of it is in the tree, and its day looks as any.
day() {
    must_request commit --daily 4 --now "$1T23:00:00Z"
}
day 2026-09-21
add --kind user_data --subjects 1 --gag --now 2026-09-22T10:00:00Z
expect_exit 0
expect_text out 'only a commitment'
id=$(sed -n 's/^  id *//p' out)
request decide --id "$id" --review valid --decision partly --reason overbroad \
    --disclosed 'One name.' --data account --accounts 1 \
    --notified barred_until:2026-11-01 --now 2026-09-22T12:00:00Z
expect_exit 0
must_publish review DIR "sealed-request-$id-002-decision" --as trustee-1
day 2026-09-22
day 2026-09-23
must_request close --id 2026H2-0002
must_publish log DIR
if grep -r -q -a "$id" DIR/repo; then fail 'a sealed request is in the tree'; fi
for n in DIR/logged/*.note; do
    grep -q '/request-commitments/v1$' "$n" && grep -c '^commitment ' "$n"
done >numbers
[ "$(sort -u numbers)" = 4 ] || fail 'not the same number every day'
report --json
expect_exit 0
cell requests 2
expect_text out '"made": 12, "opened_empty": 0, "opened_events": 0, "unopened": 12'

# Another number wants a reason.
request commit --daily 5 --now 2026-09-24T23:00:00Z
expect_exit 1
expect_text err 'say --why'

# The table is published, by two; what was sealed is told, and a later one made.
must_request report --period 2026H2
must_publish review DIR "$(cd DIR/staging && ls -d request-report-*)" \
    --as trustee-1
must_publish log DIR
report
expect_exit 0
expect_text out 'it comes out the same'
report --csv
cp out first.csv
digest=$(sha256sum <first.csv | cut -d ' ' -f 1)
cmp -s first.csv "DIR/repo/cas/sha256/$(echo "$digest" | cut -c 1-2)/$digest" ||
    fail 'the table is not where its digest says'
must_request reveal --id "$id" --now 2026-11-02T10:00:00Z
must_publish log DIR
report --json --published first.csv
expect_exit 0
cell requests 3
cell sealed 1
cell accounts 1
expect_text out '"opened_events": 2,'
sed 's/,2,/,3,/' first.csv >other.csv
report --published other.csv
expect_exit 1
expect_text out 'ANOTHER TABLE'

# After 30 days what was nothing is opened. That days are missing, anybody sees.
cp -r DIR KEPT
day 2026-10-25
must_publish log DIR
report
expect_exit 1
expect_text out 'PROBLEM: entry'
expect_text out ': no commitments on the 31 days before'
expect_text out '4 a day since 2026-09-21, 31 days missing; of 16 10 were to nothing'
rm -r DIR
mv KEPT DIR

# A false table: who signs as the second would see it; if they sign, all see it.
# It comes from a log that is as long and says something else.
cp -r DIR OTHER
add --kind removal --subjects 0 --now 2026-11-03T10:00:00Z
must_publish log DIR
mv DIR HERE
mv OTHER DIR
add --kind preservation --subjects 0 --now 2026-11-03T10:00:00Z
must_publish log DIR
must_request report --period 2026H2
name=$(cd DIR/staging && ls -d request-report-*)
mkdir HERE/staging/"$name"
cp "DIR/staging/$name/note" "HERE/staging/$name/note"
must_publish review DIR "$name" --as trustee-1
cp "DIR/log-queue/$name.note" both
cp -r DIR/blobs HERE
mv DIR OTHER
mv HERE DIR
publish review DIR "$name" --as trustee-1
expect_exit 1
expect_text err 'do not sign'
cp both "DIR/log-queue/$name.note"
rm -r "DIR/staging/$name"
must_publish log DIR
report
expect_exit 1
expect_text out 'IT COMES OUT DIFFERENTLY'

# Another people file than the one that the log names is none.
sed 's/^need trustees 1/need trustees 0/' DIR/people >people
exit_code=0
"$MONITOR" report 2026H2 DIR/repo/log DIR/policy --people people \
    >out 2>err || exit_code=$?
expect_exit 1
expect_text err 'not the people file'
