/* SPDX-License-Identifier: Apache-2.0 */
#include "trust/update_history.h"

/* Steps root to head: what TUF says is current (specification 1.0.34, section
 * 5), and the files that say whose word about the log counts.
 *
 * The workflow runs once for each of two mirrors, and what the first led to is
 * what the second has to beat: so the newest valid timestamp counts, and a
 * mirror that fails costs nothing but its turn. */

#define MIRRORS_TO_ASK 2
#define MAX_ROOT ((size_t)64 << 10)
/* Versions of the timestamp are seconds. */
#define MAX_AHEAD 300

/* ---- what TUF asks for ---- */

static enum ov_status tuf_get(void *data, const char *name, size_t max,
                              struct ov_buf *into)
{
    struct ov_update *u = data;
    OV_AUTO_DONE(buf) path = ov_buf_with_max(512);
    OV_AUTO_DONE(buf) bytes = ov_buf_with_max(max);

    ov_put_format(&path, "metadata/%s", name);
    ov_put_u8(&path, 0);
    OV_TRY(ov_buf_status(&path));
    u->is_asking_root =
        ov_span_ends(ov_span_str(name), OV_SPAN_LIT(".root.json"));
    OV_TRY(u->io->get(u->io->data, u->mirror, (char *)path.ptr, max, &bytes));
    OV_TRY(ov_buf_status(&bytes));
    ov_put_span(into, ov_buf_span(&bytes));
    return ov_buf_status(into);
}

static bool put_state_name(struct ov_buf *b, const char *name)
{
    ov_put_format(b, "trust/%s", name);
    ov_put_u8(b, 0);
    return ov_buf_status(b) == OV_OK;
}

static enum ov_status tuf_state_get(void *data, const char *name,
                                    struct ov_buf *into)
{
    struct ov_update *u = data;
    OV_AUTO_DONE(buf) path = ov_buf_with_max(512);

    if (!put_state_name(&path, name))
        return OV_LIMIT_SIZE;
    return u->io->state_get(u->io->data, (char *)path.ptr, into);
}

static enum ov_status tuf_state_put(void *data, const char *name,
                                    struct ov_span bytes)
{
    struct ov_update *u = data;
    OV_AUTO_DONE(buf) path = ov_buf_with_max(512);
    enum ov_status status;

    if (!put_state_name(&path, name))
        return OV_LIMIT_SIZE;
    status = u->io->state_put(u->io->data, (char *)path.ptr, bytes);
    u->is_state_broken |= status != OV_OK;
    return status;
}

static enum ov_status tuf_state_remove(void *data, const char *name)
{
    struct ov_update *u = data;
    OV_AUTO_DONE(buf) path = ov_buf_with_max(512);

    if (!put_state_name(&path, name))
        return OV_LIMIT_SIZE;
    return u->io->state_remove(u->io->data, (char *)path.ptr);
}

/* Before a new root is trusted: that it was made public, as far as we know by
 * whom that would be said. Otherwise check_root does it later. */
static enum ov_status tuf_new_root(void *data, int64_t version,
                                   struct ov_span bytes)
{
    struct ov_update *u = data;
    uint8_t digest[OV_DIGEST_MAX];

    (void)version;
    if (!u->has_policy)
        return OV_OK;
    OV_TRY(ov_digest(OV_SHA256, bytes, digest));
    if (ov_update_is_public(u, "root", digest) == OV_OK)
        return OV_OK;
    if (u->result->refusal != OV_REFUSED_NOT) /* the log's history */
        return OV_BAD_PROOF;
    return ov_update_refuse(u, OV_REFUSED_ROOT_UNLOGGED, OV_BAD_PROOF,
                            "root version %lld", (long long)version);
}

/* ---- the workflow ---- */

