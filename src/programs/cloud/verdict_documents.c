/* SPDX-License-Identifier: Apache-2.0 */
#include "verdict_documents.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "intel/intel_import.h"
#include "intel/intel_left_out.h"
#include "sys/file.h"
#include "sys/jailed.h"
#include "trust/pack.h"

/*
 * Documents are read whole, in the order of their names, and parsed in a child
 * that has nothing. What it sends back is lines, which the journal's front
 * reads as strictly as any list of verdicts: a child that was taken over can
 * say of a hash what the document could have said, and no more.
 *
 * Where several things are said of a hash the worst counts, then the first
 * name. Limits: only SHA-256, as a cloud has no other hashes; what a source has
 * taken back is told and not taken, but verdicts from before stay: withdraw
 * them.
 */

#define MAX_DOCUMENTS 4096
#define MAX_ALL ((size_t)512 << 20)
#define MAX_LINES ((size_t)1 << 30)
#define MAX_ITEMS ((size_t)8 << 20)
#define MICROSECONDS 1000000
#define LINE_MAX_LEN 8192

struct said {
    uint8_t hash[32];
    enum ov_reputation reputation;
    char family[OV_INTEL_NAME_MAX + 1];
};

struct documents {
    struct ov_buf all;
    size_t ends[MAX_DOCUMENTS]; /* of each in all */
    size_t n;
    struct ov_intel_options options;
    /* in the jail */
    struct said *said;
    size_t n_said;
    size_t room;
    struct ov_intel_left_out left_out;
};

static bool is_document(const char *name)
{
    return ov_span_ends(ov_span_str(name), OV_SPAN_LIT(".json"));
}

bool verdict_documents_are(const char *path)
{
    struct stat st;

    return is_document(path) || (stat(path, &st) == 0 && S_ISDIR(st.st_mode));
}

/* ---- in the jail ---- */

static void skip_item(void *data, enum ov_intel_skip why, struct ov_span id)
{
    ov_intel_left_out_add(&((struct documents *)data)->left_out, why, id);
}

static enum ov_status make_room(struct documents *d)
{
    size_t room = d->room == 0 ? 1024 : 2 * d->room;
    struct said *more;

    if (d->n_said < d->room)
        return OV_OK;
    if (room > MAX_ITEMS)
        return OV_LIMIT_SIZE;
    more = ov_realloc_array(d->said, room, sizeof(*more));
    if (more == NULL)
        return OV_NO_MEMORY;
    d->said = more;
    d->room = room;
    return OV_OK;
}

static enum ov_status take_item(void *data, const struct ov_intel_item *item)
{
    OV_AUTO_DONE(buf) name = ov_buf_with_max(OV_INTEL_NAME_MAX + 1);
    struct documents *d = data;
    struct said *s;

    if (item->kind != OV_SHA256) {
        ov_intel_left_out_add(&d->left_out, OV_INTEL_LEFT_OUT_OWN, item->id);
        return OV_OK;
    }
    OV_TRY(make_room(d));
    s = &d->said[d->n_said];
    *s = (struct said){.reputation = item->reputation};
    memcpy(s->hash, item->digest, sizeof(s->hash));
    if (item->name.len > 0) {
        ov_put_intel_name(&name, item->name);
        ov_put_u8(&name, 0);
        OV_TRY(ov_buf_status(&name));
        memcpy(s->family, name.ptr, name.len);
    }
    d->n_said++;
    return OV_OK;
}

static unsigned rank_of(enum ov_reputation r)
{
    return r == OV_REPUTATION_MALICIOUS    ? 0
           : r == OV_REPUTATION_SUSPICIOUS ? 1
           : r == OV_REPUTATION_UNWANTED   ? 2
                                           : 3;
}

static int compare_said(const void *a, const void *b)
{
    const struct said *left = a;
    const struct said *right = b;
    int order = memcmp(left->hash, right->hash, sizeof(left->hash));

    if (order != 0)
        return order;
    if (left->reputation != right->reputation)
        return rank_of(left->reputation) < rank_of(right->reputation) ? -1 : 1;
    return strcmp(left->family, right->family);
}

static void put_lines(const struct documents *d, struct ov_buf *out)
{
    for (size_t i = 0; i < d->n_said; i++) {
        const struct said *s = &d->said[i];

        if (i > 0 && memcmp(s[-1].hash, s->hash, sizeof(s->hash)) == 0)
            continue;
        ov_put_hex(out, ov_span_of(s->hash, sizeof(s->hash)));
        ov_put_format(out, " %s%s%s\n", ov_reputation_name(s->reputation),
                      s->family[0] != '\0' ? " " : "", s->family);
    }
}

static void tell_left_out(const struct documents *d)
{
    for (unsigned i = 0; i < OV_N_INTEL_LEFT_OUT; i++) {
        OV_AUTO_DONE(buf) line = ov_buf_with_max(LINE_MAX_LEN);

        if (ov_intel_left_out_put(&d->left_out, i, &line))
            (void)cloud_say("%.*s", (int)line.len, (const char *)line.ptr);
    }
}

static enum ov_status read_all(struct documents *d, struct ov_arena *arena)
{
    const struct ov_intel_sink sink = {take_item, skip_item, d};
    struct ov_intel_import *import = ov_intel_import_new(arena, &d->options);
    size_t at = 0;

