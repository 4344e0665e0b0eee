/* SPDX-License-Identifier: Apache-2.0 */
#include "repository.h"

#include "base/text.h"
#include "rebuild.h"
#include "rebuild_code.h"
#include "sys/file.h"
#include "tuf/tuf_client.h"
#include "tuf/tuf_memory.h"

/* Goes the way of a client: from a trusted root through TUF's metadata to each
 * channel's head, and asks of everything on that way whether it is logged. Then
 * the other way round: whether the latest release of each channel is served,
 * and the files that entries name.
 *
 * Limit: "recall/list" is put together from recall entries, and is not itself
 * logged; it is not compared. */

#define ARENA_SIZE ((size_t)64 << 20)
#define MAX_METADATA ((size_t)4 << 20)

struct repository {
    struct rounds *rounds;
    struct ov_tuf_memory kept; /* TUF's state, for this round only */
    struct ov_arena *arena;
    struct ov_tuf_client *client;
};

struct log_view repository_view(const struct rounds *r)
{
    return (struct log_view){r->mirrors, r->options->n_places};
}

static enum ov_status get(void *data, const char *name, size_t max,
                          struct ov_buf *ret)
{
    const struct repository *repo = data;
    const struct log_view view = repository_view(repo->rounds);
    OV_AUTO_DONE(buf) path = ov_buf_with_max(512);

    ov_put_str(&path, "metadata/");
    ov_put_str(&path, name);
    ov_put_u8(&path, 0);
    OV_TRY(ov_buf_status(&path));
    return view_read(&view, (const char *)path.ptr, max, ret, NULL);
}

static enum ov_status state_get(void *data, const char *name,
                                struct ov_buf *ret)
{
    const struct repository *repo = data;

    return ov_tuf_memory_get(&repo->kept, name, ret);
}

static enum ov_status state_put(void *data, const char *name,
                                struct ov_span bytes)
{
    struct repository *repo = data;

    return ov_tuf_memory_put(&repo->kept, name, bytes);
}

static enum ov_status state_remove(void *data, const char *name)
{
    struct repository *repo = data;

    ov_tuf_memory_remove(&repo->kept, name);
    return OV_OK;
}

static void tell(const struct repository *repo, enum ov_status status,
                 const struct ov_diag *diag)
{
    enum finding_kind kind = FINDING_DIFFERENT;

    if (status == OV_EXPIRED)
        kind = FINDING_STALE;
    else if (status == OV_NOT_FOUND)
        kind = FINDING_MISSING;
    else if (ov_status_class(status) == OV_CLASS_MACHINE ||
             status == OV_TIMED_OUT)
        kind = FINDING_UNREACHABLE;
    finding(repo->rounds->found, kind, repo->rounds->options->repo, NO_INDEX,
            "metadata: %s",
            diag->text[0] != '\0' ? diag->text : ov_status_name(status));
}

/* A target's bytes, by the digest that its role says. */
static enum ov_status read_target(struct repository *repo, struct ov_span path,
                                  struct ov_buf *into, struct ov_diag *diag)
{
    OV_AUTO_DONE(buf) url = ov_buf_with_max(1024);
    const struct log_view view = repository_view(repo->rounds);
    struct ov_tuf_target target;
    struct ov_tuf_file file = {.has_sha256 = true};

    OV_TRY(ov_tuf_find_target(repo->client, path, diag, &target));
    ov_put_str(&url, "targets/");
    ov_put_tuf_target_url(&url, repo->client, path, target.sha256);
    ov_put_u8(&url, 0);
    OV_TRY(ov_buf_status(&url));
    OV_TRY(view_read(&view, (const char *)url.ptr, MAX_METADATA, into, diag));
    file.length = target.length;
    memcpy(file.sha256, target.sha256, sizeof(file.sha256));
    return ov_tuf_check_file(&file, ov_buf_span(into));
}

static enum ov_status parse_release(struct repository *repo,
                                    struct ov_span note_bytes,
                                    struct ov_entry **ret)
{
    struct ov_note *note = ov_arena_alloc(repo->arena, sizeof(*note));

    *ret = ov_arena_alloc(repo->arena, sizeof(**ret));
    if (note == NULL || *ret == NULL)
        return OV_NO_MEMORY;
    OV_TRY(ov_note_parse(repo->arena, note_bytes, note));
    return ov_entry_parse(note->text, *ret, NULL);
}