static enum ov_refusal why_not(const struct ov_update *u, enum ov_status status)
{
    if (u->is_state_broken)
        return OV_REFUSED_DISK;
    if (ov_update_is_absence(status))
        return OV_REFUSED_UNREACHABLE;
    switch ((int)status) {
    case OV_BAD_SIGNATURE:
        return u->is_asking_root ? OV_REFUSED_ROOT : OV_REFUSED_SIGNATURE;
    case OV_ROLLBACK:
        return OV_REFUSED_ROLLBACK;
    case OV_FUTURE:
        return OV_REFUSED_FAST_FORWARD;
    case OV_EXPIRED:
        return u->is_asking_root ? OV_REFUSED_ROOT_EXPIRED : OV_REFUSED_EXPIRED;
    case OV_BAD_DIGEST:
    case OV_MISMATCH:
        return OV_REFUSED_MIX;
    case OV_LIMIT_SIZE:
        return OV_REFUSED_TOO_LONG;
    default:
        return OV_REFUSED_MALFORMED;
    }
}

/* What is behind the first newest word is what to ask for all else. */
static bool is_newer(const struct ov_tuf_client *a,
                     const struct ov_tuf_client *b)
{
    return b == NULL || ov_tuf_client_timestamp(a)->meta.version >
                            ov_tuf_client_timestamp(b)->meta.version;
}

static enum ov_status refresh(struct ov_update *u, size_t *best)
{
    static const struct ov_tuf_options limits = {.version_ahead = MAX_AHEAD};
    struct ov_tuf_client *client = NULL;
    struct ov_diag diag = {0};
    enum ov_status status;

    u->is_asking_root = true;
    u->result->refusal = OV_REFUSED_NOT;
    status =
        ov_tuf_update(&u->tuf_io, (int64_t)u->now, &limits, &diag, &client);
    if (status == OV_OK) {
        if (is_newer(client, u->tuf))
            *best = u->mirror;
        ov_tuf_client_free(u->tuf);
        u->tuf = client;
        return OV_OK;
    }
    if (u->result->refusal != OV_REFUSED_NOT)
        return status;
    return ov_update_refuse(u, why_not(u, status), status, "%s", diag.text);
}

/* Whether what is kept of a refusal says more than the new one. */
static bool is_worse(enum ov_refusal old, enum ov_refusal new)
{
    return ov_refusal_text(old)->class == OV_REFUSAL_ALARM ||
           ov_refusal_text(new)->class != OV_REFUSAL_ALARM;
}

static enum ov_status refresh_from_mirrors(struct ov_update *u)
{
    struct ov_update_result first_bad = {0};
    enum ov_status bad = OV_NOT_FOUND;
    size_t n_good = 0;
    size_t good = 0;

    for (size_t i = 0; i < u->options->n_mirrors && n_good < MIRRORS_TO_ASK;
         i++) {
        enum ov_status status;

        u->mirror = i;
        status = refresh(u, &good);
        if (status == OV_OK) {
            n_good++;
        } else if (first_bad.refusal == OV_REFUSED_NOT ||
                   !is_worse(first_bad.refusal, u->result->refusal)) {
            first_bad = *u->result;
            bad = status;
        }
    }
    if (n_good == 0) {
        u->result->refusal = first_bad.refusal;
        memcpy(u->result->detail, first_bad.detail, sizeof(first_bad.detail));
        return first_bad.refusal != OV_REFUSED_NOT
                   ? bad
                   : ov_update_refuse(u, OV_REFUSED_UNREACHABLE, OV_NOT_FOUND,
                                      "there is no mirror to ask");
    }
    u->mirror = good;
    ov_update_allow(u);
    return OV_OK;
}

/* That bytes are a root, signed by its own keys. */
static enum ov_status check_root_file(struct ov_update *u, struct ov_span bytes)
{
    struct ov_tuf_root root;

    if (bytes.len > MAX_ROOT)
        return OV_LIMIT_SIZE;
    OV_TRY(ov_tuf_read_root(u->arena, bytes, &root));
    return ov_tuf_verify(&root.roles[OV_TUF_ROOT], &root.meta, NULL);
}

/* The first root is believed for where it came from. One that is remembered was
 * right when it was written: if it is not now, the disk is to blame, and no
 * mirror. */
static enum ov_status plant_root(struct ov_update *u)
{
    OV_AUTO_DONE(buf) known = ov_buf_with_max(MAX_ROOT);
    struct ov_span first = u->options->first_root;
    enum ov_status status =
        u->io->state_get(u->io->data, "trust/root.json", &known);

