/* SPDX-License-Identifier: Apache-2.0 */
#include "submit_trust.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "crypto/digest.h"
#include "host/cloud_ask.h"
#include "host/cloud_settings.h"
#include "host/outbound_log.h"
#include "submit_state.h"
#include "sys/fd.h"
#include "sys/file.h"
#include "trust/entry.h"

/* The judge reads the files by itself, as a mirror's; what it has believed is
 * compared by digest with what is used here. */

#define PINNED "submissions/region"
#define ARGUMENT_MAX 512

/* ---- the manifest ---- */

/* "FOLDER" and "NAME" of a path; FOLDER has room for it. */
static const char *split(const char *path, char folder[static PATH_MAX])
{
    const char *slash = strrchr(path, '/');
    int len = slash == NULL ? 0 : (int)(slash - path);

    if (slash == NULL)
        (void)snprintf(folder, PATH_MAX, "."); /* has room */
    else if (snprintf(folder, PATH_MAX, "%.*s", len > 0 ? len : 1, path) >=
             PATH_MAX)
        return NULL;
    return slash == NULL ? path : slash + 1;
}

static bool is_same(const struct cloud_said *said, struct ov_span text)
{
    uint8_t have[OV_DIGEST_MAX];
    uint8_t want[OV_DIGEST_MAX];

    return ov_hex_decode(cloud_said_value(said, "sha256"), want, 32) &&
           ov_digest(OV_SHA256, text, have) == OV_OK &&
           memcmp(have, want, 32) == 0;
}

bool submit_manifest_is_logged(const struct submit_trust *t,
                               struct ov_span text)
{
    char folder[PATH_MAX];
    const char *name = split(t->manifest, folder);
    const struct setting_list places = {.items = {folder}, .n = 1};
    OV_AUTO_PTR struct cloud_said *said = ov_alloc(sizeof(*said));
    struct cloud_ask *ask = NULL;
    struct ov_diag diag = {.text = ""};
    bool ok =
        said != NULL && name != NULL &&
        cloud_ask_new(t->state, &places, "overt submit", t->spawn_flags, &ask);

    if (!ok)
        return false;
    if (cloud_ask_run(ask, OV_TRUST_CLOUD_KEYS, name, said, &diag) != OV_OK) {
        out_error("submit: %s: %s", t->manifest, diag.text);
        ok = false;
    } else if (said->status != OV_OK) {
        struct ov_span words = cloud_said_value(said, "words");

        out_error("submit: the log does not vouch for %s, so nothing is sealed "
                  "to its keys: %.*s",
                  t->manifest, (int)words.len, (const char *)words.ptr);
        ok = false;
    } else if (!is_same(said, text)) {
        out_error("submit: %s: changed meanwhile", t->manifest);
        ok = false;
    }
    cloud_ask_free(ask);
    return ok;
}

/* ---- whether anything may go ---- */

bool submit_has_publisher(const char *state)
{
    OV_AUTO_DONE(buf) path = ov_buf_with_max(PATH_MAX);
    OV_AUTO_FD fd = -1;

    ov_put_format(&path, "%s/trust/policy", state);
    ov_put_u8(&path, 0);
    if (ov_buf_status(&path) == OV_OK)
        fd = open((char *)path.ptr, O_RDONLY | O_CLOEXEC);
    if (fd >= 0)
        return true;
    out_error("submit: no publisher is trusted here yet, so nobody vouches for "
              "the regions' keys; overt update --root FILE comes first");
    return false;
}

/* Whoever chose a mode of the cloud has read what it sends: only one of them
 * says that files may be submitted. */
bool submit_is_allowed(const char *state)
{
    struct cloud_settings settings;
    enum cloud_mode mode;

    if (!cloud_settings_load(&settings))
        return false;
    mode = cloud_mode_of(&settings, state);
    if (mode == CLOUD_CONTRIBUTE)
        return true;
    out_error("submit: nothing is submitted in the cloud's mode \"%s\"; "
              "\"overt cloud mode contribute\" says what that sends, and sets "
              "it (or \"mode = contribute\" in [cloud] of overt.conf)",
              cloud_mode_word(mode));
    return false;
}

/* ---- the region ---- */

static bool note_region(const struct submit_trust *t, const char *path,
                        struct ov_span old, const char *region)
{
    struct outbound_log *log = NULL;
    struct outbound_line l;
    struct ov_diag diag = {.text = ""};
    enum ov_status status =
        outbound_log_open(t->state, "overt submit", &log, &diag);

    if (status == OV_OK) {
        outbound_begin(&l, OUTBOUND_SETTING);
        l.name = OV_SPAN_LIT("submission region");
        l.old = old.len > 0 ? old : OV_SPAN_LIT("none");
        l.text = ov_span_str(region);
        status = outbound_log_add(log, &l, &diag);
        outbound_log_close(log);
    }
    ov_folders_make(path);
    if (status == OV_OK)
        status = ov_file_replace(path, ov_span_str(region), 0600, &diag);
    if (status != OV_OK)
        out_error("submit: %s: %s", path, diag.text);
    return status == OV_OK;
}