/* The head that clients get for this channel. */
static void check_served(struct repository *repo, size_t at,
                         const struct audit_release *latest,
                         const struct ov_head *head)
{
    struct rounds *r = repo->rounds;
    const char *url = r->options->repo;
    struct ov_entry *e = NULL;
    uint64_t index = 0;
    uint64_t seq = 0;

    if (!audit_has_entry(r->audit, head->note, &index) ||
        parse_release(repo, head->note, &e) != OV_OK ||
        e->type != OV_ENTRY_RELEASE) {
        finding(r->found, FINDING_UNLOGGED, url, NO_INDEX,
                "the head of %s is no release that is logged", latest->channel);
        return;
    }
    (void)ov_entry_number(e, "seq", &seq);
    if (audit_is_recalled(r->audit, ov_span_str(latest->channel), seq))
        finding(r->found, FINDING_RECALLED, url, index,
                "release %llu of %s was recalled and is served",
                (unsigned long long)seq, latest->channel);
    if (index != latest->index && !latest->is_recalled)
        finding(r->found, FINDING_NOT_YET, url, latest->index,
                "release %llu of %s is logged, %llu is served",
                (unsigned long long)latest->seq, latest->channel,
                (unsigned long long)seq);
    if (at >= sizeof(r->release_checked) / sizeof(r->release_checked[0]) ||
        r->release_checked[at] == index + 1)
        return;
    r->release_checked[at] = index + 1;
    if (rebuild_release(r, head, e, index) && index == latest->index)
        r->release_same[at] = index + 1;
}

/* For a cosigner: the latest release before clients may have it. A failure is
 * tried again. */
static void check_pending(struct repository *repo, size_t at,
                          const struct audit_release *latest)
{
    OV_AUTO_DONE(buf) path = ov_buf_with_max(256);
    OV_AUTO_DONE(buf) bytes = ov_buf_with_max(MAX_METADATA);
    struct rounds *r = repo->rounds;
    const struct log_view view = repository_view(r);
    struct ov_entry *e = NULL;
    struct ov_head head;
    uint64_t index;

    ov_put_format(&path, "pending/%s.head", latest->channel);
    ov_put_u8(&path, 0);
    if (r->options->cosigner == NULL || ov_buf_status(&path) != OV_OK ||
        at >= sizeof(r->release_same) / sizeof(r->release_same[0]) ||
        r->release_same[at] == latest->index + 1 ||
        view_read(&view, (const char *)path.ptr, MAX_METADATA, &bytes, NULL) !=
            OV_OK ||
        ov_head_parse(ov_buf_span(&bytes), &head) != OV_OK ||
        !audit_has_entry(r->audit, head.note, &index) ||
        index != latest->index || parse_release(repo, head.note, &e) != OV_OK)
        return;
    if (rebuild_release(r, &head, e, index))
        r->release_same[at] = index + 1;
}

static void check_channel(struct repository *repo, size_t at,
                          const struct audit_release *latest)
{
    OV_AUTO_DONE(buf) path = ov_buf_with_max(256);
    OV_AUTO_DONE(buf) bytes = ov_buf_with_max(MAX_METADATA);
    struct rounds *r = repo->rounds;
    struct ov_diag diag = {0};
    struct ov_head head;
    enum ov_status status;

    ov_put_format(&path, "db/%s/head", latest->channel);
    status = read_target(repo, ov_buf_span(&path), &bytes, &diag);
    if (status == OV_NOT_FOUND) {
        finding(r->found, FINDING_MISSING, r->options->repo, latest->index,
                "%s is logged, and no head of it is served", latest->channel);
        return;
    }
    if (status == OV_OK)
        status = ov_head_parse(ov_buf_span(&bytes), &head);
    if (status != OV_OK) {
        tell(repo, status, &diag);
        return;
    }
    check_served(repo, at, latest, &head);
}

static bool is_known_channel(const struct repository *repo, struct ov_span path)
{
    const struct audit_release *release;

    for (size_t i = 0;
         (release = audit_release(repo->rounds->audit, i)) != NULL; i++) {
        OV_AUTO_DONE(buf) own = ov_buf_with_max(256);

        ov_put_format(&own, "db/%s/head", release->channel);
        if (ov_span_equal(ov_buf_span(&own), path))
            return true;
    }
    return false;
}

