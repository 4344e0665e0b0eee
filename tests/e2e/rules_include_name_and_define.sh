#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# YARA files include others beside them, share a namespace if one is named, and
# know values that are given; what cannot be had is named with its place. A file
# that is no rule file by its name is not read, whoever includes it.
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"

mkdir -p rules/parts
echo 'some bytes' >target
cat >rules/main.yar <<'END'
// include "not-this.yar"
include "parts/first.yar"
include "./parts/../parts/second.yar"
rule Main { condition: First and Second }
END
cat >rules/parts/first.yar <<'END'
rule First { condition: Inner }
END
echo 'include "inner.yar"' >rules/parts/before.yar
cat rules/parts/before.yar rules/parts/first.yar >joined
mv joined rules/parts/first.yar
echo 'rule Inner { condition: filesize > 3 }' >rules/parts/inner.yar
echo 'rule Second { condition: true }' >rules/parts/second.yar

overt scan -a --rules rules/main.yar target
expect_exit 1
expect_text out "DETECTED Main (main.yar:4)"
expect_text out "DETECTED First (parts/first.yar:2)"
expect_text out "DETECTED Inner (parts/inner.yar:1)"

# What was included and then changed is seen.
echo 'rule Inner { condition: filesize > 3000 }' >rules/parts/inner.yar
overt scan -a --rules rules/main.yar target
expect_exit 1
expect_text out "DETECTED Second (parts/second.yar:1)"
if grep -q 'DETECTED Main' out; then fail "the old file was used"; fi

echo 'include "loop.yar"' >loop.yar
overt rules build loop.yar -o x.img
expect_exit 2
expect_text err "loop.yar:1: the file includes itself"
printf 'rule A { condition: true }\ninclude "gone.yar"\n' >gone_too.yar
overt rules build gone_too.yar -o x.img
expect_exit 2
expect_text err "gone_too.yar:2: the file cannot be read"
echo 'rule Secret { condition: true }' >secret
echo 'include "secret"' >curious.yar
overt rules build curious.yar -o x.img
expect_exit 2
expect_text err "curious.yar:1: the file cannot be read"

# A namespace of two files, and the same two alone.
echo 'rule One { condition: true }' >one.yar
echo 'rule Two { condition: One }' >two.yar
overt rules build both:one.yar both:two.yar -o x.img
expect_exit 0
overt rules build one.yar two.yar -o x.img
expect_exit 2
expect_text err "two.yar:1: nothing of this name is known here"
overt rules build a:one.yar b:one.yar -o x.img
expect_exit 0
overt rules build a:one.yar a:one.yar -o x.img
expect_exit 2
expect_text err "there is a rule of this name"

cat >given.yar <<'END'
rule Given { condition: level == 5 and who == "me" and share > 0.5 and yes }
rule Other { condition: level == 6 }
END
overt rules build given.yar -o x.img
expect_exit 2
expect_text err "rule Given, column 25: 'level'"
overt rules build given.yar -d level=5 -d who=me -d share=0.75 -d yes=true \
    -o x.img
expect_exit 0
overt scan -q --rules x.img target
expect_text out "DETECTED Given"
overt scan -q --rules x.img -d level=6 target
expect_text out "DETECTED Other"
overt scan -q --rules x.img -d level=none target
expect_exit 2
expect_text err "level: the rules were compiled with a value of another kind"
