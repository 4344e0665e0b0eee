/* SPDX-License-Identifier: Apache-2.0 */
#include "audit_run.h"
#include "base/text.h"
#include "crypto/digest.h"

/* Rules of docs/protocol-entries.md that more than one entry is needed for:
 *
 * - a rule's revisions grow by one, and each change names the one before;
 * - a source under embargo is revealed by its day, as it was committed to;
 * - releases of a channel follow each other in number, digest and range;
 * - the log begins with log-start, and nothing but another log follows log-end
 *   (audit_turn.c);
 * - a rebuild that came out differently;
 * - what a cloud says (audit_cloud.c).
 *
 * Limit: a release may name compiler 0 as long as no program was logged. */

#define ARENA_SIZE ((size_t)1 << 20)
#define EMBARGO_DAYS 90
#define DAY ((uint64_t)86400)

struct audit *audit_new(struct findings *f, const struct ov_people *people)
{
    struct audit *a = ov_alloc(sizeof(*a));

    if (a == NULL)
        return NULL;
    a->found = f;
    a->people = people;
    a->arena = ov_arena_new(ARENA_SIZE);
    a->table = index_table_new();
    if (a->arena == NULL || a->table == NULL) {
        audit_free(a);
        return NULL;
    }
    return a;
}

void audit_free(struct audit *a)
{
    if (a == NULL)
        return;
    ov_arena_free(a->arena);
    index_table_free(a->table);
    ov_free(a->embargoes);
    ov_free(a->files);
    ov_free(a->feeds);
    ov_free(a->recalls);
    ov_free(a);
}

void *audit_grow(void *list, size_t n, size_t size)
{
    if ((n & (n - 1)) != 0 || (n > 0 && n < 16))
        return list;
    return ov_realloc_array(list, n < 16 ? 16 : n * 2, size);
}

static struct ov_span number_name(const uint64_t *number)
{
    return ov_span_of(number, sizeof(*number));
}

static enum ov_status note_file(struct audit *a, const struct ov_entry *e,
                                const char *name, uint64_t index)
{
    const struct index_item item = {.index = index};
    struct audit_file file = {.size = UINT64_MAX, .index = index};
    struct audit_file *files;

    if (!ov_entry_digest(e, name, file.digest, &file.size)) {
        file.size = UINT64_MAX; /* a digest without a size */
        if (!ov_entry_digest(e, name, file.digest, NULL))
            return OV_OK;
    }
    files = audit_grow(a->files, a->n_files, sizeof(*files));
    if (files == NULL)
        return OV_NO_MEMORY;
    a->files = files;
    a->files[a->n_files++] = file;
    return index_table_put(a->table, SHA, ov_span_of(file.digest, 32), &item);
}

/* One of the history's rules: op, rev, replaces. */
static enum ov_status follow_rule(struct audit *a, const struct ov_entry *e,
                                  uint64_t index, char space)
{
    struct index_item *before;
    struct index_item item = {.index = index};
    struct ov_span id = {0};
    uint64_t replaces = 0;
    bool has_replaces = ov_entry_number(e, "replaces", &replaces);
    bool is_add = ov_entry_is(e, "op", "add");

    (void)ov_entry_value(e, "id", 0, &id);
    (void)ov_entry_number(e, "rev", &item.number);
    item.is_gone = ov_entry_is(e, "op", "retire");
    before = index_table_find(a->table, space, id);
    if (is_add && before != NULL && !before->is_gone)
        finding(a->found, FINDING_RULE_HISTORY, "log", index,
                "%.*s is added, but entry %llu has it", (int)id.len,
                (const char *)id.ptr, (unsigned long long)before->index);
    else if (!is_add && (before == NULL || before->is_gone))
        finding(a->found, FINDING_RULE_HISTORY, "log", index,
                "%.*s is changed, but is not there", (int)id.len,
                (const char *)id.ptr);
    else if (!is_add && (!has_replaces || replaces != before->index))
        finding(a->found, FINDING_RULE_HISTORY, "log", index,
                "%.*s does not replace entry %llu, the one before", (int)id.len,
                (const char *)id.ptr, (unsigned long long)before->index);
    if (item.number != (before == NULL ? 0 : before->number) + 1)
        finding(a->found, FINDING_RULE_HISTORY, "log", index,
                "%.*s has revision %llu after %llu", (int)id.len,
                (const char *)id.ptr, (unsigned long long)item.number,
                (unsigned long long)(before == NULL ? 0 : before->number));
    if (space == RULE) {
        a->n_live -= before != NULL && !before->is_gone;
        a->n_live += !item.is_gone;
        a->last_change = index;
    }
    if (item.is_gone)
        finding(a->found, FINDING_REMOVED, "log", index, "%.*s is retired",
                (int)id.len, (const char *)id.ptr);
    return index_table_put(a->table, space, id, &item);
}

