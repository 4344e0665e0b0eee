/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "base/text.h"
#include "center.h"
#include "sys/file.h"

/* The way of a client (docs/protocol-update.md, steps 3 to 5 and 8), but from a
 * folder: from the first root by TUF's metadata to the policy, the people and
 * the limits, and by the policy to the checkpoint. The site is made of nothing
 * that is not on that way.
 *
 * Limit: that these files are logged is not looked at here. Browsers and
 * overt-monitor do. */

#define MAX_AGE 86400

static enum ov_status get(void *data, const char *name, size_t max,
                          struct ov_buf *ret)
{
    char path[512];
    OV_AUTO_DONE(buf) bytes = ov_buf_with_max(max);
    int n = snprintf(path, sizeof(path), "metadata/%s", name);

    if (n < 0 || (size_t)n >= sizeof(path))
        return OV_NOT_FOUND;
    OV_TRY(site_read(data, path, &bytes, NULL));
    ov_put_span(ret, ov_buf_span(&bytes));
    return ov_buf_status(ret);
}

static enum ov_status state_get(void *data, const char *name,
                                struct ov_buf *ret)
{
    const struct site *s = data;

    return ov_tuf_memory_get(&s->kept, name, ret);
}

static enum ov_status state_put(void *data, const char *name,
                                struct ov_span bytes)
{
    struct site *s = data;

    return ov_tuf_memory_put(&s->kept, name, bytes);
}

static enum ov_status state_remove(void *data, const char *name)
{
    struct site *s = data;

    ov_tuf_memory_remove(&s->kept, name);
    return OV_OK;
}

static enum ov_status read_first_root(struct site *s, struct ov_diag *diag)
{
    enum ov_status status;

    s->first_root = ov_buf_with_max(SITE_MAX_METADATA);
    if (s->root == NULL)
        return site_read(s, "first/1.root.json", &s->first_root, diag);
    status = ov_file_read(s->root, &s->first_root);
    return status == OV_OK ? OV_OK
                           : ov_diag_set(diag, status, 0, "%s: %s", s->root,
                                         ov_status_name(status));
}

/* Metadata that has run out is shown as such, so that a site can be made of
 * what a publisher has left behind: then time stands still for it. */
static enum ov_status read_metadata(struct site *s, struct ov_diag *diag)
{
    static const struct ov_tuf_io shape = {.get = get,
                                           .state_get = state_get,
                                           .state_put = state_put,
                                           .state_remove = state_remove};
    struct ov_tuf_io *io = ov_arena_alloc(s->arena, sizeof(*io));
    enum ov_status status;

    if (io == NULL)
        return OV_NO_MEMORY;
    *io = shape;
    io->data = s;
    OV_TRY(state_put(s, "root.json", ov_buf_span(&s->first_root)));
    status = ov_tuf_update(io, (int64_t)s->now, NULL, diag, &s->client);
    if (status != OV_EXPIRED)
        return status;
    site_problem(s, "expired", diag->text);
    return ov_tuf_update(io, 1, NULL, diag, &s->client);
}

static enum ov_status read_target(struct site *s, const char *path,
                                  struct ov_buf *into, struct ov_diag *diag)
{
    OV_AUTO_DONE(buf) place = ov_buf_with_max(SITE_PATH_MAX);
    struct ov_tuf_target target;
    struct ov_tuf_file file = {.has_sha256 = true};
    enum ov_status status =
        ov_tuf_find_target(s->client, ov_span_str(path), diag, &target);

    *into = ov_buf_with_max(SITE_MAX_METADATA);
    if (status != OV_OK)
        return ov_diag_set(diag, status, 0, "target %s: %s", path,
                           ov_status_name(status));
    ov_put_str(&place, "targets/");
    ov_put_tuf_target_url(&place, s->client, ov_span_str(path), target.sha256);
    ov_put_u8(&place, 0);
    OV_TRY(ov_buf_status(&place));
    OV_TRY(site_read(s, (const char *)place.ptr, into, diag));
    file.length = target.length;
    memcpy(file.sha256, target.sha256, sizeof(file.sha256));
    status = ov_tuf_check_file(&file, ov_buf_span(into));
    return status == OV_OK ? OV_OK
                           : ov_diag_set(diag, status, 0,
                                         "target %s is another file", path);
}

static void read_limits(struct site *s)
{
    struct ov_span left = ov_buf_span(&s->limits_text);
    const struct ov_span name = OV_SPAN_LIT("max-age ");

    s->max_age = MAX_AGE;
    while (left.len > 0) {
        struct ov_span line;

        (void)ov_span_cut(&left, '\n', &line);
        if (ov_span_starts(line, name))
            (void)ov_parse_uint(ov_span_clip(line, name.len, line.len),
                                INT64_MAX, &s->max_age);
    }
}

static enum ov_status read_trust_files(struct site *s, struct ov_diag *diag)
{
    enum ov_status status;

    OV_TRY(read_target(s, "trust/policy", &s->policy_text, diag));
    OV_TRY(read_target(s, "trust/people", &s->people_text, diag));
    status = read_target(s, "trust/limits", &s->limits_text, diag);
    if (status != OV_OK && status != OV_NOT_FOUND)
        return status;
    read_limits(s);
    OV_TRY(ov_policy_parse(s->arena, ov_buf_span(&s->policy_text), &s->policy,
                           diag));
    return ov_people_parse(s->arena, ov_buf_span(&s->people_text), &s->people,
                           diag);
}

static enum ov_status read_checkpoint(struct site *s, struct ov_diag *diag)
{
    const struct ov_policy_clock clock = {s->now, s->max_age};
    struct ov_note *note = ov_arena_alloc(s->arena, sizeof(*note));
    enum ov_status status;

    s->checkpoint = ov_buf_with_max(OV_NOTE_MAX_SIZE);
    if (note == NULL)
        return OV_NO_MEMORY;
    OV_TRY(site_read(s, "log/checkpoint", &s->checkpoint, diag));
    status = ov_note_parse(s->arena, ov_buf_span(&s->checkpoint), note);
    if (status == OV_OK)
        status = ov_policy_check(&s->policy, note, &clock, &s->seen);
    if (status == OV_EXPIRED) {
        site_problem(s, "stale", "no quorum of witnesses saw the log lately");
        return OV_OK;
    }
    if (status == OV_OK)
        return OV_OK;
    return ov_diag_set(diag, status, 0, "log/checkpoint: %s",
                       status == OV_BAD_PROOF ? "no quorum of cosignatures"
                                              : ov_status_name(status));
}

enum ov_status site_trust(struct site *s, struct ov_diag *diag)
{
    OV_TRY(read_first_root(s, diag));
    OV_TRY(read_metadata(s, diag));
    OV_TRY(read_trust_files(s, diag));
    return read_checkpoint(s, diag);
}
