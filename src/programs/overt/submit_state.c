/* SPDX-License-Identifier: Apache-2.0 */
#include "submit_state.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>

#include "base/text.h"
#include "sys/file.h"

/* The owner's own records: nobody but programs of this machine and its owner
 * write here, so receipts are read without their signatures. */

#define FOLDER "submissions"
#define AGREED "rules-agreed"
#define DAY 86400
#define MAX_AGREED ((size_t)1 << 20)
#define READ_MAX ((size_t)512 << 10) /* ov_file_read wants room */

static enum ov_status put_path(struct ov_buf *b, const char *state,
                               struct ov_span name, const char *suffix)
{
    ov_put_str(b, state);
    ov_put_str(b, "/" FOLDER "/");
    ov_put_span(b, name);
    ov_put_str(b, suffix);
    ov_put_u8(b, 0);
    return ov_buf_status(b);
}

static enum ov_status read_one(const char *state, struct ov_span name,
                               const char *suffix, struct ov_buf *into)
{
    OV_AUTO_DONE(buf) path = ov_buf_with_max(PATH_MAX);

    OV_TRY(put_path(&path, state, name, suffix));
    return ov_file_read((const char *)path.ptr, into);
}

enum ov_status submit_state_keep(const char *state,
                                 const uint8_t name[static OV_ENVELOPE_NAME],
                                 const char *suffix, struct ov_span content,
                                 struct ov_diag *diag)
{
    OV_AUTO_DONE(buf) path = ov_buf_with_max(PATH_MAX);
    OV_AUTO_DONE(buf) hex = ov_buf_with_max(64);

    ov_put_hex(&hex, ov_span_of(name, OV_ENVELOPE_NAME));
    OV_TRY(ov_buf_status(&hex));
    OV_TRY(put_path(&path, state, ov_buf_span(&hex), suffix));
    ov_folders_make((const char *)path.ptr);
    return ov_file_replace((const char *)path.ptr, content, 0600, diag);
}

enum ov_status submit_state_list(const char *state,
                                 void (*show)(void *data, struct ov_span name,
                                              struct ov_span note,
                                              struct ov_span receipt,
                                              struct ov_span deletion),
                                 void *data)
{
    OV_AUTO_DONE(buf) path = ov_buf_with_max(PATH_MAX);
    enum ov_status status = OV_OK;
    const struct dirent *e;
    DIR *folder;

    OV_TRY(put_path(&path, state, ov_span_of(NULL, 0), ""));
    folder = opendir((const char *)path.ptr);
    if (folder == NULL)
        return errno == ENOENT ? OV_OK : OV_IO;
    while (status == OV_OK && (e = readdir(folder)) != NULL) {
        OV_AUTO_DONE(buf) note = ov_buf_with_max(READ_MAX);
        OV_AUTO_DONE(buf) receipt = ov_buf_with_max(READ_MAX);
        OV_AUTO_DONE(buf) deletion = ov_buf_with_max(READ_MAX);
        struct ov_span name = ov_span_str(e->d_name);

        if (!ov_span_ends(name, OV_SPAN_LIT(".note")))
            continue;
        name = ov_span_clip(name, 0, name.len - 5);
        status = read_one(state, name, ".note", &note);
        if (status == OV_OK) /* sent, and no answer came */
            (void)!read_one(state, name, ".receipt", &receipt);
        (void)!read_one(state, name, ".deletion", &deletion);
        if (status == OV_OK)
            show(data, name, ov_buf_span(&note), ov_buf_span(&receipt),
                 ov_buf_span(&deletion));
    }
    (void)closedir(folder); /* it was only read */
    return status;
}

struct today {
    uint64_t day;
    uint64_t count;
    uint64_t bytes;
};

/* The text of a note, without its signatures. */
static struct ov_span text_of(struct ov_span note)
{
    size_t end = ov_span_find(note, OV_SPAN_LIT("\n\n"), 0);

    return ov_span_clip(note, 0, end == SIZE_MAX ? note.len : end + 1);
}

