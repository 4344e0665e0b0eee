/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"
#include "trust/update_run.h"

/* What is remembered between runs. trust/client is lines "name value"; all
 * other state is files as they were fetched, and is read again with the same
 * care: a file we wrote yesterday is hostile today. */

#define MAX_CLIENT 8192

static const struct {
    const char *name;
    size_t offset;
} numbers[] = {
    {"size", offsetof(struct ov_client_state, size)},
    {"witnessed", offsetof(struct ov_client_state, witnessed)},
    {"vouched", offsetof(struct ov_client_state, vouched)},
    {"cosigners", offsetof(struct ov_client_state, cosigners)},
    {"highest", offsetof(struct ov_client_state, highest)},
    {"seen", offsetof(struct ov_client_state, seen)},
    {"seen-time", offsetof(struct ov_client_state, seen_time)},
    {"root-version", offsetof(struct ov_client_state, root_version)},
    {"good-time", offsetof(struct ov_client_state, good_time)},
    {"notices-time", offsetof(struct ov_client_state, notices_time)},
};

#define N_NUMBERS (sizeof(numbers) / sizeof(numbers[0]))

static bool read_number(struct ov_client_state *s, struct ov_span name,
                        struct ov_span value)
{
    uint64_t n;

    if (!ov_parse_plain(value, INT64_MAX, &n))
        return false;
    if (ov_span_equal(name, OV_SPAN_LIT("bad"))) {
        if (s->n_bad == OV_UPDATE_MAX_BAD)
            return false;
        s->bad[s->n_bad++] = n;
        return true;
    }
    for (size_t i = 0; i < N_NUMBERS; i++) {
        if (ov_span_equal(name, ov_span_str(numbers[i].name))) {
            memcpy((char *)s + numbers[i].offset, &n, sizeof(n));
            return true;
        }
    }
    return false;
}

/* "SIZE ORIGIN" */
/* A log's name becomes a string. */
static bool read_origin(struct ov_span text, char *to, size_t size)
{
    if (text.len == 0 || text.len >= size ||
        ov_span_find_byte(text, '\0', 0) != SIZE_MAX)
        return false;
    memcpy(to, text.ptr, text.len);
    return true;
}

static bool read_ended(struct ov_client_state *s, struct ov_span line)
{
    struct ov_span size = ov_line_word(&line);
    struct ov_ended_log *e;

    if (s->n_ended == OV_UPDATE_MAX_ENDED)
        return false;
    e = &s->ended[s->n_ended++];
    return ov_parse_plain(size, INT64_MAX, &e->size) &&
           read_origin(line, e->origin, sizeof(e->origin));
}

static bool read_line(struct ov_client_state *s, struct ov_span line)
{
    struct ov_span name = ov_line_word(&line);

    if (ov_span_equal(name, OV_SPAN_LIT("ended")))
        return read_ended(s, line);
    if (ov_span_equal(name, OV_SPAN_LIT("root")))
        return ov_hex_decode(line, s->root, sizeof(s->root));
    if (!ov_span_equal(name, OV_SPAN_LIT("origin")))
        return read_number(s, name, line);
    return read_origin(line, s->origin, sizeof(s->origin));
}

enum ov_status ov_client_state_read(struct ov_span text,
                                    struct ov_client_state *ret)
{
    struct ov_reader r = ov_reader_over(text);
    struct ov_client_state s = {0};

    while (ov_reader_more(&r)) {
        struct ov_span line = ov_read_line(&r);

        OV_TRY(ov_reader_status(&r));
        if (line.len == 0 || !read_line(&s, line))
            return OV_MALFORMED;
    }
    OV_TRY(ov_reader_end(&r));
    *ret = s;
    return OV_OK;
}

void ov_put_client_state(struct ov_buf *b, const struct ov_client_state *s)
{
    if (s->origin[0] != '\0') {
        ov_put_format(b, "origin %s\nroot ", s->origin);
        ov_put_hex(b, ov_span_of(s->root, sizeof(s->root)));
        ov_put_u8(b, '\n');
    }
    for (size_t i = 0; i < N_NUMBERS; i++) {
        uint64_t n;

        memcpy(&n, (const char *)s + numbers[i].offset, sizeof(n));
        ov_put_format(b, "%s %llu\n", numbers[i].name, (unsigned long long)n);
    }
    for (size_t i = 0; i < s->n_bad; i++)
        ov_put_format(b, "bad %llu\n", (unsigned long long)s->bad[i]);
    for (size_t i = 0; i < s->n_ended; i++)
        ov_put_format(b, "ended %llu %s\n",
                      (unsigned long long)s->ended[i].size, s->ended[i].origin);
}