    if (status == OV_OK)
        status = check_root_file(u, ov_buf_span(&known));
    if (status == OV_OK)
        return OV_OK;
    if (status != OV_NOT_FOUND)
        return ov_update_refuse(u, OV_REFUSED_STATE, status,
                                "trust/root.json: %s", ov_status_name(status));
    if (first.len == 0)
        return ov_update_refuse(u, OV_REFUSED_NO_ROOT, OV_NOT_FOUND, "%s", "");
    status = check_root_file(u, first);
    if (status != OV_OK)
        return ov_update_refuse(u, OV_REFUSED_ROOT, status,
                                "the first root: %s", ov_status_name(status));
    if (u->io->state_put(u->io->data, "trust/root.json", first) != OV_OK)
        return ov_update_refuse(u, OV_REFUSED_DISK, OV_IO, "trust/root.json");
    return OV_OK;
}

void ov_update_set_tuf_io(struct ov_update *u)
{
    u->tuf_io = (struct ov_tuf_io){
        u,           tuf_get, tuf_state_get, tuf_state_put, tuf_state_remove,
        tuf_new_root};
}

enum ov_status ov_update_metadata(struct ov_update *u)
{
    ov_update_set_tuf_io(u);
    ov_update_step(u, OV_STEP_ROOT);
    OV_TRY(plant_root(u));
    ov_update_step(u, OV_STEP_METADATA);
    return refresh_from_mirrors(u);
}

/* ---- targets ---- */

/* Delegated roles come from the first mirror that has them right. */
enum ov_status ov_update_find(struct ov_update *u, const char *path,
                              struct ov_tuf_target *ret)
{
    size_t n = u->options->n_mirrors;
    size_t first = u->mirror;
    struct ov_diag diag = {0};
    enum ov_status last = OV_IO;

    for (size_t i = 0; i < n; i++) {
        enum ov_status status;

        u->mirror = (first + i) % n;
        u->is_asking_root = false;
        status = ov_tuf_find_target(u->tuf, ov_span_str(path), &diag, ret);
        u->mirror = first;
        /* That nobody knows it is signed, too. */
        if (status == OV_OK || status == OV_NOT_FOUND || status == OV_NO_MEMORY)
            return status;
        /* A mirror may be older than what another said. */
        last = status;
    }
    return ov_update_refuse(u, why_not(u, last), last, "%s: %s", path,
                            diag.text);
}

static enum ov_status check_target(struct ov_update *u, void *data,
                                   struct ov_span bytes)
{
    const struct ov_tuf_target *t = data;
    uint8_t digest[OV_DIGEST_MAX];

    (void)u;
    if (t->length < 0 || bytes.len != (uint64_t)t->length)
        return OV_BAD_DIGEST;
    OV_TRY(ov_digest(OV_SHA256, bytes, digest));
    return memcmp(digest, t->sha256, sizeof(t->sha256)) == 0 ? OV_OK
                                                             : OV_BAD_DIGEST;
}

static enum ov_status get_target(struct ov_update *u, const char *path,
                                 const struct ov_tuf_target *t, uint64_t max,
                                 struct ov_buf *into)
{
    struct ov_update_check check = {check_target, (void *)(uintptr_t)t};
    OV_AUTO_DONE(buf) url = ov_buf_with_max(512);
    enum ov_status status;

    ov_put_str(&url, "targets/");
    ov_put_tuf_target_url(&url, u->tuf, ov_span_str(path), t->sha256);
    ov_put_u8(&url, 0);
    OV_TRY(ov_buf_status(&url));
    if (t->length < 0 || (uint64_t)t->length > max)
        return ov_update_refuse(u, OV_REFUSED_TOO_LONG, OV_LIMIT_SIZE, "%s",
                                path);
    status =
        ov_update_get(u, (char *)url.ptr, (uint64_t)t->length, into, &check);
    if (status == OV_OK)
        return OV_OK;
    return ov_update_refuse(u,
                            ov_update_is_absence(status)
                                ? OV_REFUSED_UNREACHABLE
                            : status == OV_LIMIT_SIZE ? OV_REFUSED_TOO_LONG
                                                      : OV_REFUSED_HEAD,
                            status, "%s", path);
}

