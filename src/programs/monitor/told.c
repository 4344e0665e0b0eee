/* SPDX-License-Identifier: Apache-2.0 */
#include "told.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/reader.h"
#include "base/text.h"
#include "crypto/digest.h"

/* What was told is remembered by the digest of its words, so that a monitor
 * that runs for months says each thing once. Text from a log is hostile: it
 * goes through ov_put_escaped or ov_put_json. */

#define MAX_TOLD 65536
#define MAX_HELD ((size_t)16 << 20)
#define MAX_LINE ((size_t)16 << 10)

static const struct {
    const char *word;
    enum finding_severity severity;
    const char *meaning;
} kinds[N_FINDING] = {

#define FINDING(id, word, severity, meaning)                                   \
    {word, FINDING_##severity, meaning},
#include "told.def"
#undef FINDING
};

static const char *const severities[] = {
    [FINDING_INFO] = "info",
    [FINDING_UNKNOWN] = "unknown",
    [FINDING_ALARM] = "alarm",
};

struct findings {
    bool is_json;
    uint64_t (*now)(void);
    uint64_t total[N_FINDING];
    uint64_t round[FINDING_ALARM + 1];
    uint64_t *told; /* hash set of 64-bit digests; 0: free */
    size_t n_told;
    bool is_holding;
    struct ov_buf held; /* kind, where, index, text */
};

struct findings *findings_new(bool is_json, uint64_t (*now)(void))
{
    struct findings *f = ov_alloc(sizeof(*f));

    if (f == NULL)
        return NULL;
    f->is_json = is_json;
    f->now = now;
    f->held = ov_buf_with_max(MAX_HELD);
    f->told = ov_alloc_array(MAX_TOLD, sizeof(*f->told));
    if (f->told == NULL) {
        ov_free(f);
        return NULL;
    }
    return f;
}

void findings_free(struct findings *f)
{
    if (f == NULL)
        return;
    ov_buf_done(&f->held);
    ov_free(f->told);
    ov_free(f);
}

/* Above half full everything is told: better twice than never. */
static bool is_new(struct findings *f, struct ov_span words)
{
    uint8_t digest[OV_DIGEST_MAX];
    uint64_t key;
    size_t at;

    if (ov_digest(OV_SHA256, words, digest) != OV_OK)
        return true;
    key = ov_load64le(digest) | 1;
    for (at = key % MAX_TOLD; f->told[at] != 0; at = (at + 1) % MAX_TOLD) {
        if (f->told[at] == key)
            return false;
    }
    if (f->n_told < MAX_TOLD / 2) {
        f->told[at] = key;
        f->n_told++;
    }
    return true;
}

static void put_json(struct ov_buf *b, const struct findings *f,
                     enum finding_kind kind, const char *where, uint64_t index,
                     struct ov_span text)
{
    ov_put_format(b,
                  "{\"time\":%llu,\"severity\":\"%s\",\"finding\":\"%s\","
                  "\"where\":\"",
                  (unsigned long long)f->now(),
                  severities[kinds[kind].severity], kinds[kind].word);
    ov_put_json(b, ov_span_str(where));
    if (index != NO_INDEX)
        ov_put_format(b, "\",\"index\":%llu,\"text\":\"",
                      (unsigned long long)index);
    else
        ov_put_str(b, "\",\"text\":\"");
    ov_put_json(b, text);
    ov_put_str(b, "\"}\n");
}

static void put_line(struct ov_buf *b, enum finding_kind kind,
                     const char *where, uint64_t index, struct ov_span text)
{
    ov_put_format(b, "%s: %s: ", severities[kinds[kind].severity],
                  kinds[kind].word);
    ov_put_escaped(b, ov_span_str(where));
    if (index != NO_INDEX)
        ov_put_format(b, " [%llu]", (unsigned long long)index);
    ov_put_str(b, ": ");
    ov_put_escaped(b, text);
    ov_put_u8(b, '\n');
}

static void tell(struct findings *f, enum finding_kind kind, const char *where,
                 uint64_t index, struct ov_span text)
{
    OV_AUTO_DONE(buf) line = ov_buf_with_max(MAX_LINE);

    f->round[kinds[kind].severity]++;
    f->total[kind]++;
    put_line(&line, kind, where, index, text);
    if (ov_buf_status(&line) == OV_OK && !is_new(f, ov_buf_span(&line)))
        return;
    if (f->is_json) {
        ov_buf_clear(&line);
        put_json(&line, f, kind, where, index, text);
    }
    if (ov_buf_status(&line) == OV_OK) {
        (void)fwrite(line.ptr, 1, line.len, stdout);
        (void)fflush(stdout);
    }
}

void finding(struct findings *f, enum finding_kind kind, const char *where,
             uint64_t index, const char *format, ...)
{
    char text[1024];
    struct ov_span words;
    va_list args;
    int len;

    va_start(args, format);
    len = vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    words = ov_span_of(text, len < 0 ? 0 : strlen(text));
    if (f->is_holding) {
        ov_put_varint(&f->held, kind);
        ov_put_block(&f->held, ov_span_of(where, strlen(where) + 1));
        ov_put_u64(&f->held, index);
        ov_put_block(&f->held, words);
    }
    /* If too much is held it is told at once: better early than never. */
    if (!f->is_holding || ov_buf_status(&f->held) != OV_OK)
        tell(f, kind, where, index, words);
}

void findings_hold(struct findings *f)
{
    f->is_holding = true;
    ov_buf_clear(&f->held);
}

void findings_release(struct findings *f)
{
    struct ov_reader r = ov_reader_over(ov_buf_span(&f->held));

    f->is_holding = false;
    while (ov_reader_more(&r)) {
        uint64_t kind = ov_read_varint(&r);
        struct ov_span where = ov_read_block(&r);
        uint64_t index = ov_read_u64le(&r);
        struct ov_span text = ov_read_block(&r);

        if (ov_reader_status(&r) == OV_OK && kind < N_FINDING)
            tell(f, (enum finding_kind)kind, (const char *)where.ptr, index,
                 text);
    }
    ov_buf_clear(&f->held);
}

void findings_drop(struct findings *f)
{
    f->is_holding = false;
    ov_buf_clear(&f->held);
}

int findings_exit_code(const struct findings *f)
{
    if (f->round[FINDING_ALARM] > 0)
        return 1;
    return f->round[FINDING_UNKNOWN] > 0 ? 3 : 0;
}

void findings_begin_round(struct findings *f)
{
    memset(f->round, 0, sizeof(f->round));
}

uint64_t findings_count(const struct findings *f,
                        enum finding_severity severity)
{
    return f->round[severity];
}

uint64_t findings_total(const struct findings *f, enum finding_kind kind)
{
    return f->total[kind];
}

void findings_list(void)
{
    for (size_t i = 0; i < N_FINDING; i++)
        (void)printf("  %-14s %-8s %s\n", kinds[i].word,
                     severities[kinds[i].severity], kinds[i].meaning);
}
