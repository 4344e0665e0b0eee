#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2034,SC2154 # names shared with lib.sh
# A recalled rule falls silent with the next update, without a new release; its
# next version counts again. What silences rules is told, and checked.
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"
# shellcheck source=/dev/null
. "$(dirname "$0")/publisher.sh"

update() {
    overt --state client update --from DIR/repo \
        --root DIR/repo/first/1.root.json
    expect_exit 0
}
scan() {
    overt --state client scan --no-cache "$@"
}

make_instance small
cp "$(dirname "$scenario_path")/../../rules/eicar.yar" .
make_eicar eicar.bad
echo 'nothing of interest' >good
for rule in evil other; do
    make_rule "$rule"
    propose "$rule" p-01
    must_publish review DIR "R-$rule-r1" --as p-02
done
propose eicar p-01
must_publish review DIR R-eicar-r1 --as p-02
must_publish release DIR
update
scan evil.bad
expect_exit 1

# Two files that people will miss, or not.
mkdir homes
cp evil.bad other.bad homes
scan --quarantine homes
expect_exit 1
[ ! -e homes/evil.bad ] || fail 'it was not taken'
overt --state client quarantine list --recalled
expect_exit 0
[ ! -s out ] || fail 'something is called recalled'

# Nothing is silent before two people have said so, in the log.
must_publish recall DIR --id C-1 --rule R-evil --as p-01 --why 'It is wrong.'
must_publish publish DIR
update
scan evil.bad
expect_exit 1
must_publish review DIR recall-C-1 --as p-02
must_publish publish DIR
overt --state client update --check --from DIR/repo
scan evil.bad
expect_exit 1
update
scan evil.bad
expect_exit 0
scan other.bad eicar.bad
expect_exit 1
[ "$(readlink client/current)" = releases/1 ] || fail 'another release came'
overt --state client status
expect_text out 'recalled.R-evil'
expect_text out 'It is wrong.'
expect_text out '1 in quarantine because of a rule that was recalled'
overt --state client status --json
expect_text out '"quarantine_recalled":1'

# What the rule took is told, and given back when its owner says so.
overt --state client quarantine list
expect_exit 0
expect_text out 'homes/other.bad'
expect_text out 'recalled: C-1 '
expect_text err '1 of these because of a rule that was recalled'
overt --state client quarantine list --recalled
expect_exit 0
expect_text out 'homes/evil.bad'
expect_no_text out 'homes/other.bad'
item=$(sed -n '1s/ .*//p' out)
overt --state client quarantine list --recalled --json
python3 -c 'import json; assert json.load(open("out"))["rule"] == "evil"' ||
    fail 'its JSON'
overt --state client quarantine restore --recalled "$item"
expect_exit 2
overt --state client quarantine restore
expect_exit 2
overt --state client quarantine restore --recalled
expect_exit 0
expect_text out "$item"
expect_no_text out 'other'
[ "$(grep -c ': restored$' out)" -eq 1 ] || fail 'not the one that was recalled'
cmp evil.bad homes/evil.bad || fail 'it is not back'
overt --state client status
expect_no_text out 'in quarantine because'
overt --state client why evil
expect_exit 0
expect_text out 'recalled, and silent here: C-1'
overt --state client verify
expect_exit 0
expect_text out '1 rules are silenced'
overt --state client verify --deep
expect_exit 0
expect_text out 'unchecked recalls'
overt --state client verify --deep --from DIR/repo
expect_exit 0
expect_no_text out 'unchecked'
mkdir kept
cp client/recalled.image client/trust/recalled kept

# A release that does not mend it changes nothing; a next version counts.
make_rule third
propose third p-01
must_publish review DIR R-third-r1 --as p-02
must_publish release DIR
update
scan evil.bad
expect_exit 0
scan third.bad
expect_exit 1
sed -i 's/bytes of evil/bytes of evil inside/' evil.yar
propose evil p-01
must_publish review DIR R-evil-r2 --as p-02
must_publish release DIR
update
scan evil.bad
expect_exit 1
[ ! -e client/recalled.image ] || fail 'something is silenced still'

# Nobody else silences a rule.
must_publish recall DIR --id C-2 --rule R-other --as p-01 --why 'Wrong, too.'
must_publish review DIR recall-C-2 --as p-02
must_publish publish DIR
cp -a client before
update
scan other.bad
expect_exit 0
cp client/recalled.image before/
overt --state before verify
expect_exit 1
expect_text out 'recalled.image'

# What silences is made again if it is lost or damaged, or what it is made of.
for lost in recalled.image trust/recalled; do
    rm "client/$lost"
    update
    overt --state client verify
    expect_exit 0
    printf x >>"client/$lost"
    update
    overt --state client verify
    expect_exit 0
    scan other.bad
    expect_exit 0
done
cp -a client damaged
printf x >>damaged/recalled.image
overt --state damaged verify
expect_exit 1

# A list that the image did not come from; and a recall that is over, put back by
# who may write here: the log tells.
cp -a client other_list
sed -i 's/^rule R-other/rule R-third/' other_list/trust/recalled
overt --state other_list verify
expect_exit 1
expect_text out 'BAD recalled.image'
cp -a client revived
cp kept/recalled.image revived/
cp kept/recalled revived/trust/
overt --state revived verify --deep --from DIR/repo
expect_exit 1
expect_text out 'BAD recalled: the recall is not of the version'
index=$(sed -n 's/^rule R-other C-2 \([0-9]*\) .*/\1/p' client/trust/recalled)
sed -i "s/^rule R-evil C-1 [0-9]*/rule R-evil C-1 $index/" revived/trust/recalled
overt --state revived verify --deep --from DIR/repo
expect_exit 1
expect_text out 'the log has no such recall there'