enum ov_status ov_update_target(struct ov_update *u, const char *path,
                                uint64_t max, struct ov_buf *into)
{
    struct ov_tuf_target t;

    OV_TRY(ov_update_find(u, path, &t));
    return get_target(u, path, &t, max, into);
}

/* ---- policy, people, limits ---- */

struct trust_file {
    const char *role;
    const char *target;
    const char *state;
    struct ov_buf bytes;
    uint8_t digest[OV_DIGEST_MAX];
    bool is_new;
};

/* The file as it is now: remembered, or fetched. */
static enum ov_status load_file(struct ov_update *u, struct trust_file *f)
{
    struct ov_tuf_target t;
    enum ov_status status = ov_update_find(u, f->target, &t);

    if (status == OV_NOT_FOUND)
        return ov_update_refuse(u, OV_REFUSED_POLICY_FORM, status,
                                "there is no %s", f->target);
    OV_TRY(status);
    memcpy(f->digest, t.sha256, sizeof(t.sha256));
    status = u->io->state_get(u->io->data, f->state, &f->bytes);
    if (status == OV_OK && check_target(u, &t, ov_buf_span(&f->bytes)) == OV_OK)
        return OV_OK;
    f->is_new = true;
    ov_buf_clear(&f->bytes);
    return get_target(u, f->target, &t, OV_UPDATE_MAX_TRUST, &f->bytes);
}

static enum ov_status parse_policy(struct ov_update *u,
                                   const struct trust_file *policy,
                                   const struct trust_file *people)
{
    struct ov_diag diag = {0};
    struct ov_span text;
    enum ov_status status =
        ov_arena_copy(u->arena, ov_buf_span(&policy->bytes), &text)
            ? ov_policy_parse(u->arena, text, &u->policy, &diag)
            : OV_NO_MEMORY;

    if (status != OV_OK)
        return ov_update_refuse(u, OV_REFUSED_POLICY_FORM, status,
                                "policy line %u: %s", diag.line, diag.text);
    status = ov_arena_copy(u->arena, ov_buf_span(&people->bytes), &text)
                 ? ov_people_parse(u->arena, text, &u->people, &diag)
                 : OV_NO_MEMORY;
    if (status != OV_OK)
        return ov_update_refuse(u, OV_REFUSED_POLICY_FORM, status,
                                "people line %u: %s", diag.line, diag.text);
    return OV_OK;
}

static void parse_limits(struct ov_update *u, struct ov_span text)
{
    struct ov_span line;

    while (text.len > 0) {
        uint64_t n;
        struct ov_span name;

        (void)ov_span_cut(&text, '\n', &line);
        name = ov_line_word(&line);
        if (ov_span_equal(name, OV_SPAN_LIT("max-age")) &&
            ov_parse_plain(line, INT32_MAX, &n))
            u->max_age = n;
    }
}

void ov_update_read_limits(struct ov_update *u)
{
    OV_AUTO_DONE(buf) text = ov_buf_with_max(OV_UPDATE_MAX_TRUST);

    if (u->io->state_get(u->io->data, "trust/limits", &text) == OV_OK)
        parse_limits(u, ov_buf_span(&text));
}

static enum ov_status check_public(struct ov_update *u,
                                   const struct trust_file *f)
{
    enum ov_status status = ov_update_is_public(u, f->role, f->digest);

    if (status == OV_OK || u->result->refusal != OV_REFUSED_NOT)
        return status;
    return ov_update_refuse(u,
                            status != OV_NOT_FOUND &&
                                    ov_update_is_absence(status)
                                ? OV_REFUSED_UNREACHABLE
                                : OV_REFUSED_POLICY,
                            status, "%s: %s", f->role, ov_status_name(status));
}

/* The root in use, if it became so before there was a policy. */
static enum ov_status check_root(struct ov_update *u)
{
    int64_t version = ov_tuf_client_root(u->tuf)->meta.version;
    OV_AUTO_DONE(buf) bytes = ov_buf_with_max(MAX_ROOT);
    uint8_t digest[OV_DIGEST_MAX];
    enum ov_status status;

