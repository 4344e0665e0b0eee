#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What rules ask beyond the file reaches the jail: a sandbox's report for the
# module "cuckoo" (-x), and libmagic's database for the module "magic".
# shellcheck disable=SC2034,SC2154 # names shared with lib.sh
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"

cat >cuckoo.yar <<'RULES'
import "cuckoo"
rule talks { condition: cuckoo.network.http_get(/evil\.example/) }
rule writes { condition: cuckoo.filesystem.file_access(/\.exe$/) }
rule locks { condition: cuckoo.sync.mutex(/other/) }
RULES
cat >report.json <<'JSON'
{"info": {"score": 6.4},
 "network": {"http": [{"uri": "http://evil.example/", "method": "GET"}]},
 "behavior": {"summary": {"files": ["C:\\a.exe"], "mutexes": ["one"]}}}
JSON
printf 'abcdefgh' >file
"$OVERT" yara -x cuckoo=report.json cuckoo.yar file >printed
printf 'talks file\nwrites file\n' >expected
diff expected printed >&2 || fail "the report is not asked"
"$OVERT" scan --module-data cuckoo=report.json --all-matches --rules cuckoo.yar \
    file >printed && fail "the report is not used by overt scan"
grep -q 'file: DETECTED talks' printed || fail "overt scan found nothing in it"
"$OVERT" scan --module-data pe=report.json --rules cuckoo.yar file 2>err &&
    fail "module-data of pe is taken"
grep -q 'only the module cuckoo' err || fail "nothing is said of pe"
"$OVERT" yara cuckoo.yar file >printed
[ ! -s printed ] || fail "a rule holds without a report"
if "$OVERT" yara -x cuckoo=missing cuckoo.yar file >printed 2>err; then
    fail "a missing report is passed over"
fi

[ -e /usr/share/misc/magic.mgc ] || exit 0
command -v file >/dev/null || exit 0
cat >magic.yar <<'RULES'
import "magic"
import "console"
rule one {
    condition: console.log(magic.type()) and console.log(magic.mime_type())
}
RULES
# file(1) says more of ELF than libmagic does of bytes in memory; yara does not.
for path in "$scenario_path" report.json file; do
    "$OVERT" yara magic.yar "$path" | head -n 2 >printed
    {
        file -b "$path"
        file -b --mime-type "$path"
    } >expected
    diff expected printed >&2 || fail "$path: file(1) says something else"
done
command -v yara >/dev/null || exit 0
"$OVERT" yara magic.yar /bin/true >printed
yara magic.yar /bin/true >expected
diff expected printed >&2 || fail "yara says something else"
