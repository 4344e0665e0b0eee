#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2154 # names of lib.sh
# STIX objects and the MISP feed tell what the tree tells, no more and no less,
# over several editions; they can be made again from the journal, byte for byte.
[ ! -w /dev/shm ] || export TMPDIR=/dev/shm
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"
# shellcheck source=/dev/null
. "$(dirname "$scenario_path")/publisher.sh"
# shellcheck source=/dev/null
. "$(dirname "$scenario_path")/cloud.sh"
intel_check=$(dirname "$scenario_path")/intel_check.py

must_tell() {
    python3 "$intel_check" tree C/tree/intel demo.example truth 2>err ||
        fail "what is published is wrong"
}

make_instance solo
must_cloud init C --instance DIR
: >truth

# Without a verdict there is nothing but who speaks.
must_cloud build C --unlogged
must_cloud intel C
must_tell

seq 1 6000 | while read -r n; do
    printf '%s\n' "$n"
done | python3 -c '
import hashlib, sys
words = ["malicious Family.A", "unwanted", "suspicious", "good", "test Eicar",
         "malicious Family.B%d"]
for n in map(int, sys.stdin):
    said = words[n % 6].replace("%d", str(n % 40))
    print(hashlib.sha256(b"%d" % n).hexdigest(), said)' >first
say first
must_cloud build C --unlogged
must_cloud intel C
must_tell
[ "$(ls C/tree/intel/stix)" = "1-1.json
2-1.json
2-2.json
2-3.json" ] || fail 'the bundles are not what was expected'

# Nothing has changed: nothing is written.
cp -a C/tree/intel before
must_cloud intel C
expect_line out 'nothing has changed'
diff -r before C/tree/intel >differs || fail 'something was written'

# What the tree does not say yet, nobody is told.
a=$(hash_of 6)
b=$(hash_of 1)
c=$(hash_of 3)
printf '%s\n' "$a recalled" "$b good" "$c malicious Family.New" \
    "$(hash_of new) malicious Family.New" >second
must_cloud verdict import C second
must_cloud intel C
expect_line out 'nothing has changed'
cat second >>truth
must_cloud delta C --unlogged
must_cloud intel C
must_tell
grep -q "\"revoked\":true" C/tree/intel/stix/3-1.json || fail 'nothing revoked'

# Bundles that were published stay what they were.
for file in before/stix/*; do
    cmp -s "$file" "C/tree/intel/stix/$(basename "$file")" ||
        fail "$file has changed"
done

# A file that is bad again has another indicator: revoked ones stay revoked.
printf '%s\n' "$a malicious Family.A" "$b unwanted" "$c malicious Family.A" >third
say third
must_cloud delta C --unlogged
must_cloud intel C
must_tell
printf '%s\n' "$c malicious Family.New" "$a withdrawn" >fourth
say fourth
must_cloud delta C --unlogged
must_cloud intel C
must_tell

# From the journal, the families and the editions' lines all of it follows.
cp -a C again
rm -r again/tree/intel again/intel/[0-9]* again/intel/feed
mv C C.old
mv again C
must_cloud intel C --again
diff -r C C.old >differs || fail 'it does not come out as it was'

# A damaged list of editions is told, and nothing is written.
sed -i '2s/journal/diary/' C/intel/editions
cloud intel C
expect_exit 1
expect_line err 'overt-cloud: C/intel/editions: damaged; restore it'