static enum ov_status add_embargo(struct audit *a, const struct ov_entry *e,
                                  uint64_t index, struct ov_span day)
{
    struct embargo *list =
        audit_grow(a->embargoes, a->n_embargoes, sizeof(*list));
    struct embargo *one;
    struct ov_span text = {0};
    uint64_t time = 0;

    if (list == NULL)
        return OV_NO_MEMORY;
    a->embargoes = list;
    one = &list[a->n_embargoes++];
    *one = (struct embargo){.index = index};
    (void)ov_entry_digest(e, "source", one->source, NULL);
    (void)ov_entry_value(e, "time", 0, &text);
    if (!ov_date_parse(day, &one->until) || !ov_time_parse(text, &time) ||
        one->until > time + EMBARGO_DAYS * DAY)
        finding(a->found, FINDING_EMBARGO, "log", index,
                "is secret for more than %d days", EMBARGO_DAYS);
    return OV_OK;
}

static enum ov_status on_rule_change(struct audit *a, const struct ov_entry *e,
                                     uint64_t index)
{
    struct ov_span day;

    OV_TRY(follow_rule(a, e, index, RULE));
    OV_TRY(audit_learn_change(a, e, index));
    OV_TRY(note_file(a, e, "tests", index));
    if (ov_entry_value(e, "embargo", 0, &day))
        return add_embargo(a, e, index, day);
    return note_file(a, e, "source", index);
}

static enum ov_status on_feed(struct audit *a, const struct ov_entry *e,
                              uint64_t index)
{
    struct feed *feeds = audit_grow(a->feeds, a->n_feeds, sizeof(*feeds));
    struct feed *one;

    if (feeds == NULL)
        return OV_NO_MEMORY;
    a->feeds = feeds;
    one = &feeds[a->n_feeds++];
    *one = (struct feed){.manifest = {.index = index}};
    (void)ov_entry_digest(e, "manifest", one->manifest.digest,
                          &one->manifest.size);
    OV_TRY(follow_rule(a, e, index, FEED));
    OV_TRY(note_file(a, e, "tests", index));
    return note_file(a, e, "manifest", index);
}

static enum ov_status on_reveal(struct audit *a, const struct ov_entry *e,
                                uint64_t index)
{
    uint64_t change = NO_INDEX;
    uint8_t source[32] = {0};

    (void)ov_entry_number(e, "change", &change);
    (void)ov_entry_digest(e, "source", source, NULL);
    for (size_t i = 0; i < a->n_embargoes; i++) {
        if (a->embargoes[i].index != change)
            continue;
        if (memcmp(a->embargoes[i].source, source, 32) != 0)
            finding(a->found, FINDING_EMBARGO, "log", index,
                    "reveals another source than entry %llu committed to",
                    (unsigned long long)change);
        a->embargoes[i].is_over = true;
        return note_file(a, e, "source", index);
    }
    finding(a->found, FINDING_EMBARGO, "log", index,
            "reveals entry %llu, which was not secret",
            (unsigned long long)change);
    return OV_OK;
}

static struct channel *channel_of(struct audit *a, struct ov_span name)
{
    struct channel *c;

