/* SPDX-License-Identifier: Apache-2.0 */
#include "../../src/programs/cloud/tree_file.h"
#include "fuzz.h"

/* The first byte is a file's size, the rest a path and a Range header. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char name[TREE_PATH_MAX];
    uint64_t from;
    uint64_t to;
    struct ov_span text;

    if (size == 0)
        return 0;
    text = ov_span_of(data + 1, size - 1);
    if (tree_path_parse(text, name)) {
        FUZZ_CHECK(strlen(name) == text.len - 1);
        FUZZ_CHECK(strstr(name, "..") == NULL || strstr(name, "/.") == NULL);
        FUZZ_CHECK(name[0] != '/' && name[0] != '.');
        (void)tree_is_immutable(name);
    }
    if (tree_range_parse(text, data[0], &from, &to) == TREE_PART)
        FUZZ_CHECK(from <= to && to < data[0]);
    return 0;
}
