#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2154 # names of lib.sh
# What was submitted is analysed in a jail and listed; it becomes a verdict of
# the cloud when two people have signed the same about it, whatever one of them
# tries, and whoever else comes.
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"
# shellcheck source=/dev/null
. "$(dirname "$0")/publisher.sh"
# shellcheck source=/dev/null
. "$(dirname "$0")/cloud.sh"
# shellcheck source=/dev/null
. "$(dirname "$0")/cloud_regions.sh"
# shellcheck source=/dev/null
. "$(dirname "$0")/cloud_triage.sh"

triage_begin
submit_bad program one
analyse
expect_line out '1 cases, 0 without one, 0 tried again'
triage list eu
grep -q "^$sample sample open .* 1 detected Test.Eicar - -\$" out || fail 'not listed'
triage show eu "$sample"
expect_line out 'verdict detected'
expect_line out 'type elf'
expect_line out 'rule Test.Eicar'
expect_line out 'sender-type elf'

# One person, as often as he likes; his key under another name; others' keys.
must_decide p-01 confirm eu "$sample" malicious Example.Evil
expect_line out 'kept; others have to say the same'
must_decide p-01 confirm eu "$sample" malicious Example.Evil --now 2099-01-01T00:00:00Z
expect_line out 'kept; others have to say the same'
decide p-02 confirm eu "$sample" malicious Example.Evil --key DIR/keys/p-01.key
expect_exit 1
expect_text err 'signed by somebody else than it says'
for other in build-1 root-1; do
    decide "$other" confirm eu "$sample" malicious Example.Evil
    expect_exit 1
    expect_text err 'not signed by one person of the people file'
done
must_cloud triage apply eu C
expect_line out '0 verdicts'

# Another who says something else; then the same.
must_decide p-02 confirm eu "$sample" malicious Other.Evil --now 2098-01-01T00:00:00Z
expect_line out 'kept; others have to say the same'
triage show eu "$sample" --text
cp out case
cloud triage sign case malicious Example.Evil --as p-02 --keys DIR/keys --why 'Agreed.'
expect_exit 0
cp out old-note
# ... which is older than what he has said.
triage take eu old-note
expect_line out 'known already, or older than what is known'
cloud triage sign case malicious Example.Evil --as p-02 --keys DIR/keys \
    --why 'Agreed.' --now 2099-01-01T00:00:00Z
cp out note
triage take eu note
expect_line out 'kept; enough people agree'
triage take eu note
expect_line out 'known already, or older than what is known'
must_decide p-03 list eu --state decided
grep -q "^$sample sample decided .* malicious Example.Evil\$" out || fail 'not decided'

# Into the journal, once.
must_cloud triage apply eu C
expect_line out '1 verdicts'
must_cloud triage apply eu C
expect_line out '0 verdicts'
must_cloud verdict list C "$sample"
[ "$(wc -l <out)" -eq 1 ] || fail 'not one verdict'
expect_text out 'malicious Example.Evil'
expect_text out 'triage eu: sample round 1; p-01: Seen by p-01.; p-02: Agreed.'
cloud verdict add C "$sample" good --as 'triage eu'
expect_exit 1

# Somebody who can write to the store brings back what was said, or says that
# people agree: the journal takes neither.
python3 - eu/state/store.db "$sample" <<'END'
import sqlite3, sys
db = sqlite3.connect(sys.argv[1])
db.execute("UPDATE cases SET round = 2, state = 1 WHERE sample = ?", [sys.argv[2]])
db.execute("UPDATE decisions SET round = 2 WHERE sample = ?", [sys.argv[2]])
db.commit()
END
cloud triage apply eu C
expect_exit 1
expect_text err 'no verdict that enough people have signed'
must_cloud verdict list C "$sample"
[ "$(wc -l <out)" -eq 1 ] || fail 'not one verdict'
python3 - eu/state/store.db "$sample" <<'END'
import sqlite3, sys
db = sqlite3.connect(sys.argv[1])
db.execute("UPDATE cases SET round = 1, state = 2 WHERE sample = ?", [sys.argv[2]])
db.execute("UPDATE decisions SET round = 1 WHERE sample = ?", [sys.argv[2]])
db.commit()
END

# It was a mistake: its owner says so, two people agree, and clients are told.
submit eu --mode auto --auto program --false-positive program
expect_exit 0
analyse
triage list eu
grep -q "^$sample false-positive open " out || fail 'no report of a false positive'
must_decide p-02 confirm eu "$sample" recalled --purpose false-positive
must_decide p-03 confirm eu "$sample" recalled --purpose false-positive
expect_line out 'kept; enough people agree'
must_cloud triage apply eu C
must_cloud verdict list C "$sample"
tail -1 out | grep -q ' recalled ' || fail 'not recalled'

# Everybody can read what was said, and that it is not there twice.
must_cloud verdict history C
must_cloud verdict history C
rm C/history-at
must_cloud verdict history C
must_cloud verdict history C "$sample"
[ "$(wc -l <out)" -eq 2 ] || fail "not two lines: $(cat out)"
expect_text out ' malicious Example.Evil triage eu: sample round 1; p-01: Seen by p-01.; p-02: Agreed.'
expect_text out ' recalled - triage eu: false-positive round 1; '
cmp -s out "C/tree/v1/history/$(echo "$sample" | cut -c 1-3)" && fail 'no head'

# What nobody wants to say anything about is closed, by two people, too.
submit_bad second two
analyse
triage show eu "$sample" --text
cp out case
cloud triage sign case nothing --as p-01 --keys DIR/keys --why 'A test.'
cp out note
triage take eu note
expect_exit 0
must_decide p-02 reject eu "$sample"
must_cloud triage apply eu C
expect_line out '0 verdicts'
triage list eu --state closed
grep -q "^$sample sample closed .* nothing -\$" out || fail 'not closed'
triage reopen eu "$sample"
expect_exit 0
triage take eu note
expect_exit 1
expect_line out 'about another round of the case, or another text of it'

# Who has left decides nothing.
sed -i "s/^\(person p-03 .*\) 0 -\$/\1 0 1/" eu/trust/people
decide p-03 confirm eu "$sample" malicious
expect_exit 1
