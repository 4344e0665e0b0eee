/* SPDX-License-Identifier: Apache-2.0 */
#include "trust/feed.h"

#include "base/text.h"
#include "trust/pack.h"

/*
 * A run ends behind a line whose hash (FNV-1a, 64 bits) is a multiple of a
 * number chosen by the mean, not below the least length and not above the most;
 * so where a run ends depends on lines near its end only, and an insertion
 * changes one run or two. A run is named by its content:
 *
 *     PREFIX/DATABASE/<first 16 digits of SHA-256 of the run>
 *
 * so that cutting needs to know nothing about what was cut before, and a
 * changed run is a new record and the withdrawal of an old one. Lines of one
 * database are not in their order any more: rules that refer to others (YARA),
 * or whose order counts (.ftm, .cdb), are never cut.
 */

#define RUN_LEAST ((size_t)1 << 10)
#define RUN_MOST ((size_t)32 << 10)
#define RUN_ODDS 32 /* lines of about 100 bytes: 3 KiB behind the least */

/* Databases whose lines stand for themselves. */
static bool is_cut(struct ov_span kind)
{
    static const char *const kinds[] = {"hdb", "hdu", "hsb", "hsu", "imp",
                                        "ldb", "ldu", "mdb", "mdu", "msb",
                                        "msu", "ndb", "ndu"};

    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        if (ov_span_equal(kind, ov_span_str(kinds[i])))
            return true;
    return false;
}

static uint64_t hash_line(struct ov_span line)
{
    uint64_t h = 0xcbf29ce484222325u;

    for (size_t i = 0; i < line.len; i++)
        h = (h ^ (uint8_t)ov_span_byte(line, i)) * 0x100000001b3u;
    return h ^ h >> 32;
}

/* How long the first run of text is: whole lines. */
static size_t run_len(struct ov_span text)
{
    size_t at = 0;

    while (at < text.len) {
        size_t end = ov_span_find_byte(text, '\n', at);
        struct ov_span line;

        end = end == SIZE_MAX ? text.len : end + 1;
        line = ov_span_clip(text, at, end - at);
        at = end;
        if (at >= RUN_MOST ||
            (at >= RUN_LEAST && hash_line(line) % RUN_ODDS == 0))
            break;
    }
    return at;
}

static enum ov_status add_run(struct ov_record_set *set, struct ov_arena *arena,
                              struct ov_span name, const struct ov_record *run)
{
    OV_AUTO_DONE(buf) id = ov_buf_with_max(OV_RECORD_ID_MAX + 1);
    struct ov_record record = *run;
    uint8_t digest[OV_DIGEST_MAX];

    OV_TRY(ov_digest(OV_SHA256, run->source, digest));
    ov_put_span(&id, name);
    ov_put_u8(&id, '/');
    ov_put_hex(&id, ov_span_of(digest, 8));
    if (ov_buf_status(&id) != OV_OK)
        return ov_buf_status(&id) == OV_LIMIT_SIZE ? OV_MALFORMED
                                                   : OV_NO_MEMORY;
    if (!ov_arena_copy(arena, ov_buf_span(&id), &record.id))
        return OV_NO_MEMORY;
    return ov_record_set_add(set, &record);
}

enum ov_status ov_feed_add(struct ov_record_set *set, struct ov_arena *arena,
                           struct ov_span prefix,
                           const struct ov_record *database)
{
    OV_AUTO_DONE(buf) name = ov_buf_with_max(OV_RECORD_ID_MAX + 1);
    struct ov_span rest = database->source;
    bool whole = !is_cut(database->kind);

    ov_put_span(&name, prefix);
    ov_put_u8(&name, '/');
    ov_put_span(&name, database->id);
    if (ov_buf_status(&name) != OV_OK)
        return ov_buf_status(&name) == OV_LIMIT_SIZE ? OV_MALFORMED
                                                     : OV_NO_MEMORY;
    while (rest.len > 0) {
        struct ov_record run = *database;

        run.source = ov_span_clip(rest, 0, whole ? rest.len : run_len(rest));
        OV_TRY(add_run(set, arena, ov_buf_span(&name), &run));
        rest = ov_span_clip(rest, run.source.len, rest.len);
    }
    return OV_OK;
}

enum ov_status ov_put_manifest_line(struct ov_buf *b, const struct ov_record *r)
{
    struct ov_blob blob;

    OV_TRY(ov_blob_of(r->source, &blob));
    ov_put_span(b, r->id);
    ov_put_u8(b, ' ');
    ov_put_span(b, r->kind);
    ov_put_u8(b, ' ');
    ov_put_blob(b, &blob);
    return ov_buf_status(b);
}