bool submit_region_is_ours(const struct submit_trust *t, const char *region,
                           bool may_change)
{
    OV_AUTO_DONE(buf) old = ov_buf_with_max((size_t)1 << 20);
    char path[PATH_MAX];
    enum ov_status status;

    if (snprintf(path, sizeof(path), "%s/" PINNED, t->state) >=
        (int)sizeof(path))
        return false;
    status = ov_file_read(path, &old);
    if (status != OV_OK && status != OV_NOT_FOUND) {
        out_error("submit: %s: %s", path, ov_status_name(status));
        return false;
    }
    if (ov_span_equal(ov_buf_span(&old), ov_span_str(region)))
        return true;
    if (old.len == 0 || may_change)
        return note_region(t, path, ov_buf_span(&old), region);
    out_error("submit: this machine submits to region %.*s; --change-region "
              "makes it %s, and the ledger tells",
              (int)old.len, (const char *)old.ptr, region);
    return false;
}

/* ---- receipts ---- */

struct looking {
    const struct submit_trust *t;
    const char *region;
    const char *keys; /* the manifest's name on the first mirror */
    struct cloud_ask *ask;
    struct out *out;
    unsigned n_bad;
};

static void print_place(struct out *o, const struct cloud_said *said)
{
    uint64_t size = cloud_said_number(said, "size");

    if (size == 0) {
        out_format(o, "its region has told the log nothing yet\n");
        return;
    }
    if (cloud_said_number(said, "logged") == 1)
        out_format(o, "is %llu of the %llu",
                   (unsigned long long)cloud_said_number(said, "index"),
                   (unsigned long long)size);
    else
        out_format(o, "came later than the %llu", (unsigned long long)size);
    out_format(o, " that the log has since ");
    ov_put_time(&o->text, cloud_said_number(said, "time"));
    out_format(o, "\n");
}

static void look_up(struct looking *k, struct ov_span name, const char *suffix)
{
    OV_AUTO_PTR struct cloud_said *said = ov_alloc(sizeof(*said));
    char argument[ARGUMENT_MAX];
    struct ov_diag diag = {.text = ""};
    enum ov_status status = OV_USAGE;

    if (said != NULL && snprintf(argument, sizeof(argument), "%s %.*s%s",
                                 k->keys, (int)name.len, (const char *)name.ptr,
                                 suffix) < (int)sizeof(argument))
        status = cloud_ask_run(k->ask, OV_TRUST_CLOUD_RECEIPT, argument, said,
                               &diag);
    out_escaped(k->out, name);
    out_format(k->out, "%s  ", suffix);
    if (status == OV_OK && said->status == OV_OK) {
        print_place(k->out, said);
        return;
    }
    k->n_bad++;
    if (status != OV_OK)
        out_escaped(k->out, ov_span_str(diag.text));
    else
        out_escaped(k->out, cloud_said_value(said, "words"));
    out_format(k->out, "\n");
}

static bool is_of_region(struct ov_span note, const char *region)
{
    size_t end = ov_span_find(note, OV_SPAN_LIT("\n\n"), 0);
    struct ov_receipt r;

    return end != SIZE_MAX &&
           ov_receipt_parse(ov_span_clip(note, 0, end + 1), &r, NULL) ==
               OV_OK &&
           strcmp(r.region, region) == 0;
}

static void look_up_one(void *data, struct ov_span name, struct ov_span note,
                        struct ov_span receipt, struct ov_span deletion)
{
    struct looking *k = data;

    (void)note;
    if (is_of_region(receipt, k->region))
        look_up(k, name, ".receipt");
    if (is_of_region(deletion, k->region))
        look_up(k, name, ".deletion");
}

bool submit_receipts_check(const struct submit_trust *t, const char *region,
                           const char *endpoint, struct out *out,
                           unsigned *ret_bad)
{
    char folder[PATH_MAX];
    OV_AUTO_DONE(buf) receipts = ov_buf_with_max(PATH_MAX);
    struct looking k = {.t = t,
                        .region = region,
                        .keys = split(t->manifest, folder),
                        .out = out};
    struct setting_list places = {.items = {folder, NULL, endpoint}, .n = 3};
    bool ok;

    ov_put_format(&receipts, "%s/submissions", t->state);
    ov_put_u8(&receipts, 0);

    if (k.keys == NULL || ov_buf_status(&receipts) != OV_OK)
        return false;
    places.items[1] = (const char *)receipts.ptr;
    if (!cloud_ask_new(t->state, &places, "overt submit --check",
                       t->spawn_flags, &k.ask))
        return false;
    ok = submit_state_list(t->state, look_up_one, &k) == OV_OK;
    cloud_ask_free(k.ask);
    *ret_bad = k.n_bad;
    return ok;
}