/* -- recalls -- */

static bool is_in_list(struct ov_span list, const uint8_t digest[static 32])
{
    struct ov_span line;

    while (ov_span_cut(&list, '\n', &line)) {
        uint8_t said[32];

        if (ov_entry_parse_digest(line, said) &&
            memcmp(said, digest, sizeof(said)) == 0)
            return true;
    }
    return false;
}

static bool is_recall(const struct rounds *r, struct ov_span line)
{
    const struct audit_recall *recall;
    uint8_t said[32];

    if (!ov_entry_parse_digest(line, said))
        return false;
    for (size_t i = 0; (recall = audit_recall(r->audit, i)) != NULL; i++) {
        if (memcmp(recall->digest, said, sizeof(said)) == 0)
            return true;
    }
    return false;
}

/* Between the log and the list there may be the time that a place may be
 * behind. */
static void compare_recalls(const struct rounds *r, struct ov_span list)
{
    const struct audit_recall *recall;
    struct ov_span rest = list;
    struct ov_span line;

    while (ov_span_cut(&rest, '\n', &line)) {
        if (!is_recall(r, line))
            finding(r->found, FINDING_UNLOGGED, r->options->repo, NO_INDEX,
                    "recall/list has %.*s, which is no logged recall",
                    (int)line.len, (const char *)line.ptr);
    }
    for (size_t i = 0; (recall = audit_recall(r->audit, i)) != NULL; i++) {
        if (is_in_list(list, recall->digest))
            continue;
        finding(r->found,
                recall->time + r->options->max_delay < r->now ? FINDING_MISSING
                                                              : FINDING_NOT_YET,
                r->options->repo, recall->index,
                "the recall is logged, and recall/list does not have it");
    }
}

static void check_recalls(struct repository *repo)
{
    OV_AUTO_DONE(buf) list = ov_buf_with_max(MAX_METADATA);
    struct ov_diag diag = {0};
    enum ov_status status =
        read_target(repo, OV_SPAN_LIT("recall/list"), &list, &diag);

    if (status == OV_OK || status == OV_NOT_FOUND)
        compare_recalls(repo->rounds, ov_buf_span(&list));
    else
        tell(repo, status, &diag);
}

/* Any target that some role lists. */
static void check_target(const struct repository *repo, struct ov_span path,
                         const struct ov_tuf_file *file)
{
    bool is_logged;

    if (ov_span_equal(path, OV_SPAN_LIT("recall/list")))
        return;
    if (ov_span_starts(path, OV_SPAN_LIT("db/")))
        is_logged = is_known_channel(repo, path);
    else if (ov_span_starts(path, OV_SPAN_LIT("code/")))
        is_logged = file->has_sha256 && /* the entry itself */
                    audit_is_entry(repo->rounds->audit, file->sha256);
    else
        is_logged = file->has_sha256 &&
                    audit_names_file(repo->rounds->audit, file->sha256);
    if (!is_logged)
        finding(repo->rounds->found, FINDING_UNLOGGED,
                repo->rounds->options->repo, NO_INDEX,
                "the target %.*s is not logged", (int)path.len,
                (const char *)path.ptr);
}

static void check_targets(const struct repository *repo,
                          const struct ov_tuf_targets *targets)
{
    const struct ov_json *list = targets->targets;

    for (uint32_t i = 0; list != NULL && i < list->count; i++) {
        struct ov_span path = list->members[i]->name;
        struct ov_tuf_file file;

        if (ov_tuf_targets_find(targets, path, &file) == OV_OK)
            check_target(repo, path, &file);
    }
}

/* Every role: a look for a target of each delegation brings its metadata. */
static enum ov_status check_roles(struct repository *repo)
{
    static const char *const asked[] = {"db/-/head", "code/-", "recall/list",
                                        "notice/-"};

