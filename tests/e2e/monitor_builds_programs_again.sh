#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2016,SC2034,SC2154 # of scripts; shared with lib.sh
# Released programs are built again by whoever watches: the same, another one,
# or not to be built; and neither the monitor nor the build may write elsewhere.
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"
# shellcheck source=/dev/null
. "$(dirname "$0")/publisher.sh"

: "${MONITOR:?set MONITOR to overt-monitor}"

# A builder that copies what its source archive has; and tries to leave a mark.
cat >builder <<END
#!/bin/sh
set -eu
echo mark 2>/dev/null >"$PWD/mark" || echo 'cannot leave a mark'
mkdir "\$2"
tar -C "\$2" -xf "\$1"
cp "\$1" "\$2/overt-1.0.source.tar"
env >"\$2/../environment"
END
printf '#!/bin/sh\necho no compiler here\nexit 1\n' >broken
chmod +x builder broken

mkdir release
for file in tar manifest cdx.json buildinfo; do
    echo "$file" >"release/overt-1.0.$file"
done
tar -C release -cf source.tar .
mv source.tar release/overt-1.0.source.tar

make_instance solo
make_rule evil
propose evil p-01
must_publish release DIR
must_publish code DIR --as p-01 --programs release
must_publish review DIR code-1.0 --as build-1 --programs release
must_publish publish DIR

look() {
    rm -rf state
    mkdir state
    exit_code=0
    "$MONITOR" run --once --log DIR/repo/log --policy DIR/policy \
        --people DIR/people --state state --repo DIR/repo \
        --root DIR/repo/first/1.root.json --build-code "$1" >out 2>err ||
        exit_code=$?
}

look "$PWD/builder"
expect_exit 0
expect_text out 'the programs, built again, are the same'
expect_no_text out alarm
grep -q 'cannot leave a mark' state/code-*/log || fail 'the build writes anywhere'
[ ! -e mark ] || fail 'there is a mark'
sort state/code-*/environment | cut -d= -f1 | grep -v -E '^(_|OLDPWD|SHLVL)$' |
    tr '\n' ' ' >names
[ "$(cat names)" = 'HOME LC_ALL PATH PWD TMPDIR ' ] ||
    fail "the build sees more: $(cat names)"

sed -i 's/^cp .*/&; echo x >>"$2\/overt-1.0.manifest"/' builder
look "$PWD/builder"
expect_exit 1
expect_text out 'overt-1.0.manifest, built here from the logged source, is another'

look "$PWD/broken"
expect_exit 3
expect_text out 'the programs could not be built'
grep -q 'no compiler here' state/code-*/log || fail 'the log of the build is gone'

# Without the source nothing can be compared, and that is told.
digest=$(sha256sum <release/overt-1.0.source.tar | cut -d ' ' -f 1)
rm "$(find DIR/repo/cas -name "$digest")"
look "$PWD/builder"
expect_exit 1
expect_text out "the programs' source"
