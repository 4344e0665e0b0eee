/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>

#include "region_files.h"
#include "sys/file.h"
#include "sys/key_file.h"

/*
 * overt-cloud region DIR: makes a region: its two keys, its place for what is
 * submitted, and the manifest that tells the public halves.
 * overt-cloud manifest DIR...: one manifest of several regions.
 */

#define DEFAULT_DAYS 365
#define DAY 86400

void region_files_done(struct region_files *r)
{
    ov_buf_done(&r->text);
}

static bool fail(enum ov_status status, const struct ov_diag *diag,
                 const char *path)
{
    (void)cloud_say("%s: %s", path,
                    diag != NULL && diag->text[0] != '\0'
                        ? diag->text
                        : ov_status_name(status));
    return false;
}

bool region_read(struct cloud *c, struct ov_arena *a, struct region_files *ret)
{
    char path[CLOUD_PATH_MAX];
    struct ov_diag diag = {.text = ""};
    enum ov_status status;

    ret->text = ov_buf_with_max((size_t)1 << 20);
    if (!cloud_path(c, path, "manifest"))
        return false;
    status = ov_file_read(path, &ret->text);
    if (status == OV_OK)
        status = ov_key_manifest_parse(a, ov_buf_span(&ret->text),
                                       &ret->manifest, &diag);
    if (status != OV_OK)
        return fail(status, &diag, path);
    if (ret->manifest.n != 1)
        return fail(OV_MALFORMED, NULL, path);
    ret->keys = &ret->manifest.blocks[0];
    return true;
}

/* ---- making one ---- */

static bool make_seal_key(struct cloud *c, uint8_t ret_public[OV_HPKE_KEY])
{
    OV_AUTO_DONE(buf) text = ov_buf_with_max(128);
    char path[CLOUD_PATH_MAX];
    struct ov_diag diag = {.text = ""};
    uint8_t key[OV_HPKE_KEY];
    enum ov_status status = OV_OK;

    if (!cloud_path(c, path, "keys/seal"))
        return false;
    if (getrandom(key, sizeof(key), 0) != (ssize_t)sizeof(key))
        status = OV_IO;
    if (status == OV_OK)
        status = ov_hpke_public(key, ret_public);
    ov_put_hex(&text, ov_span_of(key, sizeof(key)));
    ov_put_u8(&text, '\n');
    if (status == OV_OK)
        status = ov_buf_status(&text);
    if (status == OV_OK)
        status = ov_file_create(path, ov_buf_span(&text), 0600, &diag);
    explicit_bzero(key, sizeof(key));
    if (text.ptr != NULL)
        explicit_bzero(text.ptr, text.len);
    return status == OV_OK || fail(status, &diag, path);
}

static bool make_receipt_key(struct cloud *c, const char *name,
                             struct ov_vkey *ret)
{
    OV_AUTO_DONE(key) key = {.name = ""};
    char path[CLOUD_PATH_MAX];
    struct ov_diag diag = {.text = ""};
    enum ov_status status;

    if (!cloud_path(c, path, "keys/receipts"))
        return false;
    status = ov_key_new(name, &key);
    if (status == OV_OK)
        status = ov_vkey_make(name, OV_NOTE_ED25519, key.public_key, ret);
    if (status == OV_OK)
        status = ov_key_file_write(path, &key, ov_span_of(NULL, 0), &diag);
    return status == OV_OK || fail(status, &diag, path);
}

static bool make_folders(struct cloud *c)
{
    static const char *const names[] = {"", "keys", "state"};
    char path[CLOUD_PATH_MAX];

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (!cloud_path(c, path, "%s", names[i]))
            return false;
        (void)mkdir(path, 0700); /* what opens files in it tells */
    }
    return true;
}

static bool write_manifest(struct cloud *c, const struct ov_key_manifest *m)
{
    OV_AUTO_DONE(buf) text = ov_buf_with_max(OV_KEY_MANIFEST_MAX);
    OV_AUTO(arena) a = ov_arena_new((size_t)1 << 20);
    struct ov_key_manifest same;
    char path[CLOUD_PATH_MAX];
    struct ov_diag diag = {.text = ""};
    enum ov_status status;

    if (a == NULL || !cloud_path(c, path, "manifest"))
        return false;
    ov_put_key_manifest(&text, m);
    status = ov_buf_status(&text);
    if (status == OV_OK)
        status = ov_key_manifest_parse(a, ov_buf_span(&text), &same, &diag);
    if (status == OV_OK)
        status = ov_file_create(path, ov_buf_span(&text), 0644, &diag);
    return status == OV_OK || fail(status, &diag, path);
}

