#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2034,SC2154 # names of lib_attack.sh
# Files that are all signed, but not of one moment: a mirror that gives some of
# this release and some of that, or keeps some back.
# shellcheck source=/dev/null
. "$(dirname "$0")/lib_attack.sh"

# mix NAME FROM TO WORD: new, with the file TO replaced by FROM of good.
mix() {
    rm -rf mixed
    cp -r new mixed
    cp "good/$2" "mixed/$3"
    fresh_state
    update mixed
    expect_refused "$1" "$4" 1
    update mixed new
    expect_updated "$1, with an honest mirror"
}

mix "old snapshot" metadata/2.snapshot.json metadata/3.snapshot.json mixed
mix "old rules" metadata/2.rules.json metadata/3.rules.json mixed
mix "old recalls" metadata/2.recall.json metadata/3.recall.json mixed

# The head of the old release under the name of the new one.
old=$(cd good && ls targets/db/stable/*.head)
for name in new/targets/db/stable/*.head; do
    head=${name#new/}
    [ -e "good/$head" ] || mix "old head" "$old" "$head" head-wrong
done

# The old checkpoint: the new release is not in that tree.
rm -rf mixed
cp -r new mixed
cp good/log/checkpoint mixed/log/checkpoint
fresh_state
update mixed
case $(result) in
none) expect_updated "old checkpoint" ;;
*) expect_refused "old checkpoint" "$(result)" 1 ;;
esac

# A recall that a mirror does not hand out: that it is not there is no answer,
# and what it withdraws does not come in.
rm -rf recalled
"$MAKE_REPO" recalled 3 "$now" recalled
fresh_state
update recalled
expect_refused recalled recalled 1
rm recalled/metadata/3.recall.json
fresh_state
update recalled
expect_refused "a recall withheld" unreachable 3