    for (size_t i = 0; i < a->n_channels; i++) {
        if (ov_span_equal(ov_span_str(a->channels[i].last.channel), name))
            return &a->channels[i];
    }
    if (a->n_channels == MAX_CHANNELS || name.len == 0 ||
        name.len >= sizeof(c->last.channel))
        return NULL;
    c = &a->channels[a->n_channels++];
    memcpy(c->last.channel, name.ptr, name.len);
    return c;
}

static void check_chain(struct audit *a, const struct ov_entry *e,
                        uint64_t index, const struct channel *c)
{
    uint64_t seq = 0;
    uint64_t from = 0;
    uint64_t to = 0;
    uint8_t prev[32];
    bool has_prev = ov_entry_digest(e, "prev", prev, NULL);
    bool is_first = c->last.seq == 0;
    const char *wrong = NULL;

    (void)ov_entry_number(e, "seq", &seq);
    (void)ov_entry_range(e, "changes", &from, &to);
    if (seq != c->last.seq + 1)
        wrong = "is not the next in number";
    else if (has_prev == is_first ||
             (has_prev && memcmp(prev, c->last.digest, 32) != 0))
        wrong = "does not name the release before it";
    else if (from != c->to || to < from)
        wrong = "leaves out or repeats changes";
    else if (to > index)
        wrong = "takes in changes that were not logged before it";
    if (wrong != NULL)
        finding(a->found, FINDING_RELEASE_CHAIN, "log", index,
                "release %llu of %s %s", (unsigned long long)seq,
                c->last.channel, wrong);
}

static void check_compiler(struct audit *a, const struct ov_entry *e,
                           uint64_t index)
{
    const struct index_item *type;
    uint64_t compiler = 0;

    (void)ov_entry_number(e, "compiler", &compiler);
    type = index_table_find(a->table, TYPE, number_name(&compiler));
    if (compiler != 0 &&
        (type == NULL || type->number != (uint64_t)OV_ENTRY_CODE_RELEASE))
        finding(a->found, FINDING_UNLOGGED, "log", index,
                "its compiler, entry %llu, is no logged program",
                (unsigned long long)compiler);
}

static enum ov_status put_release(struct audit *a, const struct channel *c)
{
    OV_AUTO_DONE(buf) name = ov_buf_with_max(256);
    const struct index_item item = {.index = c->last.index};

    ov_put_format(&name, "%s %llu", c->last.channel,
                  (unsigned long long)c->last.seq);
    OV_TRY(ov_buf_status(&name));
    return index_table_put(a->table, RELEASE, ov_buf_span(&name), &item);
}

static enum ov_status on_release(struct audit *a, const struct ov_entry *e,
                                 uint64_t index, struct ov_span bytes)
{
    struct ov_span name = {0};
    struct channel *c;
    uint64_t from;

    (void)ov_entry_value(e, "channel", 0, &name);
    c = channel_of(a, name);
    if (c == NULL) {
        finding(a->found, FINDING_RELEASE_CHAIN, "log", index,
                "too many channels");
        return OV_OK;
    }
    check_chain(a, e, index, c);
    check_compiler(a, e, index);
    (void)ov_entry_number(e, "seq", &c->last.seq);
    (void)ov_entry_range(e, "changes", &from, &c->to);
    c->last.index = index;
    c->last.is_recalled = false;
    OV_TRY(ov_digest(OV_SHA256, bytes, c->last.digest));
    OV_TRY(put_release(a, c));
    OV_TRY(note_file(a, e, "provenance", index));
    return note_file(a, e, "sbom", index);
}

static enum ov_status on_code(struct audit *a, const struct ov_entry *e,
                              uint64_t index)
{
    struct ov_span value;

    /* NAME sha256:HEX SIZE */
    for (size_t n = 0; ov_entry_value(e, "file", n, &value); n++) {
        const struct index_item item = {.index = index};
        struct ov_span word;
        uint8_t digest[32];

        if (ov_span_cut(&value, ' ', &word) &&
            ov_span_cut(&value, ' ', &word) &&
            ov_entry_parse_digest(word, digest))
            OV_TRY(
                index_table_put(a->table, SHA, ov_span_of(digest, 32), &item));
    }
    OV_TRY(note_file(a, e, "provenance", index));
    return note_file(a, e, "sbom", index);
}

