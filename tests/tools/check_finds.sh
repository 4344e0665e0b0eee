#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# tools/check finds what it is there to find: each line below puts one fault
# into a small tree, and the named check must report it, at that place.
set -eu

top=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT INT TERM
failed=0

fresh() {
    rm -rf "$work/tree"
    mkdir -p "$work/tree/tools" "$work/tree/src/lib/base" \
        "$work/tree/src/lib/formats" "$work/tree/docs/man"
    cp "$top/tools/check" "$work/tree/tools/"
    echo '# none' >"$work/tree/tools/waivers"
    cp "$top/.clang-format" "$work/tree/"
    cat >"$work/tree/ARCHITECTURE.md" <<END
<!-- layers -->
| \`base\` | | |
| \`formats\` | base | |
<!-- end of layers -->
END
    git -C "$work/tree" init -q
}

# write_c FILE: its content is the standard input, behind the first line
write_c() {
    {
        echo '/* SPDX-License-Identifier: Apache-2.0 */'
        cat
    } >"$work/tree/$1"
}

# expect CHECK PLACE: the check fails with a finding there
expect() {
    if (cd "$work/tree" && tools/check "$1") >"$work/out" 2>&1; then
        echo "not found: $1 $2"
        failed=1
    elif ! grep -q "^$2" "$work/out"; then
        echo "not where it is: $1 $2"
        cat "$work/out"
        failed=1
    fi
}

fresh
if ! (cd "$work/tree" && tools/check) >"$work/out"; then
    echo 'a tree without a fault fails:'
    cat "$work/out"
    failed=1
fi

fresh
printf 'int  x;\n' | write_c src/lib/base/a.c
expect format 'src/lib/base/a.c:2: format:'

fresh
printf '#include "formats/b.h"\n' | write_c src/lib/base/a.c
expect layers 'src/lib/base/a.c:2: layers:'

fresh
{
    printf 'int f(int a, int b, int c, int d, int e, int g, int h)\n{\n'
    printf '    return a;\n}\n'
} | write_c src/lib/base/a.c
expect sizes 'src/lib/base/a.c:2: sizes: f has 7 parameters'

fresh
{
    printf 'int f(int a)\n{\n'
    for i in $(seq 1 90); do printf '    a += %d;\n' "$i"; done
    printf '    return a;\n}\n'
} | write_c src/lib/base/a.c
expect sizes 'src/lib/base/a.c:2: sizes: f has 94 lines'

fresh
{
    printf 'int f(int a)\n{\n'
    for i in $(seq 1 21); do printf '    if (a == %d)\n        a++;\n' "$i"; done
    printf '    return a;\n}\n'
} | write_c src/lib/base/a.c
expect sizes 'src/lib/base/a.c:2: sizes: f has complexity 22'

fresh
printf 'int f(char *p)\n{\n    free(p);\n    return 0;\n}\n' |
    write_c src/lib/base/a.c
expect banned 'src/lib/base/a.c:4: banned: free()'

fresh
printf '/* free(p) and "goto" in a comment are fine: TO%s */\n' DO |
    write_c src/lib/base/a.c
expect banned 'src/lib/base/a.c:2: banned: finish it'

fresh
printf 'int x;\n' >"$work/tree/src/lib/base/a.c"
expect banned 'src/lib/base/a.c:1: banned: first line'

fresh
printf 'int x;\n' | write_c src/lib/base/a.c
printf 'int y;\n' | write_c src/lib/formats/a.c
expect names 'src/lib/formats/a.c:1: names:'

fresh
printf '#pragma once\nstruct a {\n    size_t len;\n};\n' |
    write_c src/lib/base/a.h
expect headers 'src/lib/base/a.h:1: headers:'

fresh
printf 'int x;\n' | write_c src/lib/formats/a.c
expect tests 'src/lib/formats/a.c:1: tests: has no tests/unit/test_a.c'

fresh
head -c 70000 /dev/zero >"$work/tree/docs/blob"
expect blobs 'docs/blob:1: blobs:'

fresh
printf '/* caf\303\251 */\n' | write_c src/lib/base/a.c
expect ascii 'src/lib/base/a.c:2: ascii:'

fresh
# shellcheck disable=SC2016 # the fault is the unquoted variable
printf '#!/bin/sh\nrm -rf $1/*\n' >"$work/tree/tools/a"
expect scripts 'tools/a:2: shellcheck:'

fresh
printf '# A te%s\n' h >"$work/tree/docs/a.md"
expect spelling 'docs/a.md:1: spelling:'

fresh
printf '.Dd x\n.Xx y\n' >"$work/tree/docs/man/a.1"
expect manuals 'docs/man/a.1:'

fresh
printf 'See [that](gone.md).\n' >"$work/tree/docs/a.md"
expect links 'docs/a.md:1: links: gone.md'

fresh
printf 'banned src/lib/base/gone.c for no reason\n' \
    >"$work/tree/tools/waivers"
if (cd "$work/tree" && tools/check) >"$work/out"; then
    echo 'not found: a waiver that nothing needs'
    failed=1
fi

exit "$failed"
