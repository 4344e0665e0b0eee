/* SPDX-License-Identifier: Apache-2.0 */
#include "rebuild.h"

#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/text.h"
#include "crypto/digest.h"
#include "sys/fd.h"
#include "sys/file.h"
#include "sys/judge_client.h"
#include "trust/delta.h"
#include "trust/segment.h"

/* docs/protocol-rules.md, from the reader's side: segments make the base's set,
 * the delta makes the release's set of it, and its root must be that of the
 * note. Then every record must be what the entry that it names says (a change,
 * or a line of a feed's manifest), so that no rule is in a release that was not
 * logged with two persons. At last overt-judge compiles both tiers, in its
 * jail, and the images must have the digests that the builders signed. */

#define MAX_SET ((size_t)1 << 30)
#define MAX_PACKED ((size_t)256 << 20)
#define MAX_BLOB ((size_t)256 << 20)
#define ARENA_SIZE ((size_t)1 << 30)

struct rebuild {
    struct rounds *rounds;
    struct ov_arena *arena;
    struct ov_record_set *base;
    struct ov_record_set *set;
    struct ov_delta delta;
    uint64_t index;
    bool is_wrong;  /* something was found */
    char text[600]; /* what is wrong, where it is not a status */
};

enum ov_status rebuild_read_blob(struct rounds *r,
                                 const struct audit_file *file,
                                 struct ov_buf *into)
{
    OV_AUTO_DONE(buf) path = ov_buf_with_max(256);
    OV_AUTO_DONE(buf) hex = ov_buf_with_max(64);
    const struct log_view view = repository_view(r);
    size_t max = file->size < MAX_BLOB ? (size_t)file->size : MAX_BLOB;
    uint8_t digest[OV_DIGEST_MAX];

    ov_put_hex(&hex, ov_span_of(file->digest, 32));
    ov_put_str(&path, "cas/sha256/");
    ov_put_span(&path, ov_span_clip(ov_buf_span(&hex), 0, 2));
    ov_put_u8(&path, '/');
    ov_put_span(&path, ov_buf_span(&hex));
    ov_put_u8(&path, 0);
    OV_TRY(ov_buf_status(&path));
    OV_TRY(view_read(&view, (const char *)path.ptr, max, into, NULL));
    OV_TRY(ov_digest(OV_SHA256, ov_buf_span(into), digest));
    return memcmp(digest, file->digest, 32) == 0 ? OV_OK : OV_BAD_DIGEST;
}

/* A file of /seg, unpacked into the arena. */
static enum ov_status read_packed(struct rebuild *b, const struct ov_blob *blob,
                                  struct ov_span *ret)
{
    OV_AUTO_DONE(buf) path = ov_buf_with_max(256);
    OV_AUTO_DONE(buf) packed = ov_buf_with_max(MAX_PACKED);
    OV_AUTO_DONE(buf) bytes = ov_buf_with_max(MAX_SET);
    const struct log_view view = repository_view(b->rounds);

    if (blob->len > MAX_SET)
        return OV_LIMIT_SIZE;
    ov_put_blob_path(&path, blob);
    ov_put_u8(&path, 0);
    OV_TRY(ov_buf_status(&path));
    OV_TRY(view_read(&view, (const char *)path.ptr, MAX_PACKED, &packed, NULL));
    OV_TRY(ov_unpack(ov_buf_span(&packed), blob, &bytes));
    return ov_arena_copy(b->arena, ov_buf_span(&bytes), ret) ? OV_OK
                                                             : OV_NO_MEMORY;
}

static enum ov_status read_base(struct rebuild *b, const struct ov_head *head)
{
    OV_AUTO_PTR struct ov_blob *blobs = NULL;
    struct ov_span list;
    size_t n = 0;

    OV_TRY(read_packed(b, &head->segments, &list));
    OV_TRY(ov_segment_list_read(list, &blobs, &n));
    for (size_t i = 0; i < n; i++) {
        struct ov_span bytes;

        OV_TRY(read_packed(b, &blobs[i], &bytes));
        OV_TRY(ov_segment_read(bytes, b->base));
    }
    return ov_record_set_seal(b->base);
}

static enum ov_status read_set(struct rebuild *b, const struct ov_head *head)
{
    struct ov_span bytes;

    b->base = ov_record_set_new();
    if (b->base == NULL)
        return OV_NO_MEMORY;
    OV_TRY(read_base(b, head));
    OV_TRY(read_packed(b, &head->delta, &bytes));
    OV_TRY(ov_delta_read(bytes, b->arena, &b->delta));
    return ov_delta_apply(b->base, &b->delta, &b->set);
}