static enum ov_status on_key_event(struct audit *a, const struct ov_entry *e,
                                   uint64_t index)
{
    const struct index_item item = {.index = index};
    struct ov_span role = {0};
    uint8_t digest[32];
    uint64_t version = 0;

    (void)ov_entry_value(e, "role", 0, &role);
    (void)ov_entry_number(e, "version", &version);
    finding(a->found, FINDING_KEYS, "log", index, "%.*s, version %llu",
            (int)role.len, (const char *)role.ptr, (unsigned long long)version);
    if (!ov_entry_digest(e, "file", digest, NULL))
        return OV_OK;
    return index_table_put(a->table, SHA, ov_span_of(digest, 32), &item);
}

static enum ov_status on_rebuild(struct audit *a, const struct ov_entry *e,
                                 uint64_t index)
{
    const struct index_item *type;
    uint64_t release = NO_INDEX;

    (void)ov_entry_number(e, "release", &release);
    type = index_table_find(a->table, TYPE, number_name(&release));
    if (type == NULL || type->number != (uint64_t)OV_ENTRY_RELEASE)
        finding(a->found, FINDING_RELEASE_CHAIN, "log", index,
                "rebuilds entry %llu, which is no release",
                (unsigned long long)release);
    else if (!ov_entry_is(e, "result", "same"))
        finding(a->found, FINDING_DIFFERENT, "log", index,
                "entry %llu, compiled again, came out differently",
                (unsigned long long)release);
    return OV_OK;
}

static enum ov_status on_notice(struct audit *a, const struct ov_entry *e,
                                uint64_t index)
{
    struct ov_span id = {0};

    (void)ov_entry_value(e, "id", 0, &id);
    finding(a->found, FINDING_NOTICE, "log", index, "%.*s", (int)id.len,
            (const char *)id.ptr);
    return note_file(a, e, "file", index);
}

static enum ov_status on_attachment(struct audit *a, const struct ov_entry *e,
                                    uint64_t index)
{
    return note_file(a, e, "file", index);
}

static enum ov_status dispatch(struct audit *a, const struct ov_entry *e,
                               uint64_t index, struct ov_span bytes)
{
    static enum ov_status (*const by_type[OV_N_ENTRY])(
        struct audit *, const struct ov_entry *, uint64_t) = {
        [OV_ENTRY_RULE_CHANGE] = on_rule_change,
        [OV_ENTRY_FEED] = on_feed,
        [OV_ENTRY_REVEAL] = on_reveal,
        [OV_ENTRY_RECALL] = audit_on_recall,
        [OV_ENTRY_CODE_RELEASE] = on_code,
        [OV_ENTRY_KEY_EVENT] = on_key_event,
        [OV_ENTRY_REBUILD] = on_rebuild,
        [OV_ENTRY_NOTICE] = on_notice,
        [OV_ENTRY_SBOM] = on_attachment,
        [OV_ENTRY_PROVENANCE] = on_attachment,
        [OV_ENTRY_SNAPSHOT] = audit_on_snapshot,
        [OV_ENTRY_DELTA] = audit_on_delta,
        [OV_ENTRY_KEY_MANIFEST] = audit_on_keys,
        [OV_ENTRY_SUBMISSIONS] = audit_on_submissions,
    };
    const struct index_item type = {.index = index,
                                    .number = (uint64_t)e->type};

    audit_place(a, e, index);
    OV_TRY(index_table_put(a->table, TYPE, number_name(&index), &type));
    if (e->type == OV_ENTRY_RELEASE)
        return on_release(a, e, index, bytes);
    return by_type[e->type] != NULL ? by_type[e->type](a, e, index) : OV_OK;
}

