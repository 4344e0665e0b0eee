/* SPDX-License-Identifier: Apache-2.0 */
#include "reputation/cloud_keys.h"

#include <stdio.h>

#include "base/text.h"
#include "log/merkle.h"
#include "log/proof.h"
#include "reputation/cloud_run.h"
#include "reputation/fields.h"
#include "reputation/receipt.h"

/* A manifest is three files: its text, its entry, its proof. They are believed
 * each time they are read: who may write a file is not who may say to whom
 * samples are sealed. A version that was believed once is never followed by an
 * older one, nor by another one of the same number. */

#define NAME_MAX_LEN 300

struct files {
    struct ov_buf text;
    struct ov_buf note;
    struct ov_buf proof;
};

static struct files files_new(void)
{
    return (struct files){ov_buf_with_max(OV_KEY_MANIFEST_MAX),
                          ov_buf_with_max(OV_ENTRY_MAX),
                          ov_buf_with_max(OV_PROOF_MAX_SIZE)};
}

static void files_done(struct files *f)
{
    ov_buf_done(&f->text);
    ov_buf_done(&f->note);
    ov_buf_done(&f->proof);
}

/* From a server, or from the state (SIZE_MAX). */
static enum ov_status get_one(struct ov_cloud *c, size_t server,
                              const char *name, const char *suffix,
                              struct ov_buf *into)
{
    const struct ov_cloud_io *io = c->io;
    char path[NAME_MAX_LEN];
    enum ov_status status;

    if (snprintf(path, sizeof(path), "%s%s", name, suffix) >= (int)sizeof(path))
        return OV_USAGE;
    status = server == SIZE_MAX
                 ? io->state_get(io->data, path, into)
                 : io->get(io->data, server, path, into->max, into);
    if (status != OV_OK && server != SIZE_MAX)
        return ov_diag_set(c->diag, status, 0, "%s: %s", path,
                           ov_status_name(status));
    return status;
}

static enum ov_status get_files(struct ov_cloud *c, size_t server,
                                const char *name, struct files *f)
{
    OV_TRY(get_one(c, server, name, "", &f->text));
    OV_TRY(get_one(c, server, name, ".entry", &f->note));
    return get_one(c, server, name, ".proof", &f->proof);
}

static enum ov_status believe(struct ov_cloud *c, const struct files *f,
                              struct ov_key_manifest *ret,
                              uint8_t ret_digest[static OV_DIGEST_MAX])
{
    struct ov_span text = ov_buf_span(&f->text);
    struct ov_entry *e = ov_arena_alloc(c->arena, sizeof(*e));
    uint8_t said[32];
    uint64_t version;
    uint64_t len;

    if (e == NULL)
        return OV_NO_MEMORY;
    OV_TRY(
        ov_cloud_believe(c, ov_buf_span(&f->note), ov_buf_span(&f->proof), e));
    if (e->type != OV_ENTRY_KEY_MANIFEST ||
        !ov_entry_digest(e, "file", said, &len) ||
        !ov_entry_number(e, "version", &version))
        return OV_MISMATCH;
    OV_TRY(ov_digest(OV_SHA256, text, ret_digest));
    if (text.len != len || memcmp(ret_digest, said, sizeof(said)) != 0)
        return OV_BAD_DIGEST;
    OV_TRY(ov_key_manifest_parse(c->arena, text, ret, NULL));
    return ret->version == version ? OV_OK : OV_MISMATCH;
}

/* What the state has; version 0 if that is nothing, or nothing that holds. */
static enum ov_status kept(struct ov_cloud *c, struct ov_cloud_keys *ret)
{
    struct ov_key_manifest m = {.version = 0};
    struct files f = files_new();
    enum ov_status status = get_files(c, SIZE_MAX, OV_CLOUD_KEYS, &f);

    *ret = (struct ov_cloud_keys){.version = 0};
    if (status == OV_OK)
        status = believe(c, &f, &m, ret->digest);
    if (status == OV_OK)
        ret->version = m.version;
    files_done(&f);
    return status == OV_NO_MEMORY ? status : OV_OK;
}

/* Files that a server has, as they must be here. f lives as long as *ret. */
static enum ov_status take(struct ov_cloud *c, size_t server, const char *name,
                           struct files *f, struct ov_key_manifest *ret,
                           struct ov_cloud_keys *ret_keys)
{
    struct ov_cloud_keys have;
    enum ov_status status;

    OV_TRY(kept(c, &have));
    OV_TRY(get_files(c, server, name, f));
    status = believe(c, f, ret, ret_keys->digest);
    if (status == OV_OK && ret->version < have.version)
        status = OV_ROLLBACK;
    if (status == OV_OK && ret->version == have.version &&
        memcmp(have.digest, ret_keys->digest, sizeof(have.digest)) != 0)
        status = OV_SPLIT_VIEW;
    if (status != OV_OK)
        return ov_cloud_refuse(c, status, "keys", ov_buf_span(&f->text));
    ret_keys->version = ret->version;
    return OV_OK;
}