static bool has_root(const struct rebuild *b, const struct ov_entry *e)
{
    uint8_t root[32];
    uint8_t said[32];
    struct ov_span hex;
    uint64_t records = 0;
    size_t n;

    ov_record_set_root(b->set, root);
    (void)ov_record_set_list(b->set, &n);
    return ov_entry_value(e, "set-root", 0, &hex) &&
           ov_hex_decode(hex, said, sizeof(said)) &&
           memcmp(root, said, sizeof(root)) == 0 &&
           ov_entry_number(e, "records", &records) && records == n;
}

static enum ov_status learn_manifest(struct rebuild *b,
                                     const struct audit_file *manifest)
{
    OV_AUTO_DONE(buf) bytes = ov_buf_with_max(MAX_BLOB);

    OV_TRY(rebuild_read_blob(b->rounds, manifest, &bytes));
    return audit_learn(b->rounds->audit, manifest->index, ov_buf_span(&bytes));
}

static enum ov_status check_records(struct rebuild *b)
{
    struct rounds *r = b->rounds;
    struct audit_file manifest;
    size_t n;
    const struct ov_record_entry *all = ov_record_set_list(b->set, &n);

    for (size_t i = 0; i < n; i++) {
        const struct ov_record *record = &all[i].record;
        enum audit_cover cover = audit_covers(r->audit, record, &manifest);

        if (cover == AUDIT_NEEDS_MANIFEST) {
            OV_TRY(learn_manifest(b, &manifest));
            cover = audit_covers(r->audit, record, &manifest);
        }
        b->is_wrong |= cover != AUDIT_COVERED || record->index >= b->index;
        if (cover != AUDIT_COVERED || record->index >= b->index)
            finding(r->found, FINDING_UNCOVERED, "log", b->index,
                    "its record %.*s is not what entry %llu says",
                    (int)record->id.len, (const char *)record->id.ptr,
                    (unsigned long long)record->index);
    }
    return OV_OK;
}

/* Nothing is left out: each rule is there as its newest change says, and there
 * are as many as the log has. Of feeds only what is there is judged. */
static void check_completeness(struct rebuild *b, const struct ov_entry *e)
{
    struct rounds *r = b->rounds;
    uint64_t from = 0;
    uint64_t to = 0;
    uint64_t n_rules = 0;
    uint64_t n_live;
    size_t n;
    const struct ov_record_entry *all = ov_record_set_list(b->set, &n);

    (void)ov_entry_range(e, "changes", &from, &to);
    for (size_t i = 0; i < n; i++) {
        const struct ov_record *record = &all[i].record;
        enum audit_age age = audit_age(r->audit, record, to);

        n_rules += age != AUDIT_FED;
        if (age != AUDIT_OLD)
            continue;
        b->is_wrong = true;
        finding(r->found, FINDING_OMITTED, "log", b->index,
                "its record %.*s was changed or retired before it",
                (int)record->id.len, (const char *)record->id.ptr);
    }
    if (!audit_live_rules(r->audit, to, &n_live) || n_live == n_rules)
        return;
    b->is_wrong = true;
    finding(r->found, FINDING_OMITTED, "log", b->index,
            "it has %llu rules, and the log %llu", (unsigned long long)n_rules,
            (unsigned long long)n_live);
}

/* -- compiling -- */

static enum ov_status memory_file_of(const struct ov_buf *bytes, int *ret_fd)
{
    OV_AUTO_FD fd = -1;
    size_t at = 0;

    OV_TRY(ov_buf_status(bytes));
    OV_TRY(ov_memory_file("tier", &fd));
    while (at < bytes->len) {
        ssize_t put = write(fd, bytes->ptr + at, bytes->len - at);

        if (put <= 0)
            return OV_IO;
        at += (size_t)put;
    }
    *ret_fd = ov_fd_steal(&fd);
    return OV_OK;
}

static enum ov_status digest_image(int fd, uint64_t len, struct ov_blob *ret)
{
    void *at = mmap(NULL, (size_t)len, PROT_READ, MAP_PRIVATE, fd, 0);
    enum ov_status status;

    if (at == MAP_FAILED)
        return OV_NO_MEMORY;
    status = ov_blob_of(ov_span_of(at, (size_t)len), ret);
    (void)!munmap(at, (size_t)len); /* was only read */
    return status;
}

static enum ov_status compile(struct rebuild *b, const struct ov_buf *records,
                              const struct ov_buf *withdrawn,
                              struct ov_blob *ret)
{
    OV_AUTO_FD records_fd = -1;
    OV_AUTO_FD withdrawn_fd = -1;
    OV_AUTO_FD image = -1;
    struct ov_judge_refusal refusal = {0};
    struct ov_wire_compiled compiled;
    char paths[2][40];
    const struct ov_judge_source sources[] = {{paths[0], "records", NULL},
                                              {paths[1], "withdrawn", NULL}};
    const struct ov_judge_job job = {
        .sources = sources, .n_sources = 2, .is_tier = true};
    enum ov_status status;

