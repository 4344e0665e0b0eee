/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/text.h"
#include "commands.h"
#include "history.h"
#include "metadata.h"
#include "trust/delta.h"
#include "trust/head.h"
#include "trust/segment.h"
#include "trust/trace.h"

/* A bundle: the repository's tree cut to one release, in one tar file that is
 * the same whoever makes it (sorted, no owners, no times). A client takes it as
 * a mirror (docs/protocol-update.md), so every check stays the same.
 *
 * In it: all roots, the current metadata and targets, the log, proofs and
 * consistency proofs, and the segments, the delta and the trace of the release.
 * Left out: older metadata, targets and segments, delta tiles, the content
 * store. Format: POSIX.1-2017, pax, "ustar Interchange Format"; no name is
 * longer than 100 bytes. */

#define BLOCK 512

struct bundle {
    struct instance *in;
    struct ov_buf out;
    struct ov_span keep[64]; /* paths of metadata and targets */
    size_t n_keep;
    struct ov_head head;
    uint64_t seq;
    const char *channel;
};

static void put_octal(uint8_t *at, size_t width, uint64_t value)
{
    for (size_t i = width - 1; i-- > 0; value >>= 3)
        at[i] = (uint8_t)('0' + (value & 7));
}

static bool put_header(struct bundle *b, const char *name, uint64_t len)
{
    uint8_t h[BLOCK] = {0};
    unsigned sum = 0;

    if (strlen(name) >= 100)
        return tell_error("%s: longer than 99 bytes", name);
    memcpy(h, name, strlen(name));
    put_octal(h + 100, 8, 0644);
    put_octal(h + 108, 8, 0); /* nobody's */
    put_octal(h + 116, 8, 0);
    put_octal(h + 124, 12, len);
    put_octal(h + 136, 12, 0);
    memset(h + 148, ' ', 8);
    h[156] = '0';
    memcpy(h + 257, "ustar\00000", 8);
    for (size_t i = 0; i < BLOCK; i++)
        sum += h[i];
    put_octal(h + 148, 7, sum);
    ov_put_span(&b->out, ov_span_of(h, BLOCK));
    return true;
}

static bool put_file(struct bundle *b, const char *name)
{
    OV_AUTO_DONE(buf) bytes = ov_buf_with_max(MAX_FILE);

    if (!disk_read(path_in(b->in, "repo/%s", name), &bytes) ||
        !put_header(b, name, bytes.len))
        return false;
    ov_put_span(&b->out, ov_buf_span(&bytes));
    ov_put_align(&b->out, BLOCK);
    return true;
}

/* -- what belongs to the release -- */

static bool keep(struct bundle *b, const char *path)
{
    if (b->n_keep == sizeof(b->keep) / sizeof(b->keep[0]))
        return tell_error("too many files to keep");
    b->keep[b->n_keep++] = ov_span_str(path);
    return true;
}

static bool starts(const char *name, const char *with)
{
    return strncmp(name, with, strlen(with)) == 0;
}

/* Roots all, of other roles the newest version. */
static bool is_current_metadata(struct bundle *b, const char *name)
{
    const char *file = name + strlen("metadata/");
    const char *role = strchr(file, '.');
    const char *end;

    if (strcmp(file, "timestamp.json") == 0 ||
        ov_span_ends(ov_span_str(file), OV_SPAN_LIT(".root.json")))
        return true;
    end = role != NULL ? strchr(role + 1, '.') : NULL;
    if (end == NULL)
        return false;
    role = text(b->in, "%.*s", (int)(end - role - 1), role + 1);
    return strcmp(file, text(b->in, "%lld.%s.json",
                             (long long)metadata_version(b->in, role), role)) ==
           0;
}

static bool is_kept(const struct bundle *b, const char *name)
{
    for (size_t i = 0; i < b->n_keep; i++) {
        if (ov_span_equal(b->keep[i], ov_span_str(name)))
            return true;
    }
    return false;
}

static bool is_wanted(struct bundle *b, const char *name)
{
    if (starts(name, "metadata/"))
        return is_current_metadata(b, name);
    if (starts(name, "targets/"))
        return !starts(name, "targets/db/") || is_kept(b, name);
    return starts(name, "log/") || starts(name, "proof/") ||
           starts(name, "consistency/") || starts(name, "first/") ||
           strcmp(name, "trust/history") == 0 ||
           strcmp(name, "instance.json") == 0;
}

static const char *blob_name(struct instance *in, const struct ov_blob *blob)
{
    OV_AUTO_DONE(buf) path = ov_buf_with_max(256);

    ov_put_blob_path(&path, blob);
    return text_of(in, ov_buf_span(&path));
}

static bool read_list(struct bundle *b, struct ov_span *ret)
{
    OV_AUTO_DONE(buf) packed = ov_buf_with_max(MAX_FILE);
    OV_AUTO_DONE(buf) bytes = ov_buf_with_max(MAX_FILE);
    const char *name = blob_name(b->in, &b->head.segments);

    if (!disk_read(path_in(b->in, "repo/%s", name), &packed))
        return false;
    return (ov_unpack(ov_buf_span(&packed), &b->head.segments, &bytes) ==
                OV_OK &&
            ov_arena_copy(b->in->arena, ov_buf_span(&bytes), ret)) ||
           tell_error("%s: damaged; fetch it again from a mirror", name);
}

static int compare_blobs(const void *a, const void *b)
{
    const struct ov_blob *x = a;
    const struct ov_blob *y = b;

    return memcmp(x->digest, y->digest, sizeof(x->digest));
}