static bool read_facts(const struct cloud *c, struct ov_region_keys *k)
{
    const char *const region = cloud_option(c, "region");
    const char *const jurisdiction = cloud_option(c, "jurisdiction");
    const char *const name = cloud_option(c, "operator");
    const char *const endpoint = cloud_option(c, "endpoint");
    uint64_t days;

    if (region == NULL || jurisdiction == NULL || name == NULL ||
        endpoint == NULL || !ov_region_is_valid(ov_span_str(region))) {
        (void)cloud_say("say --region, --jurisdiction, --operator and "
                        "--endpoint");
        return false;
    }
    if (!cloud_number(c, "days", DEFAULT_DAYS, &days))
        return false;
    memcpy(k->region, region, strlen(region));
    k->jurisdiction = ov_span_str(jurisdiction);
    k->operator_name = ov_span_str(name);
    k->endpoint = ov_span_str(endpoint);
    k->valid_from = c->now;
    k->valid_until = c->now + days * DAY;
    return true;
}

int cmd_region(struct cloud *c)
{
    struct ov_region_keys k = {.region = ""};
    const struct ov_key_manifest m = {.version = 1, .blocks = &k, .n = 1};
    char name[OV_NOTE_MAX_NAME];

    if (c->n_words != 1)
        return cloud_say("say the region's folder; see --help");
    c->dir = c->words[0];
    if (!read_facts(c, &k) || !make_folders(c))
        return CLOUD_FAILED;
    (void)snprintf(name, sizeof(name), "%s/receipts", k.region); /* fits */
    if (!make_seal_key(c, k.seal_key) ||
        !make_receipt_key(c, name, &k.receipt_key) || !write_manifest(c, &m))
        return CLOUD_FAILED;
    (void)printf("region %s is in %s; keys/seal opens what is sent to it\n",
                 k.region, c->dir);
    return CLOUD_OK;
}

/* ---- a manifest of several ---- */

static int compare_blocks(const void *a, const void *b)
{
    const struct ov_region_keys *x = a;
    const struct ov_region_keys *y = b;
    int order = strcmp(x->region, y->region);

    return order != 0 ? order
                      : (x->valid_from > y->valid_from) -
                            (x->valid_from < y->valid_from);
}

static int print_manifest(struct cloud *c, struct ov_key_manifest *m)
{
    OV_AUTO_DONE(buf) text = ov_buf_with_max(OV_KEY_MANIFEST_MAX);

    if (!cloud_number(c, "version", 1, &m->version))
        return CLOUD_USAGE;
    qsort(m->blocks, m->n, sizeof(*m->blocks), compare_blocks);
    ov_put_key_manifest(&text, m);
    if (ov_buf_status(&text) != OV_OK)
        return cloud_say("too many regions");
    (void)printf("%.*s", (int)text.len, (const char *)text.ptr);
    return fflush(stdout) == 0 ? CLOUD_OK : CLOUD_FAILED;
}

int cmd_manifest(struct cloud *c)
{
    struct ov_region_keys blocks[CLOUD_WORDS_MAX];
    struct region_files files[CLOUD_WORDS_MAX] = {{.keys = NULL}};
    struct ov_key_manifest m = {.blocks = blocks};
    OV_AUTO(arena) a = ov_arena_new((size_t)4 << 20);
    int code = CLOUD_FAILED;

    if (a == NULL || c->n_words == 0)
        return cloud_say("say the regions' folders; see --help");
    while (m.n < c->n_words) {
        c->dir = c->words[m.n];
        if (!region_read(c, a, &files[m.n]))
            break;
        blocks[m.n] = *files[m.n].keys;
        m.n++;
    }
    if (m.n == c->n_words)
        code = print_manifest(c, &m);
    for (size_t i = 0; i < c->n_words; i++)
        region_files_done(&files[i]);
    return code;
}