static void count_one(void *data, struct ov_span name, struct ov_span note,
                      struct ov_span receipt, struct ov_span deletion)
{
    struct today *t = data;
    struct ov_receipt r;
    struct ov_sample_note n;

    (void)name;
    (void)deletion;
    if (ov_receipt_parse(text_of(receipt), &r, NULL) != OV_OK ||
        r.time / DAY != t->day)
        return;
    t->count++;
    if (ov_sample_note_parse(note, &n, NULL) == OV_OK)
        t->bytes += n.size;
}

enum ov_status submit_state_today(const char *state, uint64_t now,
                                  uint64_t *ret_count, uint64_t *ret_bytes,
                                  struct ov_diag *diag)
{
    struct today t = {.day = now / DAY};

    if (submit_state_list(state, count_one, &t) != OV_OK)
        return ov_diag_set(diag, OV_IO, 0,
                           "cannot read what was submitted before");
    *ret_count = t.count;
    *ret_bytes = t.bytes;
    return OV_OK;
}

struct wanted {
    const char *state;
    enum ov_envelope_purpose purpose;
    const uint8_t *digest;
    bool is_found;
};

/* NAME.purpose is there only for what is no sample. */
static bool has_purpose(const struct wanted *w, struct ov_span name)
{
    OV_AUTO_DONE(buf) word = ov_buf_with_max(READ_MAX);

    if (read_one(w->state, name, ".purpose", &word) != OV_OK)
        return w->purpose == OV_PURPOSE_SAMPLE;
    return ov_span_starts(ov_buf_span(&word),
                          ov_span_str(ov_purpose_name(w->purpose)));
}

static void compare_one(void *data, struct ov_span name, struct ov_span note,
                        struct ov_span receipt, struct ov_span deletion)
{
    struct wanted *w = data;
    struct ov_sample_note n;

    if (receipt.len > 0 && deletion.len == 0 &&
        ov_sample_note_parse(note, &n, NULL) == OV_OK &&
        memcmp(n.digest, w->digest, sizeof(n.digest)) == 0 &&
        has_purpose(w, name))
        w->is_found = true;
}

bool submit_state_has(const char *state, enum ov_envelope_purpose purpose,
                      const uint8_t digest[static 32])
{
    struct wanted w = {.state = state, .purpose = purpose, .digest = digest};

    return submit_state_list(state, compare_one, &w) == OV_OK && w.is_found;
}

bool submit_state_is_agreed(const char *state, struct ov_span rule)
{
    OV_AUTO_DONE(buf) all = ov_buf_with_max(MAX_AGREED);
    struct ov_span rest;
    struct ov_span line;

    if (rule.len <= 1 ||
        read_one(state, OV_SPAN_LIT(AGREED), "", &all) != OV_OK)
        return false;
    rest = ov_buf_span(&all);
    while (rest.len > 0) {
        (void)ov_span_cut(&rest, '\n', &line);
        if (ov_span_equal(line, rule))
            return true;
    }
    return false;
}

enum ov_status submit_state_agree(const char *state, struct ov_span rule,
                                  struct ov_diag *diag)
{
    OV_AUTO_DONE(buf) all = ov_buf_with_max(MAX_AGREED);
    OV_AUTO_DONE(buf) path = ov_buf_with_max(PATH_MAX);
    enum ov_status status = read_one(state, OV_SPAN_LIT(AGREED), "", &all);

    if (status != OV_OK && status != OV_NOT_FOUND)
        return ov_diag_set(diag, status, 0, "cannot read " AGREED);
    ov_put_span(&all, rule);
    ov_put_u8(&all, '\n');
    OV_TRY(ov_buf_status(&all));
    OV_TRY(put_path(&path, state, OV_SPAN_LIT(AGREED), ""));
    ov_folders_make((const char *)path.ptr);
    return ov_file_replace((const char *)path.ptr, ov_buf_span(&all), 0600,
                           diag);
}