enum ov_status ov_cloud_keys_check(const struct ov_cloud_io *io,
                                   const struct ov_cloud_options *options,
                                   const char *name, struct ov_cloud_keys *ret,
                                   struct ov_diag *diag)
{
    OV_AUTO_PTR struct ov_cloud *c = ov_alloc(sizeof(*c));
    struct files f = files_new();
    struct ov_key_manifest m;
    enum ov_status status;

    if (c == NULL)
        return OV_NO_MEMORY;
    status = ov_cloud_begin(c, io, options, diag);
    if (status == OV_OK)
        status = take(c, 0, name, &f, &m, ret);
    files_done(&f);
    ov_cloud_end(c);
    return status;
}

/* The text comes last: without it nothing is there, and it is got anew. */
static enum ov_status keep(struct ov_cloud *c, const struct files *f)
{
    const struct ov_cloud_io *io = c->io;

    OV_TRY(
        io->state_put(io->data, OV_CLOUD_KEYS ".entry", ov_buf_span(&f->note)));
    OV_TRY(io->state_put(io->data, OV_CLOUD_KEYS ".proof",
                         ov_buf_span(&f->proof)));
    return io->state_put(io->data, OV_CLOUD_KEYS, ov_buf_span(&f->text));
}

enum ov_status ov_cloud_keys_bring(struct ov_cloud *c, size_t server,
                                   uint64_t version)
{
    struct files f = files_new();
    struct ov_cloud_keys keys;
    struct ov_key_manifest m;
    char name[64];
    enum ov_status status = kept(c, &keys);

    if (status == OV_OK && version > keys.version) {
        (void)snprintf(name, sizeof(name), OV_CLOUD_KEYS_PATH "%llu",
                       (unsigned long long)version); /* has room */
        status = take(c, server, name, &f, &m, &keys);
        if (status == OV_OK)
            status = keep(c, &f);
    }
    files_done(&f);
    return status;
}

/* ---- receipts ---- */

#define MAX_HEAD 512
#define MAX_PROOF_TEXT ((size_t)65 * OV_MERKLE_MAX_PROOF)

struct checking {
    struct ov_cloud *c;
    struct ov_receipt receipt;
    struct ov_cloud_receipt *ret;
    uint8_t root[32];
    struct ov_buf bytes; /* that came last */
};

static enum ov_status get(struct checking *k, const char *path, uint64_t max)
{
    struct ov_cloud *c = k->c;
    enum ov_status status;

    ov_buf_done(&k->bytes);
    k->bytes.max = max;
    status =
        c->io->get(c->io->data, OV_CLOUD_RECEIPT_REGION, path, max, &k->bytes);
    if (status != OV_OK)
        return ov_diag_set(c->diag, status, 0, "%s: %s", path,
                           ov_status_name(status));
    return OV_OK;
}

/* By any key that the region had when it was made. */
static enum ov_status open_receipt(struct checking *k,
                                   const struct ov_key_manifest *m,
                                   struct ov_span note)
{
    enum ov_status status = OV_NOT_FOUND;

    for (size_t i = 0; i < m->n && status != OV_OK; i++) {
        const struct ov_region_keys *b = &m->blocks[i];

        status = ov_receipt_verify(note, &b->receipt_key, &k->receipt, NULL);
        if (status == OV_OK && (strcmp(k->receipt.region, b->region) != 0 ||
                                k->receipt.time < b->valid_from ||
                                k->receipt.time >= b->valid_until))
            status = OV_MISMATCH;
    }
    if (status != OV_OK)
        return ov_diag_set(k->c->diag, status, 0,
                           "is no receipt of a region of the manifest: %s",
                           ov_status_name(status));
    k->ret->index = k->receipt.index;
    return OV_OK;
}

/* What the region says of its log, unsigned: which size was told. */
static enum ov_status read_head(struct checking *k, uint64_t *ret)
{
    struct ov_fields f;
    uint8_t root[32];
    struct ov_span region;

    OV_TRY(get(k, "v1/submissions-log", MAX_HEAD));
    f = ov_fields_over(ov_buf_span(&k->bytes));
    ov_field_line(&f, "overt-submissions/1");
    region = ov_field_word(&f, "region");
    (void)ov_field_number(&f, "size", INT64_MAX);
    ov_field_hex(&f, "root", root, sizeof(root));
    *ret = ov_field_follows(&f, "logged")
               ? ov_field_number(&f, "logged", INT64_MAX)
               : 0;
    ov_fields_require(&f, ov_span_equal(region, ov_span_str(k->receipt.region)),
                      OV_MISMATCH);
    return ov_fields_end(&f, k->c->diag);
}

static enum ov_status read_entry(struct checking *k, const struct ov_entry *e,
                                 uint64_t size)
{
    struct ov_span value;
    uint64_t said;

    if (e->type != OV_ENTRY_SUBMISSIONS ||
        !ov_entry_is(e, "region", k->receipt.region) ||
        !ov_entry_number(e, "size", &said) || said != size ||
        !ov_entry_value(e, "root", 0, &value) ||
        !ov_hex_decode(value, k->root, sizeof(k->root)) ||
        !ov_entry_value(e, "time", 0, &value) ||
        !ov_time_parse(value, &k->ret->time))
        return OV_MISMATCH;
    return OV_OK;
}

