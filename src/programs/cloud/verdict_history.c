/* SPDX-License-Identifier: Apache-2.0 */
#include "verdict_history.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "family_names.h"
#include "sys/file.h"
#include "triage_apply.h"
#include "trust/entry.h"
#include "verdict_journal.h"

/*
 * tree/v1/history/NNN, where NNN are the first 12 bits of a SHA-256: who asks
 * for a file's history asks for that of every 4096th file.
 *
 *     overt-history/1
 *     at 123456
 *     HASH TIME VERDICT FAMILY SOURCE
 *
 * A line for each verdict of the journal in its order; "at" is the journal's
 * end when the file was written, so that a verdict is not told twice by who was
 * interrupted. DIR/history-at is where the next time begins. SOURCE is
 * "publisher", or for what people have decided "triage REGION: " and the
 * journal's reason; other reasons stay in the journal. Batches of more than
 * BATCH_MAX verdicts are imports, and are left to snapshots and deltas.
 *
 * Limits: the new lines of one time are in memory, LINES_MAX bytes at most.
 */

#define N_FILES 4096
#define BATCH_MAX 1000
#define FILE_MAX ((size_t)256 << 20)
#define LINES_MAX ((size_t)64 << 20)
#define HEAD "overt-history/1\nat "
#define HASH_DIGITS 64

struct history {
    struct cloud *c;
    struct verdict_journal *journal;
    struct family_names families;
    uint64_t from;
    uint64_t end;
    size_t n_bytes;
    struct ov_buf *lines; /* N_FILES, each line behind "OFFSET " */
};

static unsigned file_of(const uint8_t *hash)
{
    return (unsigned)hash[0] << 4 | hash[1] >> 4;
}

static void history_done(struct history *h)
{
    for (size_t i = 0; h->lines != NULL && i < N_FILES; i++)
        ov_buf_done(&h->lines[i]);
    ov_free(h->lines);
    journal_close(h->journal);
    family_names_done(&h->families);
}

/* ---- what is new ---- */

static void put_line(struct history *h, const struct journal_batch *b,
                     const struct journal_verdict *v, uint64_t at)
{
    struct ov_buf *to = &h->lines[file_of(v->hash)];
    struct ov_span family = family_names_of(&h->families, v->family);
    size_t before = to->len;

    ov_put_format(to, "%llu ", (unsigned long long)at);
    ov_put_hex(to, ov_span_of(v->hash, 32));
    ov_put_u8(to, ' ');
    ov_put_time(to, b->time);
    ov_put_format(to, " %s ",
                  v->reputation == JOURNAL_WITHDRAWN
                      ? "withdrawn"
                      : ov_reputation_name((enum ov_reputation)v->reputation));
    ov_put_escaped(to, family.len > 0 ? family : OV_SPAN_LIT("-"));
    ov_put_u8(to, ' ');
    if (ov_span_starts(b->source, OV_SPAN_LIT(TRIAGE_SOURCE))) {
        ov_put_escaped(to, b->source);
        ov_put_str(to, ": ");
        ov_put_escaped(to, b->why);
    } else {
        ov_put_str(to, "publisher");
    }
    ov_put_u8(to, '\n');
    h->n_bytes += to->len - before;
}

static bool read_journal(struct history *h)
{
    uint64_t at = h->from;
    uint64_t here = at;
    struct journal_batch b;
    enum ov_status s = OV_OK;

    while (h->n_bytes < LINES_MAX &&
           (s = journal_read(h->journal, &at, &b)) == OV_OK) {
        for (size_t i = 0; i < b.n && b.n <= BATCH_MAX; i++) {
            struct journal_verdict v;

            journal_at(&b, i, &v);
            put_line(h, &b, &v, here);
        }
        here = at;
    }
    h->end = here;
    if (s == OV_OK || s == OV_NOT_FOUND)
        return true;
    (void)cloud_say("journal: %s", ov_status_name(s));
    return false;
}

/* ---- files ---- */

/* What a file has, behind its head, and where it ends. */
static enum ov_status read_file(const char *path, struct ov_buf *text,
                                struct ov_span *ret_lines, uint64_t *ret_at)
{
    struct ov_span rest;
    struct ov_span number;

    *ret_lines = ov_span_of(NULL, 0);
    *ret_at = 0;
    OV_TRY(ov_file_read(path, text));
    rest = ov_buf_span(text);
    if (!ov_span_starts(rest, OV_SPAN_LIT(HEAD)))
        return OV_MALFORMED;
    rest = ov_span_clip(rest, sizeof(HEAD) - 1, rest.len);
    (void)ov_span_cut(&rest, '\n', &number);
    if (!ov_parse_uint(number, INT64_MAX, ret_at))
        return OV_MALFORMED;
    *ret_lines = rest;
    return OV_OK;
}

static void put_new(struct ov_buf *to, struct ov_span lines, uint64_t at)
{
    struct ov_span line;
    struct ov_span number;
    uint64_t here;

    while (lines.len > 0) {
        (void)ov_span_cut(&lines, '\n', &line);
        (void)ov_span_cut(&line, ' ', &number);
        if (!ov_parse_uint(number, INT64_MAX, &here) || here < at)
            continue;
        ov_put_span(to, line);
        ov_put_u8(to, '\n');
    }
}

