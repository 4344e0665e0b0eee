/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "control/control_store.h"
#include "control/receipts_page.h"
#include "crypto/digest.h"
#include "log/note.h"
#include "log_act.h"
#include "pending_act.h"
#include "region_files.h"
#include "sys/file.h"
#include "trust/entry.h"

/*
 * What of the regions is in the public log.
 *
 * overt-cloud keys DIR FILE: a manifest that people have signed and the log has
 * taken (overt-publish regions) goes into the tree, where clients find it.
 * overt-cloud log-submissions DIR REGION-DIR: the root of a region's receipts
 * goes into the log, signed by builders; the region's service then proves from
 * there what it has taken. If it is interrupted, the same command again may
 * tell the log the same twice, which does no harm.
 */

#define MAX_FILE ((size_t)1 << 20)
#define ARENA ((size_t)4 << 20)

static bool read_file(const char *path, struct ov_buf *ret)
{
    enum ov_status status = ov_file_read(path, ret);

    if (status != OV_OK)
        (void)cloud_say("%s: %s", path, ov_status_name(status));
    return status == OV_OK;
}

/* -- keys -- */

/* Mistakes of who calls; whether it is to be believed is the clients' to say.
 */
static bool check_entry(struct ov_arena *a, struct ov_span text,
                        struct ov_span note, uint64_t *ret_version)
{
    struct ov_note *n = ov_arena_alloc(a, sizeof(*n));
    struct ov_entry *e = ov_arena_alloc(a, sizeof(*e));
    struct ov_diag diag = {.text = ""};
    struct ov_key_manifest m;
    uint8_t digest[OV_DIGEST_MAX];
    uint8_t said[32];
    uint64_t version;

    if (n == NULL || e == NULL || ov_digest(OV_SHA256, text, digest) != OV_OK)
        return false;
    if (ov_key_manifest_parse(a, text, &m, &diag) != OV_OK) {
        (void)cloud_say("%u: %s", diag.line, diag.text);
        return false;
    }
    if (ov_note_parse(a, note, n) != OV_OK ||
        ov_entry_parse(n->text, e, NULL) != OV_OK ||
        e->type != OV_ENTRY_KEY_MANIFEST ||
        !ov_entry_digest(e, "file", said, NULL) ||
        !ov_entry_number(e, "version", &version) ||
        memcmp(said, digest, sizeof(said)) != 0 || version != m.version) {
        (void)cloud_say("the entry is not this manifest's");
        return false;
    }
    *ret_version = m.version;
    return true;
}

static bool put_keys(struct cloud *c, const struct ov_buf files[static 3])
{
    const struct ov_span spans[3] = {
        ov_buf_span(&files[0]), ov_buf_span(&files[1]), ov_buf_span(&files[2])};
    OV_AUTO(arena) a = ov_arena_new(ARENA);
    uint64_t version;
    uint64_t have;

    if (a == NULL || !check_entry(a, spans[0], spans[1], &version) ||
        !head_keys(c, &have))
        return false;
    if (version <= have) {
        (void)cloud_say("the tree has version %llu", (unsigned long long)have);
        return false;
    }
    return tree_put_keys(c, version, spans);
}

int cmd_keys(struct cloud *c)
{
    static const char *const suffixes[3] = {"", ".entry", ".proof"};
    struct ov_buf files[3];
    bool ok = c->n_words == 2;
    char path[CLOUD_PATH_MAX];

    if (!ok)
        return cloud_say("say the cloud's folder and the manifest's file");
    for (size_t i = 0; i < 3; i++) {
        files[i] = ov_buf_with_max(MAX_FILE);
        ok = ok &&
             snprintf(path, sizeof(path), "%s%s", c->words[1], suffixes[i]) <
                 (int)sizeof(path) &&
             read_file(path, &files[i]);
    }
    ok = ok && cloud_open(c, 0) && cloud_lock(c) && pending_finish(c) &&
         put_keys(c, files);
    for (size_t i = 0; i < 3; i++)
        ov_buf_done(&files[i]);
    return ok ? CLOUD_OK : CLOUD_FAILED;
}

/* -- log-submissions -- */

struct telling {
    struct cloud *c;
    const char *folder; /* of the region */
    char region[OV_REGION_MAX + 1];
    uint64_t size;
    uint8_t root[32];
};

