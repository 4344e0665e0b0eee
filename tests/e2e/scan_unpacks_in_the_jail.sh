#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Archives of every kind are opened inside the jail, also with names that are
# not ASCII: no library needs a file or a system call that is not there.
# shellcheck disable=SC2034,SC2154 # names shared with lib.sh
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"

make_rules
mkdir in files
name=$(printf 'gr\303\266\303\237e-\343\201\202.com')
make_eicar "in/$name"
make_eicar "in/$(printf 'latin-\344.com')"
mkdir -p in/some/folder
(
    cd in || exit
    tar -cf ../files/a.tar .
    tar -czf ../files/a.tar.gz .
    tar -cjf ../files/a.tar.bz2 .
    tar -cJf ../files/a.tar.xz .
    find . -type f | cpio -o -H newc >../files/a.cpio
    gzip -c "$name" >../files/a.gz
) 2>cpio.err
if command -v zip >/dev/null; then (cd in && zip -qr ../files/a.zip .); fi
if command -v 7z >/dev/null; then (cd in && 7z a -bd ../files/a.7z . >../7z.out); fi
if command -v zstd >/dev/null; then zstd -q files/a.tar -o files/a.tar.zst; fi

overt scan --all-matches --rules rules files
expect_exit 1
expect_no_text out "crashed"
expect_no_text out "INCONCLUSIVE"
n=$(find files -type f | wc -l)
expect_text out "$n detected"
[ "$n" -ge 6 ] || fail "only $n archives were made"
expect_text out "in ./gr"

if [ -d /usr/share/clamav-testfiles ]; then
    overt scan --rules rules /usr/share/clamav-testfiles
    expect_no_text out "crashed"
fi
