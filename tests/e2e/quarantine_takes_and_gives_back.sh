#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2154 # lib.sh sets folder
# overt scan --quarantine takes away what it finds; overt quarantine lists it,
# shows it, puts it back with all that belongs to it, and purges it.
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"

make_rules
umask 022
mkdir files
make_eicar files/bad
chmod 751 files/bad
touch -d '2001-02-03 04:05:06.789' files/bad
ln files/bad files/same
echo good >files/good
before=$(stat -c '%a %u %g %s %Y %y' files/bad)

overt --state state quarantine list
expect_exit 0
[ ! -s out ] || fail 'there is something in an empty quarantine'
overt --state state quarantine show 0123
expect_exit 2
expect_text err 'there is none yet'

overt --state state scan --rules rules --quarantine files/bad files/good
expect_exit 1
expect_line out 'files/bad: DETECTED Test.Eicar (test.ndb:1)'
expect_line out "files/bad: in quarantine as 275a021bbfb6; other hard links of it, still there: 1"
[ ! -e files/bad ] || fail 'it is still there'
[ -e files/good ] || fail 'the good file is gone'
[ -e files/same ] || fail 'another link is gone'

# For nobody else, not to be run, and nothing of it can be read.
[ "$(stat -c %a state/quarantine)" = 700 ] || fail 'others may look into it'
for file in state/quarantine/*; do
    [ "$(stat -c %a "$file")" = 600 ] || fail "others may read $file"
done
if grep -q -a -e EICAR -e files/bad -e Test.Eicar state/quarantine/*; then
    fail 'it is not encrypted'
fi
overt --state state scan --rules rules state/quarantine
expect_exit 0

overt --state state quarantine list
expect_exit 0
expect_text out "275a021bbfb6"
expect_text out "68 Test.Eicar $folder/files/bad"
overt --state state quarantine show 275a
expect_exit 0
expect_line out 'rule         Test.Eicar'
expect_line out 'from         test.ndb:1, by its body'
expect_line out 'mode         0751'
expect_line out 'modified     2001-02-03T04:05:06Z'
expect_text out 'part 0 at byte 0, 42 long: 58354f2150254041505b345c'
overt --state state quarantine show --json 275a
python3 - "$folder/files/bad" <<'END' || fail 'its JSON'
import hashlib, json, sys
item = json.load(open("out"))
assert item["path"] == sys.argv[1] and item["rule"] == "Test.Eicar", item
assert bytes.fromhex(item["path_bytes"]) == sys.argv[1].encode()
assert item["sha256"] == hashlib.sha256(open("files/same", "rb").read()).hexdigest()
END

# A second one of the same content has an id of its own.
overt --state state scan --quiet --rules rules --quarantine --json files
expect_exit 1
grep -q '"type":"quarantined","path":"files/same","id":"275a021bbfb6-2"' out ||
    fail 'no second item'

overt --state state quarantine restore 275a021bbfb6
expect_exit 0
[ "$(stat -c '%a %u %g %s %Y %y' files/bad)" = "$before" ] ||
    fail "not as it was: $before, $(stat -c '%a %u %g %s %Y %y' files/bad)"
make_eicar same
cmp same files/bad || fail 'another content'
overt --state state quarantine list
expect_no_text out 'files/bad'

# Not over a file, unless it is said; to another place; and kept.
overt --state state scan --quiet --rules rules --quarantine files/bad
echo new >files/bad
overt --state state quarantine restore 275a021bbfb6
expect_exit 2
expect_text err 'there is a file already'
overt --state state quarantine restore --to elsewhere --keep 275a021bbfb6
expect_exit 0
cmp same elsewhere || fail 'not at the place that was given'
grep -qx new files/bad || fail 'a file was overwritten'
overt --state state quarantine restore --overwrite 275a021bbfb6
expect_exit 0
cmp same files/bad || fail 'not overwritten'

overt --state state quarantine submit 275a
expect_exit 2
expect_text err 'nothing was sent'

overt --state state quarantine purge --older-than 1d
expect_exit 0
expect_line out '0 items purged'
overt --state state quarantine purge 275a021bbfb6-2
expect_exit 0
overt --state state quarantine list
[ ! -s out ] || fail 'something is left'

# What cannot be taken is told, with what to do, and stays.
overt --state state scan --quiet --rules rules --quarantine - <same
expect_exit 1
expect_no_text err 'quarantine'
mkdir locked
make_eicar locked/bad
if [ "$(id -u)" -ne 0 ]; then
    chmod 555 locked
    overt --state state scan --quiet --rules rules --quarantine locked
    chmod 755 locked
    expect_text err 'locked/bad: NOT in quarantine: Permission denied; may not'
    [ -e locked/bad ] || fail 'it is gone'
fi

# A damaged item says so, and is not restored.
overt --state state scan --quiet --rules rules --quarantine files/bad
item=state/quarantine/275a021bbfb6.item
size=$(stat -c %s "$item")
printf 'x' | dd of="$item" bs=1 seek=$((size - 20)) conv=notrunc 2>/dev/null
overt --state state quarantine restore 275a
expect_exit 2
expect_text err 'the item is damaged'
[ ! -e files/bad ] || fail 'a damaged file was restored'
rm state/quarantine/key
overt --state state quarantine list
expect_exit 2
expect_text err "key is gone"