static bool read_root(struct telling *t)
{
    struct cloud of_region = *t->c;
    OV_AUTO(arena) a = ov_arena_new(ARENA);
    __attribute__((cleanup(region_files_done))) struct region_files r = {
        .keys = NULL};
    AUTO_CONTROL_STORE store = NULL;
    const char *where = cloud_option(t->c, "store");
    struct ov_diag diag = {.text = ""};
    char path[CLOUD_PATH_MAX];

    of_region.dir = t->folder;
    if (a == NULL || !region_read(&of_region, a, &r) ||
        !cloud_path(&of_region, path, "state/store.db"))
        return false;
    memcpy(t->region, r.keys->region, sizeof(t->region));
    if (control_store_open(where != NULL ? where : path, t->region, &store,
                           &diag) == OV_OK &&
        receipts_root(store, &t->size, t->root, &diag) == OV_OK)
        return true;
    (void)cloud_say("%s", diag.text);
    return false;
}

static bool put_in(const struct telling *t, const char *suffix,
                   struct ov_span bytes, char ret[static CLOUD_PATH_MAX])
{
    struct ov_diag diag = {.text = ""};

    if (snprintf(ret, CLOUD_PATH_MAX, "%s/state/logged/%llu%s", t->folder,
                 (unsigned long long)t->size, suffix) >= CLOUD_PATH_MAX)
        return false;
    ov_folders_make(ret);
    if (ov_file_replace(ret, bytes, 0644, &diag) == OV_OK)
        return true;
    (void)cloud_say("%s", diag.text);
    return false;
}

/* The service looks there for the newest size: it is the last to be written. */
static bool name_newest(const struct telling *t)
{
    OV_AUTO_DONE(buf) text = ov_buf_with_max(64);
    struct ov_diag diag = {.text = ""};
    char path[CLOUD_PATH_MAX];

    ov_put_format(&text, "%llu\n", (unsigned long long)t->size);
    if (snprintf(path, sizeof(path), "%s/state/logged/newest", t->folder) <
            (int)sizeof(path) &&
        ov_buf_status(&text) == OV_OK &&
        ov_file_replace(path, ov_buf_span(&text), 0644, &diag) == OV_OK)
        return true;
    (void)cloud_say("%s", diag.text);
    return false;
}

static bool tell_log(const struct telling *t)
{
    OV_AUTO_DONE(buf) text = ov_buf_with_max(OV_ENTRY_MAX);
    OV_AUTO_DONE(buf) note = ov_buf_with_max(OV_ENTRY_MAX);
    OV_AUTO_DONE(buf) proof = ov_buf_with_max(MAX_FILE);
    char path[CLOUD_PATH_MAX];

    ov_put_entry_head(&text, t->c->name, OV_ENTRY_SUBMISSIONS);
    ov_put_entry_line(&text, "region", "%s", t->region);
    ov_put_entry_line(&text, "size", "%llu", (unsigned long long)t->size);
    ov_put_str(&text, "root ");
    ov_put_hex(&text, ov_span_of(t->root, sizeof(t->root)));
    ov_put_str(&text, "\ntime ");
    ov_put_time(&text, t->c->now);
    ov_put_u8(&text, '\n');
    return ov_buf_status(&text) == OV_OK &&
           sign_entry(t->c, ov_buf_span(&text), &note) &&
           put_in(t, ".entry", ov_buf_span(&note), path) &&
           log_note(t->c, path, ov_buf_span(&note), &proof) &&
           put_in(t, ".proof", ov_buf_span(&proof), path) && name_newest(t);
}

static bool is_told(const struct telling *t)
{
    OV_AUTO_DONE(buf) text = ov_buf_with_max(MAX_FILE);
    char path[CLOUD_PATH_MAX];
    struct ov_span all;
    struct ov_span line;
    uint64_t size;

    if (snprintf(path, sizeof(path), "%s/state/logged/newest", t->folder) >=
            (int)sizeof(path) ||
        ov_file_read(path, &text) != OV_OK)
        return false;
    all = ov_buf_span(&text);
    return ov_span_cut(&all, '\n', &line) &&
           ov_parse_uint(line, UINT64_MAX, &size) && size == t->size;
}

int cmd_log_submissions(struct cloud *c)
{
    struct telling t = {.c = c};

    if (c->n_words != 2)
        return cloud_say("say the cloud's folder and the region's");
    t.folder = c->words[1];
    c->also = c->words[1];
    if (!cloud_open(c, 0) || !cloud_lock(c) || !read_root(&t))
        return CLOUD_FAILED;
    if (t.size == 0 || is_told(&t)) {
        (void)printf("region %s: nothing has changed\n", t.region);
        return CLOUD_OK;
    }
    if (!tell_log(&t))
        return CLOUD_FAILED;
    (void)printf("region %s: %llu receipts are in the log\n", t.region,
                 (unsigned long long)t.size);
    return CLOUD_OK;
}