    if (import == NULL)
        return OV_NO_MEMORY;
    for (size_t i = 0; i < d->n; i++) {
        struct ov_span one =
            ov_span_clip(ov_buf_span(&d->all), at, d->ends[i] - at);

        at = d->ends[i];
        OV_TRY(ov_intel_import_add(import, one));
    }
    ov_intel_left_out_init(&d->left_out, "other hashes than SHA-256");
    return ov_intel_import_run(import, &sink);
}

static int work(void *data, struct ov_buf *out)
{
    OV_AUTO(arena) arena = ov_arena_new((size_t)4 << 30);
    struct documents *d = data;
    enum ov_status s = arena != NULL ? read_all(d, arena) : OV_NO_MEMORY;

    if (s != OV_OK)
        return cloud_say("documents: %s", ov_status_name(s));
    if (d->n_said > 0)
        qsort(d->said, d->n_said, sizeof(*d->said), compare_said);
    put_lines(d, out);
    tell_left_out(d);
    return 0; /* the process ends, and its memory with it */
}

/* ---- outside ---- */

static bool add_file(struct documents *d, const char *path)
{
    enum ov_status s;

    if (d->n == MAX_DOCUMENTS)
        return cloud_say("%s: more than %d documents", path, MAX_DOCUMENTS) ==
               CLOUD_OK;
    s = ov_file_read(path, &d->all);
    if (s != OV_OK)
        return cloud_say("%s: %s", path, ov_status_name(s)) == CLOUD_OK;
    d->ends[d->n++] = d->all.len;
    return true;
}

struct name {
    char text[NAME_MAX + 1];
};

static int compare_names(const void *a, const void *b)
{
    return strcmp(((const struct name *)a)->text,
                  ((const struct name *)b)->text);
}

/* The documents' names; more than MAX_DOCUMENTS are not all there. */
static size_t list_folder(DIR *folder, struct name *names)
{
    const struct dirent *e;
    size_t n = 0;

    while (n <= MAX_DOCUMENTS && (e = readdir(folder)) != NULL) {
        if (is_document(e->d_name))
            (void)snprintf(names[n++].text, sizeof(names->text), "%s",
                           e->d_name);
    }
    if (n > 0)
        qsort(names, n, sizeof(*names), compare_names);
    return n;
}

static bool add_folder(struct documents *d, const char *path)
{
    OV_AUTO_PTR struct name *names =
        ov_alloc_array(MAX_DOCUMENTS + 1, sizeof(*names));
    DIR *folder = opendir(path);
    bool ok = names != NULL && folder != NULL;
    size_t n = ok ? list_folder(folder, names) : 0;

    if (!ok)
        (void)cloud_say("%s: %s", path, strerror(errno));
    if (folder != NULL)
        (void)closedir(folder);
    for (size_t i = 0; ok && i < n; i++) {
        char file[CLOUD_PATH_MAX];
        int len = snprintf(file, sizeof(file), "%s/%s", path, names[i].text);

        ok = len > 0 && (size_t)len < sizeof(file) && add_file(d, file);
    }
    return ok;
}

static bool put_source(const struct documents *d, const char *path,
                       struct ov_buf *why)
{
    struct ov_blob blob;

    if (ov_blob_of(ov_buf_span(&d->all), &blob) != OV_OK)
        return cloud_say("out of memory") == CLOUD_OK;
    ov_put_str(why, why->len > 0 ? " (" : "(");
    ov_put_span(why, ov_span_clip(ov_span_str(path), 0, 200));
    ov_put_u8(why, ' ');
    ov_put_blob(why, &blob);
    ov_put_u8(why, ')');
    return ov_buf_status(why) == OV_OK ||
           cloud_say("--why is too long") == CLOUD_OK;
}

static bool read_tlp(const struct cloud *c, enum ov_tlp *ret)
{
    const char *level = cloud_option(c, "tlp");

    *ret = OV_TLP_CLEAR;
    return level == NULL || ov_tlp_parse(ov_span_str(level), ret) ||
           cloud_say("--tlp %s: clear, green, amber, amber+strict or red",
                     level) == CLOUD_OK;
}

static bool read_documents(struct documents *d, const char *path,
                           struct ov_buf *lines)
{
    struct ov_diag diag = {0};
    struct stat st;

    if (stat(path, &st) != 0)
        return cloud_say("%s: %s", path, strerror(errno)) == CLOUD_OK;
    if (!(S_ISDIR(st.st_mode) ? add_folder(d, path) : add_file(d, path)))
        return false;
    return ov_jailed_run(OV_PROFILE_JUDGE, work, d, lines, &diag) == OV_OK ||
           cloud_say("%s: %s", path, diag.text) == CLOUD_OK;
}

bool verdict_documents_read(const struct cloud *c, const char *path,
                            struct ov_buf *lines, struct ov_buf *why)
{
    struct documents *d = ov_alloc(sizeof(*d));
    bool ok;

    if (d == NULL)
        return cloud_say("out of memory") == CLOUD_OK;
    d->all = ov_buf_with_max(MAX_ALL);
    d->options.now = c->now * MICROSECONDS;
    *lines = ov_buf_with_max(MAX_LINES);
    ok = read_tlp(c, &d->options.most) && read_documents(d, path, lines) &&
         put_source(d, path, why);
    ov_buf_done(&d->all);
    ov_free(d);
    return ok;
}
