#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2034,SC2154 # names shared with lib.sh
# overt verify --self: the installed programs are those that people and builders
# released in public, or they are not.
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"
# shellcheck source=/dev/null
. "$(dirname "$0")/publisher.sh"

# An installation, and a release of just its bytes.
programs=$(dirname "$(dirname "$OVERT")")
mkdir -p usr/bin usr/lib/overt usr/share/overt release
cp "$OVERT" usr/bin/overt
for role in judge worker fetch; do
    cp "$programs/$role/overt-$role" usr/lib/overt/
done
cp -r "$(dirname "$(dirname "$programs")")/rules" usr/share/overt/rules
chmod -R go-w usr
(
    find usr/bin usr/lib usr/share/overt/rules/*.img -type f | sort |
        while read -r file; do
            echo "$(sha256sum <"$file" | cut -d ' ' -f 1) 755 $file"
        done
    echo 'link overt usr/bin/clamscan'
    echo "$(sha256sum </dev/null | cut -d ' ' -f 1) 644 usr/include/overt/base.h"
) >release/overt-1.0.manifest
for file in source.tar tar cdx.json buildinfo; do
    echo "$file" >"release/overt-1.0.$file"
done

make_instance solo
make_eicar eicar.bad
echo nothing >good
cp "$(dirname "$scenario_path")/../../rules/eicar.yar" .
propose eicar p-01
must_publish release DIR

OVERT=$PWD/usr/bin/overt
overt --state client update --from DIR/repo --root DIR/repo/first/1.root.json
expect_exit 0
overt --state client verify --self --from DIR/repo
expect_exit 3
expect_text out 'unreachable'

must_publish code DIR --as p-01 --programs release
must_publish review DIR code-1.0 --as build-1 --programs release
must_publish publish DIR
overt --state client verify --self --from DIR/repo
expect_exit 0
expect_text out 'signed by 1 people and 1 builders'
cp out out.text
expect_text out 'ok files: 5 as released, 0 not, 1 absent'
expect_text out 'absent usr/include/overt/base.h'
overt --state client verify --self --json --from DIR/repo
python3 -c 'import json, sys; assert json.load(sys.stdin)["result"] == "none"' \
    <out || fail 'no JSON'

# Which of the logged programs these are is kept, for the words of a refusal.
entry=$(sed -n 's/.*: entry \([0-9]*\) of the log.*/\1/p' out.text)
[ "$(cut -d ' ' -f 1 client/engine)" = "$entry" ] || fail 'it is not kept'

# Another byte in one of them, a file that others may write, another manifest.
printf 'x' >>usr/lib/overt/overt-fetch
overt --state client verify --self --from DIR/repo
expect_exit 1
expect_text out 'BAD usr/lib/overt/overt-fetch: not the file'
expect_text out 'programs-differ'
cp "$programs/fetch/overt-fetch" usr/lib/overt/
chmod o+w usr/lib/overt/overt-judge
overt --state client verify --self --from DIR/repo
expect_exit 1
expect_text out 'BAD usr/lib/overt/overt-judge: others'
chmod o-w usr/lib/overt/overt-judge
manifest=$(sha256sum <release/overt-1.0.manifest | cut -d ' ' -f 1)
echo >>"$(find DIR/repo/cas -name "$manifest")"
overt --state client verify --self --from DIR/repo
expect_exit 1
expect_text out 'programs-differ'

# What a next log has counts once that log has begun with this one's end.
update() {
    overt --state client update --from DIR/repo
    expect_exit 0
}
second=demo.example/log/second
must_publish log-next DIR --name "$second" --as p-01 --no-passphrase
must_publish publish DIR
update
cp -a DIR without
sed -i "s|/DIR/|/without/|" without/logd/settings
"$LOGD" turn without/logd --origin "$second" --key without/keys/log-2.key
sed -i "s|\"log\": .*|\"log\": \"$second\",|" without/instance.json
for file in manifest source.tar tar cdx.json buildinfo; do
    mv "release/overt-1.0.$file" "release/overt-1.1.$file"
done
must_publish code without --as p-01 --programs release
must_publish review without code-1.1 --as build-1 --programs release
must_publish publish without
overt --state client verify --self --from without/repo
expect_exit 1
expect_text out 'programs-differ'
expect_no_text out 'ok programs'
