#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2016,SC2034,SC2154 # rules; names shared with lib.sh
# What clients would get is logged, what is logged is served, and a release comes
# out the same when it is put together and compiled here.
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"

: "${MONITOR:?set MONITOR to overt-monitor}" "${PUBLISH:?}"

# look NAME: one round over the repository NAME, with new memory.
look() {
    rm -rf state
    mkdir state
    exit_code=0
    "$MONITOR" run --once --log "$1/log" --policy i/policy --people i/people \
        --state state --repo "$1" --root 1.root.json --blobs >out 2>err ||
        exit_code=$?
}

publish() {
    "$PUBLISH" "$@" --yes >said 2>&1 || fail "$(tail -n 3 said)"
}

sign_rule() {
    publish propose i --id "$1" --source "$2" --bad bad --corpus corpus \
        --as p-01
    publish review i "$1-r$3" --corpus corpus --as p-02
}

mkdir corpus
echo hello >corpus/a
echo "something evil here" >bad
echo 'rule one { strings: $a = "evil" condition: $a }' >one.yar
echo 'rule two { strings: $a = "something" condition: $a }' >two.yar
publish init i --name overt.example --preset small --no-passphrase
publish log i
cp i/repo/metadata/1.root.json .
sign_rule R-1 one.yar 1
publish log i
publish release i --base
look i/repo
expect_exit 0
expect_text out "compiled again, it is the same"
expect_no_text out alarm

# A second tier; a rule that is changed.
sign_rule R-2 two.yar 1
sign_rule R-1 two.yar 2
publish log i
look i/repo
expect_exit 0
publish release i
look i/repo
expect_exit 0
expect_text out "compiled again, it is the same"

# A file of the content store, a segment, a target: gone, or another one.
cp -r i/repo bad.repo
find bad.repo/cas -type f | sort | head -n 1 | while read -r file; do
    echo x >"$file"
done
look bad.repo
expect_exit 1
expect_text out "different"
rm -rf bad.repo/cas bad.repo/seg
look bad.repo
expect_exit 1
expect_text out "a file that this entry names is not served"
expect_text out "the release could not be put together again"
rm -rf bad.repo
cp -r i/repo bad.repo
for file in bad.repo/targets/db/stable/*.head; do echo x >>"$file"; done
look bad.repo
expect_exit 1
expect_text out "different"

# A release that another log has: not this one.
rm -rf bad.repo
cp -r i other
mv i kept
mv other i
publish release i --base
mv i other
mv kept i
cp -r other/repo bad.repo
rm -rf bad.repo/log
cp -r i/repo/log bad.repo/log
look bad.repo
expect_exit 1
expect_text out "unlogged"

# Recalled in the log, and still served.
publish recall i --id X-1 --release 2 --why "false alarms" --as p-01
for staged in i/staging/*; do
    publish review i "$(basename "$staged")" --as p-02
done
publish log i
look i/repo
expect_exit 1
expect_text out "was recalled and is served"
expect_text out "recall/list does not have it"

# What clients are told is withdrawn is what the log says is.
publish publish i
look i/repo
expect_no_text out "recall/list"
rm -rf bad.repo
cp -r i/repo bad.repo
for file in bad.repo/targets/recall/*.list; do sed -i 's/:./:0/' "$file"; done
look bad.repo
expect_exit 1