    if (u->client.root_version == (uint64_t)version)
        return OV_OK;
    OV_TRY(u->io->state_get(u->io->data, "trust/root.json", &bytes));
    OV_TRY(ov_digest(OV_SHA256, ov_buf_span(&bytes), digest));
    status = ov_update_is_public(u, "root", digest);
    if (status != OV_OK && u->result->refusal != OV_REFUSED_NOT)
        return status;
    if (status != OV_OK)
        return ov_update_refuse(u, OV_REFUSED_ROOT_UNLOGGED, status,
                                "root version %lld: %s", (long long)version,
                                ov_status_name(status));
    u->client.root_version = (uint64_t)version;
    return OV_OK;
}

static enum ov_status believe_files(struct ov_update *u,
                                    struct trust_file *files, size_t n)
{
    /* At first contact the files vouch for each other; later the old ones
     * vouch for the new. */
    if (!u->has_policy)
        OV_TRY(parse_policy(u, &files[0], &files[1]));
    for (size_t i = 0; i < n; i++) {
        if (files[i].is_new)
            OV_TRY(check_public(u, &files[i]));
    }
    OV_TRY(parse_policy(u, &files[0], &files[1]));
    parse_limits(u, ov_buf_span(&files[2].bytes));
    OV_TRY(check_root(u));
    for (size_t i = 0; i < n; i++) {
        if (files[i].is_new &&
            u->io->state_put(u->io->data, files[i].state,
                             ov_buf_span(&files[i].bytes)) != OV_OK)
            return ov_update_refuse(u, OV_REFUSED_DISK, OV_IO, "%s",
                                    files[i].state);
    }
    return OV_OK;
}

enum ov_status ov_update_policy(struct ov_update *u)
{
    struct trust_file files[] = {
        {.role = "policy", .target = "trust/policy", .state = "trust/policy"},
        {.role = "people", .target = "trust/people", .state = "trust/people"},
        {.role = "limits", .target = "trust/limits", .state = "trust/limits"},
    };
    size_t n = sizeof(files) / sizeof(files[0]);
    enum ov_status status = OV_OK;

    ov_update_step(u, OV_STEP_POLICY);
    for (size_t i = 0; i < n; i++)
        files[i].bytes = ov_buf_with_max(OV_UPDATE_MAX_TRUST);
    for (size_t i = 0; i < n && status == OV_OK; i++)
        status = load_file(u, &files[i]);
    if (status == OV_OK)
        status = believe_files(u, files, n);
    for (size_t i = 0; i < n; i++)
        ov_buf_done(&files[i].bytes);
    return status;
}

/* ---- head ---- */

/* The installed one, if it is that: then nothing need be fetched. */
static enum ov_status get_head(struct ov_update *u, const char *path)
{
    struct ov_tuf_target t;

    OV_TRY(ov_update_find(u, path, &t));
    if (u->has_old &&
        check_target(u, &t, ov_buf_span(&u->old_head_bytes)) == OV_OK) {
        ov_put_span(&u->head_bytes, ov_buf_span(&u->old_head_bytes));
        return ov_buf_status(&u->head_bytes);
    }
    return get_target(u, path, &t, OV_HEAD_MAX, &u->head_bytes);
}

enum ov_status ov_update_head(struct ov_update *u)
{
    OV_AUTO_DONE(buf) path = ov_buf_with_max(256);
    enum ov_status status;

    ov_update_step(u, OV_STEP_HEAD);
    ov_put_format(&path, "db/%s/head", u->options->channel);
    ov_put_u8(&path, 0);
    OV_TRY(ov_buf_status(&path));
    status = get_head(u, (char *)path.ptr);
    if (status == OV_NOT_FOUND && u->result->refusal == OV_REFUSED_NOT)
        return ov_update_refuse(u, OV_REFUSED_NO_CHANNEL, status, "%s",
                                u->options->channel);
    OV_TRY(status);
    status = ov_head_parse(ov_buf_span(&u->head_bytes), &u->head);
    if (status == OV_OK)
        status = ov_digest(OV_SHA256, u->head.note, u->note_digest);
    if (status != OV_OK)
        return ov_update_refuse(u, OV_REFUSED_NOTE_FORM, status, "head: %s",
                                ov_status_name(status));
    return OV_OK;
}
