/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "crypto/digest.h"
#include "intel.h"
#include "pending_act.h"
#include "sys/fd.h"
#include "sys/file.h"
#include "verdict_journal.h"

/*
 * overt-cloud intel DIR: a new edition of what the tree says, for programs that
 * speak STIX or MISP. It tells the journal exactly as far as the tree does, so
 * that it says nothing which the cloud has not proven. How far, and when, is a
 * line of DIR/intel/editions; --again makes all editions anew from these lines,
 * and they come out the same.
 */

#define MICROSECONDS UINT64_C(1000000)
#define MOST_CHANGES ((size_t)4 * JOURNAL_BATCH_MAX) /* in an edition */
#define MAX_EDITIONS ((size_t)64 << 20)
#define MAX_PART ((size_t)16 << 20)

struct changes {
    struct intel_change *all;
    size_t n;
};

static bool out_of_memory(void)
{
    (void)cloud_say("out of memory");
    return false;
}

/* ---- changes ---- */

static int compare_changes(const void *a, const void *b)
{
    const struct intel_change *left = a;
    const struct intel_change *right = b;
    int order = memcmp(left->hash, right->hash, sizeof(left->hash));

    if (order != 0)
        return order;
    return (left->order > right->order) - (left->order < right->order);
}

/* Sorts, and keeps the last of each hash. */
static void settle(struct changes *l)
{
    size_t n = 0;

    if (l->n > 0)
        qsort(l->all, l->n, sizeof(*l->all), compare_changes);
    for (size_t i = 0; i < l->n; i++) {
        if (i + 1 == l->n ||
            memcmp(l->all[i].hash, l->all[i + 1].hash, 32) != 0)
            l->all[n++] = l->all[i];
    }
    l->n = n;
}

/* The journal from *at up to end, as much as an edition can take. */
static bool read_changes(struct verdict_journal *j, uint64_t *at, uint64_t end,
                         struct changes *l)
{
    struct journal_batch b;
    enum ov_status s = OV_OK;

    l->n = 0;
    while (*at < end && l->n + JOURNAL_BATCH_MAX <= MOST_CHANGES &&
           (s = journal_read(j, at, &b)) == OV_OK) {
        for (size_t i = 0; i < b.n; i++) {
            struct intel_change *c = &l->all[l->n];
            struct journal_verdict v;

            journal_at(&b, i, &v);
            *c = (struct intel_change){.time = b.time * MICROSECONDS,
                                       .order = (uint32_t)l->n,
                                       .family = v.family,
                                       .reputation = v.reputation};
            memcpy(c->hash, v.hash, sizeof(c->hash));
            l->n++;
        }
    }
    settle(l);
    if (s != OV_OK)
        (void)cloud_say("journal: %s", ov_status_name(s));
    return s == OV_OK;
}

/* ---- an edition ---- */

static bool open_last(struct intel *i)
{
    char path[CLOUD_PATH_MAX];

    intel_view_done(&i->index);
    intel_view_done(&i->ids);
    if (i->last.number == 0)
        return true;
    return cloud_path(i->c, path, "intel/%u/%s", i->last.number,
                      intel_collection_name(INTEL_INDICATORS)) &&
           intel_view_open(path, &i->index) &&
           cloud_path(i->c, path, "intel/%u/%s.ids", i->last.number,
                      intel_collection_name(INTEL_INDICATORS)) &&
           intel_view_open(path, &i->ids);
}

/* Of what this edition adds: "EDITION-PART.json sha256:HEX SIZE", a line each,
 * behind those of the editions before. */
static bool put_digests(const struct intel *i, struct ov_buf *b)
{
    for (uint32_t part = 1; part <= i->part; part++) {
        OV_AUTO_DONE(buf) bytes = ov_buf_with_max(MAX_PART);
        uint8_t digest[OV_DIGEST_MAX];
        char path[CLOUD_PATH_MAX];

        if (!cloud_path(i->c, path, "tree/intel/stix/%u-%u.json", i->now.number,
                        part))
            return false;
        if (ov_file_read(path, &bytes) != OV_OK ||
            ov_digest(OV_SHA256, ov_buf_span(&bytes), digest) != OV_OK)
            return cloud_say("%s: cannot be read", path) == CLOUD_OK;
        ov_put_format(b, "stix/%u-%u.json sha256:", i->now.number, part);
        ov_put_hex(b, ov_span_of(digest, 32));
        ov_put_format(b, " %zu\n", bytes.len);
    }
    return true;
}