/* Without a people file only the form is judged. */
static enum ov_status open_unsigned(struct audit *a, struct ov_span bytes,
                                    struct ov_entry *ret, struct ov_diag *diag)
{
    struct ov_note *note = ov_arena_alloc(a->arena, sizeof(*note));

    if (note == NULL)
        return OV_NO_MEMORY;
    if (ov_note_parse(a->arena, bytes, note) != OV_OK)
        return ov_diag_set(diag, OV_MALFORMED, 0, "is not a signed note");
    return ov_entry_parse(note->text, ret, diag);
}

static enum ov_status open_entry(struct audit *a, uint64_t index,
                                 struct ov_span bytes, struct ov_entry **ret,
                                 struct ov_diag *diag)
{
    struct ov_opened *o = ov_arena_alloc(a->arena, sizeof(*o));

    if (o == NULL)
        return OV_NO_MEMORY;
    *ret = &o->entry;
    if (a->people == NULL)
        return open_unsigned(a, bytes, &o->entry, diag);
    return ov_entry_open(a->arena, bytes, a->people, index, o, diag);
}

static enum ov_status judge(struct audit *a, uint64_t index,
                            struct ov_span bytes)
{
    const struct index_item item = {.index = index};
    struct ov_diag diag = {0};
    struct ov_entry *e = NULL;
    enum ov_status status;

    ov_arena_reset(a->arena, ARENA_SIZE);
    OV_TRY(ov_digest(OV_SHA256, bytes, a->digest));
    OV_TRY(index_table_put(a->table, ENTRY, ov_span_of(a->digest, 32), &item));
    status = open_entry(a, index, bytes, &e, &diag);
    if (status == OV_NO_MEMORY)
        return status;
    if (status == OV_OK)
        return dispatch(a, e, index, bytes);
    finding(a->found,
            status == OV_BAD_SIGNATURE ? FINDING_UNAUTHORIZED
                                       : FINDING_BAD_ENTRY,
            "log", index, "%s",
            diag.text[0] != '\0' ? diag.text : ov_status_name(status));
    return OV_OK;
}

enum ov_status audit_entry(struct audit *a, uint64_t index,
                           struct ov_span bytes)
{
    uint8_t leaf[OV_MERKLE_HASH];

    OV_TRY(judge(a, index, bytes));
    ov_merkle_leaf(bytes, leaf);
    ov_merkle_stack_add(&a->tree, leaf);
    return OV_OK;
}

void audit_time(struct audit *a, uint64_t now)
{
    for (size_t i = 0; i < a->n_embargoes; i++) {
        const struct embargo *e = &a->embargoes[i];

        if (!e->is_over && e->until + DAY <= now)
            finding(a->found, FINDING_EMBARGO, "log", e->index,
                    "its source should have been revealed by now");
    }
}

const struct audit_release *audit_release(const struct audit *a, size_t i)
{
    return i < a->n_channels ? &a->channels[i].last : NULL;
}

bool audit_has_entry(struct audit *a, struct ov_span bytes, uint64_t *ret)
{
    uint8_t digest[OV_DIGEST_MAX];
    const struct index_item *item;

    if (ov_digest(OV_SHA256, bytes, digest) != OV_OK)
        return false;
    item = index_table_find(a->table, ENTRY, ov_span_of(digest, 32));
    if (item == NULL)
        return false;
    *ret = item->index;
    return true;
}

bool audit_is_entry(struct audit *a, const uint8_t digest[static 32])
{
    return index_table_find(a->table, ENTRY, ov_span_of(digest, 32)) != NULL;
}

bool audit_names_file(struct audit *a, const uint8_t digest[static 32])
{
    return index_table_find(a->table, SHA, ov_span_of(digest, 32)) != NULL;
}

bool audit_file(const struct audit *a, size_t i, struct audit_file *ret)
{
    if (i >= a->n_files)
        return false;
    *ret = a->files[i];
    return true;
}
