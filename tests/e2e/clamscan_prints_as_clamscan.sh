#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# overt clamscan prints the lines and gives the exit codes of clamscan, option
# by option; what it cannot do it refuses by name.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

command -v clamscan >/dev/null || skip "clamscan is not installed"
# Others print other paths and summaries.
clamscan --version | grep -q '^ClamAV 1\.4\.[6-9]' ||
    skip "clamscan is not 1.4.6 or a later 1.4"

reset_tree() {
    rm -rf d q
    mkdir -p d/sub q
    echo "say hello, world" >d/bad
    cp d/bad d/sub/bad2
    echo ok >d/good
    : >d/empty
    ln -s bad d/link
}

# The lines that do not tell times, sizes or the engine; in any order.
lines() {
    grep -vE '^(Loading|Compiling|Start Date|End Date|Time|Engine|Data)' "$1" |
        sort
}

same_as_clamscan() {
    theirs=0
    reset_tree
    clamscan "$@" >their.out 2>their.err || theirs=$?
    reset_tree
    overt clamscan "$@"
    expect_exit "$theirs"
    lines their.out >their.lines
    lines out >our.lines
    diff their.lines our.lines >diff.out || {
        cat diff.out >&2
        fail "clamscan $* prints otherwise"
    }
}

mkdir db
printf 'Test.A:0:*:68656c6c6f{1-3}776f726c64\n' >db/a.ndb
echo "d/sub/bad2" >list

same_as_clamscan -d db d
same_as_clamscan -d db -r d
same_as_clamscan -d db -ri d
same_as_clamscan -d db -r --exclude=good d
same_as_clamscan -d db -r --exclude-dir=sub d
same_as_clamscan -d db -ri --include=bad d
same_as_clamscan -d db -o --no-summary d
same_as_clamscan -d db --no-summary d/good
same_as_clamscan -d db --no-summary d/bad d/link
same_as_clamscan -d db --no-summary d/bad d/nothere
same_as_clamscan -d db --no-summary --follow-file-symlinks=0 d/link
same_as_clamscan -d db --no-summary --file-list=list
same_as_clamscan -d db --no-summary -r --copy=q d
same_as_clamscan -d db --no-summary -r --move=q d
same_as_clamscan -d db --no-summary -r --remove d
same_as_clamscan -d none --no-summary d
same_as_clamscan -d db --no-such-option d
same_as_clamscan -d db --max-filesize=zz d

# The file that was found is the one that is gone, and nothing else.
reset_tree
overt clamscan -d db --no-summary -r --remove d
[ ! -e d/bad ] || fail "d/bad is still there"
[ ! -e d/sub/bad2 ] || fail "d/sub/bad2 is still there"
[ -e d/good ] || fail "d/good is gone"

reset_tree
overt clamscan -d db --no-summary --copy=q d/bad
overt clamscan -d db --no-summary --move=q d/bad
cmp q/bad d/sub/bad2
cmp q/bad.001 d/sub/bad2

exit_code=0
"$OVERT" clamscan -d db --no-summary - <d/sub/bad2 >out 2>err || exit_code=$?
expect_exit 1
expect_line out "stdin: Test.A.UNOFFICIAL FOUND"

mkdir -p deep/a/b
cp d/sub/bad2 deep/one
cp d/sub/bad2 deep/a/two
cp d/sub/bad2 deep/a/b/three
for depth in 1 2 3; do
    same_as_clamscan -r -d db --max-dir-recursion=$depth deep
done
overt clamscan -d db --max-dir-recursion=none d
expect_exit 2

# made DAYS NAME: the header of a container that was made so long ago
made() {
    printf '%-512s' "ClamAV-VDB:x:1:1:1:X:X:me:$(($(date +%s) - $1 * 86400))" \
        >"$2"
}
mkdir aged
same_as_clamscan -d db --fail-if-cvd-older-than=0 d
# clamscan 1.4 then scans without any rule.
overt clamscan -d db/a.ndb --fail-if-cvd-older-than=1 d
expect_exit 1
same_as_clamscan -d db --fail-if-cvd-older-than=1 d
same_as_clamscan -d db --fail-if-cvd-older-than=1k d
made 9 aged/old.cvd
for what in aged aged/old.cvd; do
    same_as_clamscan -d "$what" --fail-if-cvd-older-than=8 d
    expect_text err "ERROR: Virus database is older than 8 days!"
    grep -qF "ERROR: Virus database is older than 8 days!" their.err
done
made 3 aged/young.cld
same_as_clamscan -d aged --no-summary --fail-if-cvd-older-than=8 d
expect_text err "old.cvd" # too old for nobody, but damaged
same_as_clamscan -d aged --fail-if-cvd-older-than=2 d
expect_text err "older than 2 days!"
echo cut >aged/young.cld
same_as_clamscan -d aged --fail-if-cvd-older-than=8 d
expect_text err "not a CVD file"

same_as_clamscan -d db --statistics=bytecode d
same_as_clamscan -d db --statistics=none d
same_as_clamscan -d db --statistics=all d
overt clamscan -d db --statistics=pcre d
expect_exit 2
expect_text err "--profile-rules"
overt clamscan -d db --bytecode=yes d
expect_exit 2
expect_text err "--bytecode=yes is not supported"
overt clamscan -d db --debug d
expect_exit 2
expect_text err "--debug is not supported"

ln -s "$OVERT" clamscan
./clamscan --version >out 2>err || fail "a link named clamscan is refused"
expect_text out "ClamAV-compatible"