/* The entry that the public log has of that size. */
static enum ov_status believe_size(struct checking *k, uint64_t size)
{
    OV_AUTO_DONE(buf) note = ov_buf_with_max(OV_ENTRY_MAX);
    struct ov_entry *e = ov_arena_alloc(k->c->arena, sizeof(*e));
    char path[80];
    enum ov_status status;

    if (e == NULL)
        return OV_NO_MEMORY;
    (void)snprintf(path, sizeof(path), "v1/submissions-log/%llu.entry",
                   (unsigned long long)size); /* has room */
    OV_TRY(get(k, path, OV_ENTRY_MAX));
    ov_put_span(&note, ov_buf_span(&k->bytes));
    OV_TRY(ov_buf_status(&note));
    (void)snprintf(path, sizeof(path), "v1/submissions-log/%llu.proof",
                   (unsigned long long)size); /* has room */
    OV_TRY(get(k, path, OV_PROOF_MAX_SIZE));
    status =
        ov_cloud_believe(k->c, ov_buf_span(&note), ov_buf_span(&k->bytes), e);
    if (status == OV_OK)
        status = read_entry(k, e, size);
    if (status != OV_OK)
        return ov_cloud_refuse(k->c, status, "submissions", ov_buf_span(&note));
    k->ret->size = size;
    return OV_OK;
}

static enum ov_status read_hashes(struct ov_span text,
                                  uint8_t (*hashes)[OV_MERKLE_HASH],
                                  size_t *ret_n)
{
    struct ov_span line;

    for (*ret_n = 0; text.len > 0; (*ret_n)++)
        if (*ret_n == OV_MERKLE_MAX_PROOF || !ov_span_cut(&text, '\n', &line) ||
            !ov_hex_decode(line, hashes[*ret_n], OV_MERKLE_HASH))
            return OV_MALFORMED;
    return OV_OK;
}

static enum ov_status check_place(struct checking *k)
{
    uint8_t hashes[OV_MERKLE_MAX_PROOF][OV_MERKLE_HASH];
    uint8_t leaf[OV_MERKLE_HASH];
    char path[100];
    size_t n = 0;
    enum ov_status status;

    (void)snprintf(path, sizeof(path), "v1/submissions-log/%llu/%llu",
                   (unsigned long long)k->ret->index,
                   (unsigned long long)k->ret->size); /* has room */
    OV_TRY(ov_receipt_leaf(&k->receipt, leaf));
    OV_TRY(get(k, path, MAX_PROOF_TEXT));
    status = read_hashes(ov_buf_span(&k->bytes), hashes, &n);
    if (status == OV_OK)
        status = ov_merkle_check_inclusion(leaf, k->ret->index, k->ret->size,
                                           hashes, n, k->root);
    if (status != OV_OK)
        return ov_cloud_refuse(k->c, status, "submissions",
                               ov_buf_span(&k->bytes));
    k->ret->is_in = true;
    return OV_OK;
}

static enum ov_status check(struct checking *k, const char *keys,
                            const char *receipt, struct files *f)
{
    OV_AUTO_DONE(buf) note = ov_buf_with_max(OV_RECEIPT_MAX);
    struct ov_cloud_keys said;
    struct ov_key_manifest m;
    uint64_t size = 0;

    OV_TRY(take(k->c, OV_CLOUD_RECEIPT_KEYS, keys, f, &m, &said));
    OV_TRY(get_one(k->c, OV_CLOUD_RECEIPT_NOTES, receipt, "", &note));
    OV_TRY(open_receipt(k, &m, ov_buf_span(&note)));
    OV_TRY(read_head(k, &size));
    if (size == 0)
        return OV_OK;
    OV_TRY(believe_size(k, size));
    return k->receipt.index < size ? check_place(k) : OV_OK;
}

enum ov_status ov_cloud_receipt_check(const struct ov_cloud_io *io,
                                      const struct ov_cloud_options *options,
                                      const char *keys, const char *receipt,
                                      struct ov_cloud_receipt *ret,
                                      struct ov_diag *diag)
{
    OV_AUTO_PTR struct ov_cloud *c = ov_alloc(sizeof(*c));
    struct checking k = {.c = c, .ret = ret, .bytes = ov_buf_with_max(0)};
    struct files f = files_new();
    enum ov_status status;

    if (c == NULL)
        return OV_NO_MEMORY;
    *ret = (struct ov_cloud_receipt){.is_in = false};
    status = ov_cloud_begin(c, io, options, diag);
    if (status == OV_OK)
        status = check(&k, keys, receipt, &f);
    ov_buf_done(&k.bytes);
    files_done(&f);
    ov_cloud_end(c);
    return status;
}