static bool write_file(const struct history *h, unsigned number)
{
    OV_AUTO_DONE(buf) old = ov_buf_with_max(FILE_MAX);
    OV_AUTO_DONE(buf) text = ov_buf_with_max(FILE_MAX);
    struct ov_diag diag = {.text = ""};
    char path[CLOUD_PATH_MAX];
    struct ov_span lines;
    enum ov_status status;
    uint64_t at;

    if (!cloud_path(h->c, path, "tree/v1/history/%03x", number))
        return false;
    status = read_file(path, &old, &lines, &at);
    if (status == OV_NOT_FOUND)
        status = OV_OK;
    ov_put_format(&text, HEAD "%llu\n", (unsigned long long)h->end);
    ov_put_span(&text, lines);
    put_new(&text, ov_buf_span(&h->lines[number]), at);
    if (status == OV_OK)
        status = ov_buf_status(&h->lines[number]);
    if (status == OV_OK)
        status = ov_buf_status(&text);
    if (status == OV_OK) {
        ov_folders_make(path);
        status = ov_file_replace(path, ov_buf_span(&text), 0644, &diag);
    }
    if (status != OV_OK)
        (void)cloud_say("%s: %s", path,
                        diag.text[0] != '\0' ? diag.text
                                             : ov_status_name(status));
    return status == OV_OK;
}

static bool write_files(const struct history *h, size_t *ret_n)
{
    for (unsigned i = 0; i < N_FILES; i++) {
        if (h->lines[i].len == 0)
            continue;
        if (!write_file(h, i))
            return false;
        ++*ret_n;
    }
    return true;
}

/* ---- where it is ---- */

static bool read_position(struct history *h)
{
    OV_AUTO_DONE(buf) text = ov_buf_with_max((size_t)1 << 20);
    char path[CLOUD_PATH_MAX];
    struct ov_span number;
    struct ov_span rest;
    enum ov_status status;

    h->from = JOURNAL_START;
    if (!cloud_path(h->c, path, "history-at"))
        return false;
    status = ov_file_read(path, &text);
    if (status == OV_NOT_FOUND)
        return true;
    rest = ov_buf_span(&text);
    (void)ov_span_cut(&rest, '\n', &number);
    if (status == OV_OK && ov_parse_uint(number, INT64_MAX, &h->from) &&
        h->from >= JOURNAL_START && h->from <= journal_end(h->journal))
        return true;
    (void)cloud_say("%s: not a place in this journal; without this file and "
                    "tree/v1/history all of it is written again",
                    path);
    return false;
}

static bool write_position(const struct history *h)
{
    OV_AUTO_DONE(buf) text = ov_buf_with_max(64);
    struct ov_diag diag = {.text = ""};
    char path[CLOUD_PATH_MAX];

    ov_put_format(&text, "%llu\n", (unsigned long long)h->end);
    if (!cloud_path(h->c, path, "history-at"))
        return false;
    if (ov_buf_status(&text) == OV_OK &&
        ov_file_replace(path, ov_buf_span(&text), 0644, &diag) == OV_OK)
        return true;
    (void)cloud_say("%s", diag.text);
    return false;
}

int verdict_history_publish(struct cloud *c)
{
    __attribute__((cleanup(history_done))) struct history h = {.c = c};
    struct ov_diag diag = {.text = ""};
    char path[CLOUD_PATH_MAX];
    size_t n = 0;

    h.lines = ov_alloc_array(N_FILES, sizeof(*h.lines));
    if (h.lines == NULL)
        return cloud_say("out of memory");
    for (size_t i = 0; i < N_FILES; i++)
        h.lines[i] = ov_buf_with_max(2 * LINES_MAX);
    if (!cloud_lock(c) || !family_names_open(c, &h.families) ||
        !cloud_path(c, path, "journal"))
        return CLOUD_FAILED;
    if (journal_open(path, false, &h.journal, &diag) != OV_OK)
        return cloud_say("%s", diag.text);
    if (!read_position(&h))
        return CLOUD_FAILED;
    do {
        if (!read_journal(&h) || !write_files(&h, &n) || !write_position(&h))
            return CLOUD_FAILED;
        for (size_t i = 0; i < N_FILES; i++)
            ov_buf_clear(&h.lines[i]);
        h.n_bytes = 0;
        h.from = h.end;
    } while (h.end < journal_end(h.journal));
    (void)printf("%zu files of history\n", n);
    return CLOUD_OK;
}

int verdict_history_print(const struct cloud *c, const uint8_t hash[static 32])
{
    OV_AUTO_DONE(buf) text = ov_buf_with_max(FILE_MAX);
    uint8_t have[32];
    char path[CLOUD_PATH_MAX];
    struct ov_span lines;
    struct ov_span line;
    enum ov_status status;
    uint64_t at;

    if (!cloud_path(c, path, "tree/v1/history/%03x", file_of(hash)))
        return CLOUD_FAILED;
    status = read_file(path, &text, &lines, &at);
    if (status != OV_OK && status != OV_NOT_FOUND)
        return cloud_say("%s: %s", path, ov_status_name(status));
    while (lines.len > 0) {
        (void)ov_span_cut(&lines, '\n', &line);
        if (ov_hex_decode(ov_span_clip(line, 0, HASH_DIGITS), have,
                          sizeof(have)) &&
            memcmp(have, hash, sizeof(have)) == 0)
            (void)printf("%.*s\n", (int)line.len, (const char *)line.ptr);
    }
    return fflush(stdout) == 0 ? CLOUD_OK : CLOUD_FAILED;
}
