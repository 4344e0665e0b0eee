/* SPDX-License-Identifier: Apache-2.0
 *
 * Prints what a module of YARA's makes of each file named, as `yara -D` does,
 * for the comparisons in this folder.
 *
 * usage: modules_probe MODULE FILE... */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "modules/module_show.h"
#include "read_file.h"

static enum ov_status facts_of(void *object, const struct ov_facts **ret)
{
    *ret = object;
    return OV_OK;
}

static const uint8_t *no_digest(void *object, enum ov_digest_kind kind)
{
    (void)object;
    (void)kind;
    return NULL;
}

static enum ov_status show(const struct ov_module *module, struct ov_span bytes,
                           struct ov_arena *arena, struct ov_buf *out)
{
    struct ov_budget budget = ov_budget_default();
    struct ov_module_run *run;
    struct ov_facts facts;
    struct ov_module_input in = {
        .bytes = bytes,
        .type = ov_type_identify(bytes),
        .arena = arena,
        .budget = &budget,
        .object = &facts,
        .facts = facts_of,
        .digest = no_digest,
    };

    OV_TRY(ov_facts_read(in.type, bytes, arena, &budget, &facts));
    OV_TRY(ov_module_begin(module, &in, &run));
    return ov_module_show(out, run);
}

static int probe(const struct ov_module *module, const char *path)
{
    OV_AUTO_DONE(buf) bytes = ov_buf_with_max(1u << 30);
    OV_AUTO_DONE(buf) out = ov_buf_with_max(1u << 30);
    OV_AUTO(arena) arena = ov_arena_new(1u << 30);
    enum ov_status status;

    if (arena == NULL || !read_file(path, &bytes)) {
        fprintf(stderr, "%s: %s\n", path, strerror(errno));
        return 1;
    }
    status = show(module, ov_buf_span(&bytes), arena, &out);
    printf("file %s\n", path);
    if (status == OV_OK)
        printf("%.*s", (int)out.len, (const char *)out.ptr);
    else
        printf("status %s\n", ov_status_name(status));
    return 0;
}

int main(int argc, char **argv)
{
    const struct ov_module *module = NULL;
    int failed = 0;

    if (argc > 1)
        module = ov_module_find(ov_span_str(argv[1]));
    if (module == NULL) {
        fprintf(stderr, "usage: modules_probe MODULE FILE...\n");
        return 2;
    }
    for (int i = 2; i < argc; i++)
        failed |= probe(module, argv[i]);
    return failed;
}
