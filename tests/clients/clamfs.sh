# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh disable=SC2154 # root.sh sets names
# clamfs, a file system that asks before it opens a file of another:
# nSCAN, nFILDES, nINSTREAM.
# root: main
# packages: clamfs fuse

[ -e /dev/fuse ] || mknod -m 666 /dev/fuse c 10 229
daemon_start </dev/null
mkdir tree seen
cp bad good tree
chmod 755 tree
for mode in fname fdpass stream; do
    cat >clamfs.xml <<END_OF
<?xml version="1.0" encoding="UTF-8"?>
<clamfs>
  <clamd socket="$socket" check="yes" mode="$mode" />
  <filesystem root="/root/tree" mountpoint="/root/seen" public="no" />
  <file max-size="1048576" />
  <cache entries="16" expire="100" />
  <log method="file" filename="/root/clamfs.$mode.log" verbose="yes" />
</clamfs>
END_OF
    clamfs /root/clamfs.xml >clamfs.out 2>&1 || fail "$(cat clamfs.out)"
    wait_until test -e seen/good
    cmp good seen/good
    if cat seen/bad >read 2>&1; then fail "bad is read, by $mode"; fi
    expect_text "clamfs.$mode.log" "$name"
    umount seen
done