/* "edition E", then a line for each bundle there is. */
static bool put_head(const struct intel *i, struct ov_buf *b)
{
    OV_AUTO_DONE(buf) old = ov_buf_with_max(MAX_EDITIONS);
    struct ov_span left;
    struct ov_span line;
    char path[CLOUD_PATH_MAX];
    enum ov_status s;

    ov_put_format(b, "edition %u\n", i->now.number);
    if (!cloud_path(i->c, path, "tree/intel/head"))
        return false;
    s = i->now.number > 1 ? ov_file_read(path, &old) : OV_NOT_FOUND;
    if (s != OV_OK && s != OV_NOT_FOUND)
        return cloud_say("%s: %s", path, ov_status_name(s)) == CLOUD_OK;
    left = ov_buf_span(&old);
    (void)ov_span_cut(&left, '\n', &line);
    while (left.len > 0 && ov_span_cut(&left, '\n', &line)) {
        struct ov_span name = OV_SPAN_LIT("stix/");
        struct ov_span rest = ov_span_clip(line, name.len, line.len);
        struct ov_span number;
        uint64_t edition;

        /* what an edition that came to nothing has left is told again */
        (void)ov_span_cut(&rest, '-', &number);
        if (!ov_span_starts(line, name) ||
            !ov_parse_uint(number, UINT32_MAX, &edition) ||
            edition >= i->now.number)
            continue;
        ov_put_span(b, line);
        ov_put_u8(b, '\n');
    }
    return put_digests(i, b);
}

static bool replace(const struct intel *i, const char *name,
                    const struct ov_buf *b)
{
    struct ov_diag diag = {0};
    char path[CLOUD_PATH_MAX];

    if (ov_buf_status(b) != OV_OK)
        return out_of_memory();
    if (!cloud_path(i->c, path, "%s", name))
        return false;
    ov_folders_make(path);
    if (ov_file_replace(path, ov_buf_span(b), 0644, &diag) == OV_OK)
        return true;
    (void)cloud_say("%s", diag.text);
    return false;
}

/* All of it is on disk before the line is written. */
static bool sync_all(const struct intel *i)
{
    OV_AUTO_FD fd = open(i->c->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd >= 0 && syncfs(fd) == 0)
        return true;
    (void)cloud_say("%s: %s", i->c->dir, strerror(errno));
    return false;
}

/* What nobody reads any more: who began with the edition before still may. */
static bool remove_old(const struct intel *i)
{
    char name[64];

    if (i->now.number < 3)
        return true;
    (void)snprintf(name, sizeof(name), "intel/%u", i->now.number - 2);
    return folder_remove(i->c, name);
}

static bool publish(struct intel *i)
{
    OV_AUTO_DONE(buf) head = ov_buf_with_max(MAX_EDITIONS);

    i->now.objects = i->n_records;
    intel_put_edition(&i->editions, &i->now);
    return intel_write_indexes(i) && put_head(i, &head) && sync_all(i) &&
           replace(i, "tree/intel/head", &head) &&
           replace(i, "intel/editions", &i->editions) && remove_old(i);
}

/* The edition i->now: number, journal and time are set. */
static bool make_edition(struct intel *i, const struct changes *l)
{
    size_t len = (size_t)i->families.n / 8 + 1;
    bool ok;

    i->n_records = 0;
    i->part = 0;
    i->in_part = 0;
    ov_free(i->told);
    i->told = ov_alloc(len);
    if (i->told == NULL)
        return out_of_memory();
    if (i->now.number == 1 &&
        ov_stix_producer_init(ov_span_str(i->c->name), i->now.time,
                              &i->producer) != OV_OK)
        return out_of_memory();
    ok = open_last(i) && intel_add_changes(i, l->all, l->n) && publish(i);
    i->last = i->now;
    return ok;
}

/* ---- editions ---- */

static uint64_t time_of_next(const struct intel *i)
{
    uint64_t now = i->c->now * MICROSECONDS;
    uint64_t least = i->last.time + i->last.objects;

    return now > least ? now : least;
}

/* What the tree has told and no edition has. */
static bool make_new(struct intel *i, struct verdict_journal *j,
                     struct changes *l, uint64_t *ret_n)
{
    struct position told;
    bool is_there;

    if (!position_read(i->c, &told, &is_there))
        return false;
    if (!is_there)
        told.journal = JOURNAL_START;
    while (i->last.number == 0 || i->last.journal < told.journal) {
        i->now = (struct intel_edition){
            .number = i->last.number + 1,
            .journal = i->last.number == 0 ? JOURNAL_START : i->last.journal,
            .time = time_of_next(i)};
        if (!read_changes(j, &i->now.journal, told.journal, l) ||
            !make_edition(i, l))
            return false;
        ++*ret_n;
    }
    return true;
}