/* The list of segments, the segments, and the delta, each once. */
static bool put_content(struct bundle *b)
{
    OV_AUTO_PTR struct ov_blob *listed = NULL;
    OV_AUTO_PTR struct ov_blob *all = NULL;
    struct ov_span list;
    size_t n;

    if (!read_list(b, &list))
        return false;
    if (ov_segment_list_read(list, &listed, &n) != OV_OK)
        return tell_error("the release's list of segments is damaged");
    all = ov_alloc_array(n + 2, sizeof(*all));
    if (all == NULL)
        return tell_error("out of memory");
    if (n > 0)
        memcpy(all, listed, n * sizeof(*all));
    all[n++] = b->head.segments;
    all[n++] = b->head.delta;
    qsort(all, n, sizeof(*all), compare_blobs);
    for (size_t i = 0; i < n; i++) {
        if (i > 0 && compare_blobs(&all[i - 1], &all[i]) == 0)
            continue;
        if (!put_file(b, blob_name(b->in, &all[i])))
            return false;
    }
    return true;
}

static bool put_tree(struct bundle *b, const char *folder);

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The way to the base, and the steps from there: what a client takes that has
 * nothing of it yet. */
static bool put_trace(struct bundle *b)
{
    const char *names[30 * OV_DELTA_LEVELS + 1];
    OV_AUTO_DONE(buf) path = ov_buf_with_max(256);
    struct ov_delta_tile t;
    uint64_t at = b->head.base;
    size_t n = 0;

    ov_put_trace_base_path(&path, b->channel, at);
    names[n++] = text_of(b->in, ov_buf_span(&path));
    while (n < sizeof(names) / sizeof(names[0]) &&
           ov_delta_next_tile(at, b->seq, &t)) {
        ov_buf_clear(&path);
        ov_put_trace_path(&path, b->channel, &t);
        names[n++] = text_of(b->in, ov_buf_span(&path));
        at = ov_delta_tile_end(&t);
    }
    qsort(names, n, sizeof(names[0]), compare_names);
    for (size_t i = 0; i < n; i++) {
        /* A release of a publisher that made none yet. */
        if (disk_exists(path_in(b->in, "repo/%s", names[i])) &&
            !put_file(b, names[i]))
            return false;
    }
    return true;
}

static bool put_folder(struct bundle *b, const char *name)
{
    if (strcmp(name, "trace") == 0)
        return put_trace(b);
    if (strcmp(name, "delta") == 0 || strcmp(name, "cas") == 0)
        return true;
    return strcmp(name, "seg") == 0 ? put_content(b) : put_tree(b, name);
}

/* Folders are as deep as ours: six at most. */
static bool put_tree(struct bundle *b, const char *folder)
{
    const char *path = path_in(b->in, "repo/%s", folder);
    struct disk_names names;
    bool ok = disk_list(path, "", &names);

    for (size_t i = 0; ok && i < names.n; i++) {
        const char *name = folder[0] == '\0'
                               ? text(b->in, "%s", names.names[i])
                               : text(b->in, "%s/%s", folder, names.names[i]);
        struct stat st;

        if (stat(path_in(b->in, "repo/%s", name), &st) != 0)
            ok = tell_error("%s: gone", name);
        else if (S_ISDIR(st.st_mode))
            ok = put_folder(b, name);
        else if (is_wanted(b, name))
            ok = put_file(b, name);
    }
    disk_names_done(&names);
    return ok;
}

static bool read_seq(struct bundle *b)
{
    struct ov_note *n = ov_arena_alloc(b->in->arena, sizeof(*n));
    struct ov_entry *e = ov_arena_alloc(b->in->arena, sizeof(*e));

    if (n == NULL || e == NULL)
        return tell_error("out of memory");
    return (ov_note_parse(b->in->arena, b->head.note, n) == OV_OK &&
            ov_entry_parse(n->text, e, NULL) == OV_OK &&
            ov_entry_number(e, "seq", &b->seq)) ||
           tell_error("the release's note is damaged");
}

static bool run(struct bundle *b, const char *channel, const char *out)
{
    struct instance *in = b->in;
    struct ov_span bytes;
    uint8_t digest[32];
    bool is_there;

    if (!target_read(in, ROLE_rules, text(in, "db/%s/head", channel), &bytes,
                     &is_there))
        return false;
    if (!is_there || ov_head_parse(bytes, &b->head) != OV_OK)
        return tell_error("channel %s has no release", channel);
    if (!read_seq(b))
        return false;
    if (!digest_of(bytes, digest) ||
        !keep(b,
              text(in, "targets/db/%s/%s.head", channel, hex_of(in, digest))) ||
        !put_tree(b, ""))
        return false;
    for (size_t i = 0; i < 2 * BLOCK; i++)
        ov_put_u8(&b->out, 0);
    if (ov_buf_status(&b->out) != OV_OK)
        return tell_error("the bundle is too large");
    if (!disk_write(out, ov_buf_span(&b->out), 0644))
        return false;
    tell("%s: %zu bytes; overt update --from %s", out, b->out.len, out);
    return true;
}

bool cmd_bundle(struct instance *in)
{
    struct bundle *b = ov_arena_alloc(in->arena, sizeof(*b));
    const char *channel = option_get(&in->args, OPT_channel);
    const char *out = option_get(&in->args, OPT_out);
    bool ok;

    if (b == NULL)
        return tell_error("out of memory");
    if (out == NULL)
        return tell_error("say --out FILE.tar");
    b->in = in;
    b->channel = channel != NULL ? channel : "stable";
    b->out = ov_buf_with_max(MAX_FILE);
    ok = run(b, b->channel, out);
    ov_buf_done(&b->out);
    return ok;
}