    for (size_t i = 0; i < sizeof(asked) / sizeof(asked[0]); i++) {
        struct ov_tuf_target target;
        struct ov_diag diag = {0};
        enum ov_status status = ov_tuf_find_target(
            repo->client, ov_span_str(asked[i]), &diag, &target);

        if (status != OV_OK && status != OV_NOT_FOUND)
            tell(repo, status, &diag);
    }
    for (size_t i = 0; i < repo->kept.n; i++) {
        const struct ov_tuf_kept *k = &repo->kept.files[i];
        struct ov_tuf_targets targets;

        if (strcmp(k->name, "root.json") == 0 ||
            strcmp(k->name, "timestamp.json") == 0 ||
            strcmp(k->name, "snapshot.json") == 0)
            continue;
        OV_TRY(
            ov_tuf_read_targets(repo->arena, ov_buf_span(&k->bytes), &targets));
        check_targets(repo, &targets);
    }
    return OV_OK;
}

/* What entries name and the repository must have. */
static void check_blobs(struct rounds *r)
{
    struct audit_file file;

    for (; audit_file(r->audit, r->n_files_compared, &file);
         r->n_files_compared++) {
        OV_AUTO_DONE(buf) bytes = ov_buf_with_max((size_t)256 << 20);
        enum ov_status status = rebuild_read_blob(r, &file, &bytes);

        if (status == OV_NOT_FOUND)
            finding(r->found, FINDING_MISSING, r->options->repo, file.index,
                    "a file that this entry names is not served");
        else if (status == OV_BAD_DIGEST || status == OV_LIMIT_SIZE)
            finding(r->found, FINDING_DIFFERENT, r->options->repo, file.index,
                    "a file that this entry names is another one");
        else if (status != OV_OK)
            finding(r->found, FINDING_UNREACHABLE, r->options->repo, file.index,
                    "a file that this entry names: %s", ov_status_name(status));
    }
}

/* The newest programs: built again, if somebody here may do that. */
static void check_code(struct repository *repo)
{
    OV_AUTO_DONE(buf) note = ov_buf_with_max(MAX_METADATA);
    struct rounds *r = repo->rounds;
    struct ov_diag diag = {0};
    struct ov_entry *e = NULL;
    uint64_t index;

    if (r->options->build_code == NULL ||
        read_target(repo, OV_SPAN_LIT("code/overt"), &note, &diag) != OV_OK ||
        !audit_has_entry(r->audit, ov_buf_span(&note), &index) ||
        r->code_checked == index + 1 ||
        parse_release(repo, ov_buf_span(&note), &e) != OV_OK ||
        e->type != OV_ENTRY_CODE_RELEASE)
        return; /* what is wrong with it check_roles tells */
    if (rebuild_code(r, e, index) == OV_OK)
        r->code_checked = index + 1;
}

static enum ov_status read_root(struct repository *repo)
{
    OV_AUTO_DONE(buf) root = ov_buf_with_max(MAX_METADATA);

    OV_TRY(ov_file_read(repo->rounds->options->root, &root));
    return state_put(repo, "root.json", ov_buf_span(&root));
}

static enum ov_status check(struct repository *repo)
{
    const struct ov_tuf_io io = {.data = repo,
                                 .get = get,
                                 .state_get = state_get,
                                 .state_put = state_put,
                                 .state_remove = state_remove};
    struct rounds *r = repo->rounds;
    const struct audit_release *release;
    struct ov_diag diag = {0};
    enum ov_status status = read_root(repo);

    for (size_t i = 0; (release = audit_release(r->audit, i)) != NULL; i++)
        check_pending(repo, i, release);
    if (status == OV_OK)
        status =
            ov_tuf_update(&io, (int64_t)r->now, NULL, &diag, &repo->client);
    if (status != OV_OK) {
        tell(repo, status, &diag);
        return OV_OK;
    }
    for (size_t i = 0; (release = audit_release(r->audit, i)) != NULL; i++)
        check_channel(repo, i, release);
    check_recalls(repo);
    check_code(repo);
    return check_roles(repo);
}

enum ov_status repository_check(struct rounds *r)
{
    OV_AUTO(arena) arena = ov_arena_new(ARENA_SIZE);
    OV_AUTO_PTR struct repository *repo = ov_alloc(sizeof(*repo));
    enum ov_status status;

    if (arena == NULL || repo == NULL)
        return OV_NO_MEMORY;
    repo->rounds = r;
    repo->arena = arena;
    status = check(repo);
    ov_tuf_client_free(repo->client);
    ov_tuf_memory_done(&repo->kept);
    if (status == OV_NO_MEMORY)
        return status;
    if (r->options->has_blobs)
        check_blobs(r);
    return OV_OK;
}