/* All editions of the text, from the first on. */
static bool make_again(struct intel *i, struct verdict_journal *j,
                       struct changes *l, struct ov_span text)
{
    uint64_t at = JOURNAL_START;
    struct ov_span line;

    i->last = (struct intel_edition){0};
    ov_buf_clear(&i->editions);
    while (text.len > 0) {
        struct intel_edition want;

        (void)ov_span_cut(&text, '\n', &line);
        if (!intel_edition_parse(line, &want))
            return false;
        i->now = want;
        if (!read_changes(j, &at, want.journal, l) || !make_edition(i, l))
            return false;
        if (i->now.objects != want.objects || at != want.journal)
            return cloud_say("edition %u does not come out as it was",
                             want.number) == CLOUD_OK;
    }
    return true;
}

static bool read_editions(struct intel *i)
{
    char path[CLOUD_PATH_MAX];
    uint64_t created;
    enum ov_status s;

    if (!cloud_path(i->c, path, "intel/editions"))
        return false;
    i->editions = ov_buf_with_max(MAX_EDITIONS);
    s = ov_file_read(path, &i->editions);
    if (s != OV_OK && s != OV_NOT_FOUND)
        return cloud_say("%s: %s", path, ov_status_name(s)) == CLOUD_OK;
    if (!intel_editions_read(ov_buf_span(&i->editions), &i->last, &created))
        return cloud_say("%s: damaged; restore it", path) == CLOUD_OK;
    return ov_stix_producer_init(ov_span_str(i->c->name), created,
                                 &i->producer) == OV_OK ||
           out_of_memory();
}

/* The feed, if it is not that of the last edition yet. */
static bool write_feed(struct intel *i)
{
    OV_AUTO_DONE(buf) have = ov_buf_with_max(64);
    OV_AUTO_DONE(buf) want = ov_buf_with_max(64);
    char path[CLOUD_PATH_MAX];

    ov_put_format(&want, "edition %u\n", i->last.number);
    if (!cloud_path(i->c, path, "intel/feed"))
        return false;
    if (cloud_option(i->c, "again") == NULL &&
        ov_file_read(path, &have) == OV_OK &&
        ov_span_equal(ov_buf_span(&have), ov_buf_span(&want)))
        return true;
    return intel_write_misp(i) && replace(i, "intel/feed", &want);
}

static bool make(struct intel *i, struct verdict_journal *j, uint64_t *ret_n)
{
    OV_AUTO_DONE(buf) text = ov_buf_with_max(MAX_EDITIONS);
    struct changes l = {.all = ov_alloc_array(MOST_CHANGES, sizeof(*l.all))};
    bool ok;

    if (l.all == NULL)
        return out_of_memory();
    ok = read_editions(i) && family_names_open(i->c, &i->families);
    if (ok && cloud_option(i->c, "again") != NULL) {
        ov_put_span(&text, ov_buf_span(&i->editions));
        ok = make_again(i, j, &l, ov_buf_span(&text));
    }
    ok = ok && make_new(i, j, &l, ret_n) && write_feed(i);
    ov_free(l.all);
    return ok;
}

static void intel_done(struct intel *i)
{
    intel_view_done(&i->index);
    intel_view_done(&i->ids);
    family_names_done(&i->families);
    ov_buf_done(&i->editions);
    ov_buf_done(&i->bundle);
    ov_free(i->records);
    ov_free(i->told);
}

int cmd_intel(struct cloud *c)
{
    struct intel i = {.c = c, .bundle = ov_buf_with_max(MAX_PART)};
    struct verdict_journal *j = NULL;
    struct ov_diag diag = {0};
    char path[CLOUD_PATH_MAX];
    uint64_t n = 0;
    bool ok;

    if (!cloud_open(c, 0) || !cloud_lock(c) || !pending_finish(c) ||
        !cloud_path(c, path, "journal"))
        return CLOUD_FAILED;
    if (journal_open(path, true, &j, &diag) != OV_OK)
        return cloud_say("%s", diag.text);
    ok = make(&i, j, &n);
    if (ok && n == 0)
        (void)printf("nothing has changed\n");
    else if (ok)
        (void)printf("edition %u: %llu objects\n", i.last.number,
                     (unsigned long long)i.last.objects);
    journal_close(j);
    intel_done(&i);
    return ok ? CLOUD_OK : CLOUD_FAILED;
}
