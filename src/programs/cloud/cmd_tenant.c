/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "control/control_store.h"
#include "region_files.h"

/*
 * overt-cloud tenant DIR NAME: who may submit how much a day.
 * overt-cloud tenant DIR NAME --remove: who may not any more.
 * overt-cloud tenant DIR: all of them, and what they sent today.
 */

#define DAY 86400
#define DEFAULT_COUNT 100000
#define DEFAULT_BYTES ((uint64_t)20 << 30)

static void print_tenant(void *data, const struct control_tenant_use *use)
{
    (void)data;
    (void)printf("%s: %llu of %llu, %llu of %llu bytes\n", use->tenant.name,
                 (unsigned long long)use->count,
                 (unsigned long long)use->tenant.max_count,
                 (unsigned long long)use->bytes,
                 (unsigned long long)use->tenant.max_bytes);
}

static enum ov_status do_it(struct cloud *c, struct control_store *store,
                            const struct control_tenant *t,
                            struct ov_diag *diag)
{
    if (t->name[0] == '\0')
        return control_tenant_each(store, NULL, c->now / DAY, print_tenant,
                                   NULL, diag);
    if (cloud_option(c, "remove") != NULL)
        return control_tenant_remove(store, t->name, diag);
    return control_tenant_put(store, t, cloud_option(c, "token"), diag);
}

int cmd_tenant(struct cloud *c)
{
    OV_AUTO(arena) a = ov_arena_new((size_t)1 << 20);
    __attribute__((cleanup(region_files_done))) struct region_files r = {
        .keys = NULL};
    AUTO_CONTROL_STORE store = NULL;
    struct control_tenant t = {.name = ""};
    const char *where = cloud_option(c, "store");
    struct ov_diag diag = {.text = ""};
    char path[CLOUD_PATH_MAX];

    if (a == NULL || c->n_words < 1 || c->n_words > 2 ||
        (c->n_words == 2 &&
         !control_tenant_name_is_valid(ov_span_str(c->words[1]))))
        return cloud_say("say the region's folder and the tenant's name: "
                         "letters, digits, . _ -");
    c->dir = c->words[0];
    if (c->n_words == 2)
        memcpy(t.name, c->words[1], strlen(c->words[1]));
    if (!region_read(c, a, &r) || !cloud_path(c, path, "state/store.db") ||
        !cloud_number(c, "count", DEFAULT_COUNT, &t.max_count) ||
        !cloud_bytes(c, "bytes", DEFAULT_BYTES, &t.max_bytes))
        return CLOUD_FAILED;
    if (control_store_open(where != NULL ? where : path, r.keys->region, &store,
                           &diag) != OV_OK ||
        do_it(c, store, &t, &diag) != OV_OK)
        return cloud_say("%s", diag.text);
    return fflush(stdout) == 0 ? CLOUD_OK : CLOUD_FAILED;
}