static enum ov_status load_client(struct ov_update *u)
{
    OV_AUTO_DONE(buf) text = ov_buf_with_max(MAX_CLIENT);
    enum ov_status status =
        u->io->state_get(u->io->data, "trust/client", &text);

    if (status == OV_NOT_FOUND)
        return OV_OK;
    OV_TRY(status);
    return ov_client_state_read(ov_buf_span(&text), &u->client);
}

/* policy and people, if both were believed before. */
static enum ov_status load_policy(struct ov_update *u)
{
    const struct ov_update_io *io = u->io;
    enum ov_status status =
        io->state_get(io->data, "trust/policy", &u->policy_text);

    if (status == OV_OK)
        status = io->state_get(io->data, "trust/people", &u->people_text);
    if (status == OV_NOT_FOUND) {
        ov_buf_clear(&u->policy_text);
        return OV_OK;
    }
    OV_TRY(status);
    OV_TRY(ov_policy_parse(u->arena, ov_buf_span(&u->policy_text), &u->policy,
                           NULL));
    OV_TRY(ov_people_parse(u->arena, ov_buf_span(&u->people_text), &u->people,
                           NULL));
    u->has_policy = true;
    return OV_OK;
}

static bool read_tier(const struct ov_entry *e, size_t number,
                      struct ov_blob *ret)
{
    struct ov_span value;
    struct ov_span word;
    uint64_t n;

    if (!ov_entry_value(e, "db", number, &value))
        return false;
    word = ov_line_word(&value);
    return ov_parse_plain(word, 1, &n) && n == number &&
           ov_blob_parse(value, ret);
}

enum ov_status ov_release_of(const struct ov_entry *e, struct ov_release *ret)
{
    struct ov_release r = {0};
    struct ov_span root;
    bool is_good = e->type == OV_ENTRY_RELEASE &&
                   ov_entry_number(e, "seq", &r.seq) &&
                   ov_entry_number(e, "base", &r.base) &&
                   ov_entry_number(e, "records", &r.n_records) &&
                   ov_entry_number(e, "compiler", &r.compiler) &&
                   ov_entry_range(e, "changes", &r.from, &r.to) &&
                   ov_entry_value(e, "set-root", 0, &root) &&
                   ov_hex_decode(root, r.set_root, sizeof(r.set_root)) &&
                   read_tier(e, 0, &r.tiers[0]) && read_tier(e, 1, &r.tiers[1]);

    if (!is_good || r.seq == 0)
        return OV_MALFORMED;
    r.has_prev = ov_entry_digest(e, "prev", r.prev, NULL);
    (void)ov_entry_value(e, "rollout", 0, &r.rollout); /* may be missing */
    *ret = r;
    return OV_OK;
}

enum ov_status ov_release_read(struct ov_arena *a, const struct ov_head *head,
                               struct ov_release *ret, struct ov_diag *diag)
{
    struct ov_note *n = ov_arena_alloc(a, sizeof(*n));
    struct ov_entry *e = ov_arena_alloc(a, sizeof(*e));

    if (n == NULL || e == NULL)
        return OV_NO_MEMORY;
    OV_TRY(ov_note_parse(a, head->note, n));
    OV_TRY(ov_entry_parse(n->text, e, diag));
    return ov_release_of(e, ret);
}

static enum ov_status load_installed(struct ov_update *u)
{
    enum ov_status status =
        u->io->release_get(u->io->data, "head", &u->old_head_bytes);

    if (status == OV_NOT_FOUND)
        return OV_OK;
    OV_TRY(status);
    OV_TRY(ov_head_parse(ov_buf_span(&u->old_head_bytes), &u->old_head));
    OV_TRY(ov_release_read(u->arena, &u->old_head, &u->old, NULL));
    u->has_old = true;
    u->result->installed_seq = u->old.seq;
    return OV_OK;
}

enum ov_status ov_update_load(struct ov_update *u)
{
    enum ov_status status = load_client(u);

    if (status == OV_OK)
        status = load_policy(u);
    if (status != OV_OK)
        return ov_update_refuse(u, OV_REFUSED_STATE, status, "%s",
                                ov_status_name(status));
    /* Without the installed note the chain begins anew: the log's does not. */
    if (load_installed(u) != OV_OK)
        u->has_old = false;
    return OV_OK;
}

enum ov_status ov_update_save(struct ov_update *u)
{
    OV_AUTO_DONE(buf) text = ov_buf_with_max(MAX_CLIENT);

    ov_put_client_state(&text, &u->client);
    OV_TRY(ov_buf_status(&text));
    if (u->io->state_put(u->io->data, "trust/client", ov_buf_span(&text)) !=
        OV_OK)
        return ov_update_refuse(u, OV_REFUSED_DISK, OV_IO, "trust/client");
    return OV_OK;
}
