#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Another publisher's rules come as one batch, that two people have made from
# their own copies; what did not change stays as it was; and it can go again.
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"
# shellcheck source=/dev/null
. "$(dirname "$0")/publisher.sh"

make_instance small
mkdir feed
make_rule evil
make_rule worse
cp evil.yar worse.yar feed
i=0
while [ $i -lt 400 ]; do
    printf 'Feed.Test-%d:0:*:%08x0badc0de%08x\n' $i $i $((i * 77))
    i=$((i + 1))
done >feed/lines.ndb
cp -r feed copy

import() {
    publish import-feed DIR --id others --source "$1" --version "$2" \
        --url https://feed.example/rules --as p-01
}
import feed 7
expect_exit 0
expect_text out 'version    7'

# The reviewer's own copy must give the same.
publish review DIR feed-others-r1 --as p-02
expect_exit 1
expect_text err 'say --source'
sed -i 's/Test-7:/Test-8:/' copy/lines.ndb
publish review DIR feed-others-r1 --as p-02 --source copy
expect_exit 1
expect_text err 'is not what the author took'
publish review DIR feed-others-r1 --as p-01 --source feed
expect_exit 1
must_publish review DIR feed-others-r1 --as p-02 --source feed
must_publish release DIR
records=$(sed -n 's/^records //p' "$(head_file)")
[ "$records" -ge 3 ] || fail "only $records records"

# One line more: few records change, the others keep their log index.
echo 'Feed.Test-more:0:*:00112233445566778899' >>feed/lines.ndb
import feed 8
expect_exit 0
must_publish review DIR feed-others-r2 --as p-03 --source feed
grep -q -E '^records: [12] new, 0 changed, [01] gone$' out ||
    fail 'more has changed than one line'
must_publish release DIR

# What upstream has no more is withdrawn.
rm feed/worse.yar
import feed 9
must_publish review DIR feed-others-r3 --as p-02 --source feed
must_publish release DIR
left=$(sed -n 's/^records //p' "$(head_file)")
[ "$left" -eq $((records - 1)) ] || [ "$left" -eq "$records" ] ||
    fail "$left records instead of $records"
must_publish show DIR 0
expect_text out 'A log begins:'

# Hostile files are refused, and nothing is staged.
head -c 3000 /dev/zero >broken.cvd
import broken.cvd 10
expect_exit 1
expect_text err 'broken.cvd'
[ ! -e DIR/staging/feed-others-r4 ] || fail 'a broken feed is staged'