    OV_TRY(memory_file_of(records, &records_fd));
    OV_TRY(memory_file_of(withdrawn, &withdrawn_fd));
    (void)snprintf(paths[0], sizeof(paths[0]), "/proc/self/fd/%d", records_fd);
    (void)snprintf(paths[1], sizeof(paths[1]), "/proc/self/fd/%d",
                   withdrawn_fd);
    status = ov_judge_compile(&job, &image, &compiled, &refusal);
    if (status != OV_OK)
        (void)snprintf(b->text, sizeof(b->text), "%.200s: %.300s",
                       refusal.source, refusal.text);
    OV_TRY(status);
    return digest_image(image, compiled.image_len, ret);
}

/* The IDs that tier 1 takes away from tier 0, and its records. */
static void put_tier(const struct rebuild *b, struct ov_buf *records,
                     struct ov_buf *withdrawn)
{
    const struct ov_delta *d = &b->delta;
    size_t i = 0;
    size_t k = 0;

    for (size_t p = 0; p < d->n_puts; p++)
        ov_put_record(records, &d->puts[p]);
    while (i < d->n_deletes || k < d->n_puts) {
        bool is_delete = k == d->n_puts ||
                         (i < d->n_deletes &&
                          ov_span_compare(d->deletes[i], d->puts[k].id) < 0);
        struct ov_span id = is_delete ? d->deletes[i++] : d->puts[k++].id;

        if (ov_record_set_find(b->base, id) == NULL)
            continue;
        ov_put_span(withdrawn, id);
        ov_put_u8(withdrawn, '\n');
    }
}

/* Whether the note names this image as its nth tier. */
static bool note_has(const struct ov_entry *e, unsigned tier,
                     const struct ov_blob *image)
{
    struct ov_span value;
    struct ov_span number;
    struct ov_blob said;
    uint64_t n;

    for (size_t i = 0; ov_entry_value(e, "db", i, &value); i++) {
        if (ov_span_cut(&value, ' ', &number) &&
            ov_parse_uint(number, 99, &n) && n == tier &&
            ov_blob_parse(value, &said))
            return said.len == image->len &&
                   memcmp(said.digest, image->digest, 32) == 0;
    }
    return false;
}

static enum ov_status compile_tiers(struct rebuild *b, const struct ov_entry *e)
{
    OV_AUTO_DONE(buf) records = ov_buf_with_max(MAX_SET);
    OV_AUTO_DONE(buf) withdrawn = ov_buf_with_max(MAX_SET);
    bool is_same = true;
    size_t n;
    const struct ov_record_entry *all = ov_record_set_list(b->base, &n);

    for (unsigned tier = 0; tier < 2; tier++) {
        struct ov_blob image;

        ov_buf_clear(&records);
        for (size_t i = 0; tier == 0 && i < n; i++)
            ov_put_record(&records, &all[i].record);
        if (tier == 1)
            put_tier(b, &records, &withdrawn);
        OV_TRY(compile(b, &records, &withdrawn, &image));
        if (note_has(e, tier, &image))
            continue;
        is_same = false;
        finding(b->rounds->found, FINDING_DIFFERENT, "log", b->index,
                "tier %u, compiled here, is another one", tier);
    }
    b->is_wrong |= !is_same;
    if (is_same)
        finding(b->rounds->found, FINDING_REBUILT, "log", b->index,
                "compiled again, it is the same");
    return OV_OK;
}

static enum ov_status rebuild(struct rebuild *b, const struct ov_head *head,
                              const struct ov_entry *e)
{
    OV_TRY(read_set(b, head));
    if (!has_root(b, e)) {
        b->is_wrong = true;
        finding(b->rounds->found, FINDING_DIFFERENT, "log", b->index,
                "the records that are served do not have its root");
        return OV_OK;
    }
    OV_TRY(check_records(b));
    check_completeness(b, e);
    return compile_tiers(b, e);
}

bool rebuild_release(struct rounds *r, const struct ov_head *head,
                     const struct ov_entry *e, uint64_t index)
{
    OV_AUTO(arena) arena = ov_arena_new(ARENA_SIZE);
    struct rebuild b = {.rounds = r, .arena = arena, .index = index};
    enum ov_status status = arena != NULL ? rebuild(&b, head, e) : OV_NO_MEMORY;
    enum finding_kind kind = FINDING_DIFFERENT;

    ov_record_set_free(b.base);
    ov_record_set_free(b.set);
    if (status == OV_OK)
        return !b.is_wrong;
    if (status == OV_NOT_FOUND)
        kind = FINDING_MISSING;
    else if (ov_status_class(status) == OV_CLASS_MACHINE ||
             status == OV_TIMED_OUT)
        kind = FINDING_UNREACHABLE;
    finding(r->found, kind, "log", index,
            "the release could not be put together again: %s",
            b.text[0] != '\0' ? b.text : ov_status_name(status));
    return false;
}
