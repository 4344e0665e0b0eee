#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# overt.conf gives defaults, the command line goes before it, and a file with a
# mistake, or that others may write to, ends the command with file and line.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

# Root reads /etc/overt/overt.conf alone, which a test must not touch.
if [ "$(id -u)" -eq 0 ]; then
    command -v setpriv >/dev/null || skip "setpriv is not installed"
    chown -R 65534:65534 "$folder"
    cat >as_nobody <<EOF
#!/bin/sh
exec setpriv --reuid=65534 --regid=65534 --clear-groups \
    env XDG_CONFIG_HOME="$folder/config" XDG_CACHE_HOME="$folder/cache" \
    "$OVERT" "\$@"
EOF
    chmod 755 as_nobody
    OVERT=$folder/as_nobody
    "$OVERT" --help >/dev/null 2>&1 || skip 'others cannot reach the build folder'
else
    XDG_CONFIG_HOME=$folder/config
    export XDG_CONFIG_HOME
fi

configure() {
    mkdir -p config/overt
    printf '%s\n' "$@" >config/overt/overt.conf
    chmod 644 config/overt/overt.conf
}

printf 'Test.A:0:*:68656c6c6f\n' >a.ndb
printf 'Test.B:0:*:776f726c64\n' >b.ndb
mkdir d
echo "hello world" >d/file
echo "hello world" >d/file.iso
chmod -R a+rX .

configure "[scan]" "rules = $folder/a.ndb   # ours" "exclude = *.iso" "quiet"
overt scan d
expect_exit 1
expect_text out "Test.A"
expect_no_text out "file.iso"
expect_no_text out "files looked at"

overt scan --rules b.ndb d
expect_exit 1
expect_text out "Test.B"
expect_no_text out "Test.A"

configure "[scan]" "" "no-such = 1"
overt scan d
expect_exit 2
expect_text err "overt.conf:3: no-such: no such option"

configure "[scan]" "max-filesize = many"
overt scan d
expect_exit 2
expect_text err "overt.conf:2: max-filesize: not a size"

configure "quiet"
overt scan d
expect_exit 2
expect_text err "overt.conf:1: quiet: stands before the first [section]"

configure "[scan]" "quiet"
chmod 666 config/overt/overt.conf
overt scan d
expect_exit 2
expect_text err "others may change it"

# The sample has every option that is a default, commented out, and is itself good.
sample=$(dirname "$scenario_path")/../../etc/overt.conf
configure "$(sed 's/^include = .*//' "$sample")" "[scan]" "rules = $folder/a.ndb"
overt scan d
expect_exit 1
"$OVERT" scan --help | sed -n 's/^  .* --\([a-z-]*\).*/\1/p' |
    grep -vE '^(files-from|best-effort-jail|pid|module-data)$' >options
while read -r name; do
    grep -qE "^#$name( =|\$)" "$sample" || fail "the sample lacks $name"
done <options
[ -s options ] || fail "no options were found in the help"

# The file is the daemon's, too, which knows each of them.
"$OVERT" scan --help | sed -n 's/^  .* --\([a-z-]*\).*/\1/p' >options
while read -r name; do
    printf '[scan]\n%s = 1\n' "$name" >overtd.conf
    "$OVERTD" --check --config overtd.conf >out 2>&1 || :
    ! grep -q "$name: no such option" out || fail "overtd does not know $name"
done <options
printf '[scan]\nnonsense = 1\n' >overtd.conf
"$OVERTD" --check --config overtd.conf >out 2>&1 || :
expect_text out "nonsense: no such option"
