/* SPDX-License-Identifier: Apache-2.0 */
#include "trust/people.h"

#include "base/text.h"

/* Who may say what in the log, and whether an entry was said by enough of them.
 *
 *     overt.example/people/v1
 *     need people 2
 *     person p-07 p-07.people.overt.example+7a2b01c3+AZ... 0 -
 *
 * The order of the log is the clock: a key is valid from one index up to
 * another. What is counted is public keys. So that this needs no thought later,
 * the parser refuses a file in which one public key, or one name, is valid
 * twice at any index: after that, keys valid at an index are distinct, and so
 * are the people behind an author line. */

static const struct {
    const char *one;
    const char *many;
} group_names[OV_N_PEOPLE_GROUP] = {
    [OV_PERSON] = {"person", "people"},
    [OV_BUILDER] = {"builder", "builders"},
    [OV_CI] = {"ci", "ci"},
    [OV_REBUILDER] = {"rebuilder", "rebuilders"},
    [OV_LEGAL] = {"legal", "legal"},
    [OV_TRUSTEE] = {"trustee", "trustees"},
};

const char *ov_people_group_name(enum ov_people_group group, bool is_plural)
{
    return is_plural ? group_names[group].many : group_names[group].one;
}

struct parse {
    struct ov_span text;
    unsigned line; /* number of the one that was read last */
    struct ov_people *people;
    struct ov_diag *diag;
};

static enum ov_status refuse(struct parse *p, const char *why)
{
    return ov_diag_set(p->diag, OV_MALFORMED, p->line, "%s", why);
}

/* A decimal number in the spelling that ov_put_people writes. */
static bool parse_plain(struct ov_span s, uint64_t *ret)
{
    return (s.len == 1 || ov_span_byte(s, 0) != '0') &&
           ov_parse_uint(s, UINT64_MAX - 1, ret);
}

static enum ov_status next_line(struct parse *p, struct ov_span *ret)
{
    p->line++;
    if (!ov_span_cut(&p->text, '\n', ret))
        return refuse(p, "a line is missing, or the last one does not end");
    return OV_OK;
}

static enum ov_status parse_head(struct parse *p)
{
    struct ov_span line;

    OV_TRY(next_line(p, &line));
    if (!ov_span_cut(&line, '/', &p->people->instance) ||
        p->people->instance.len == 0 ||
        !ov_key_name_is_valid(p->people->instance) ||
        !ov_span_equal(line, OV_SPAN_LIT("people/v1")))
        return refuse(p, "the first line is not INSTANCE/people/v1");
    return OV_OK;
}

/* "need people 2", for each group in its order. Threshold 0 switches nothing
 * off but groups that an instance may do without. An instance that never speaks
 * of requests has no line for those who do. */
static enum ov_status parse_needs(struct parse *p)
{
    for (size_t i = 0; i < OV_N_PEOPLE_GROUP; i++) {
        bool may_be_none = i == OV_CI || i == OV_REBUILDER || i == OV_TRUSTEE;
        struct ov_span line;
        struct ov_span need;
        struct ov_span group;
        uint64_t n;

        if (i == OV_LEGAL && !ov_span_starts(p->text, OV_SPAN_LIT("need ")))
            break;
        OV_TRY(next_line(p, &line));
        if (!ov_span_cut(&line, ' ', &need) ||
            !ov_span_equal(need, OV_SPAN_LIT("need")) ||
            !ov_span_cut(&line, ' ', &group) ||
            !ov_span_equal(group, ov_span_str(group_names[i].many)) ||
            !parse_plain(line, &n) || n > OV_NOTE_MAX_SIGS ||
            (n == 0 && !may_be_none))
            return refuse(p, "not \"need GROUP NUMBER\" in the fixed order");
        p->people->need[i] = (unsigned)n;
    }
    return OV_OK;
}

static bool overlap(const struct ov_people_key *a,
                    const struct ov_people_key *b)
{
    return a->from < b->to && b->from < a->to;
}

static enum ov_status check_unique(struct parse *p,
                                   const struct ov_people_key *key)
{
    for (size_t i = 0; i < p->people->n_keys; i++) {
        const struct ov_people_key *other = &p->people->keys[i];

        if (!overlap(key, other))
            continue;
        if (memcmp(key->key.key, other->key.key, sizeof(key->key.key)) == 0)
            return refuse(p, "the same public key is valid twice");
        if (key->group == other->group && ov_span_equal(key->name, other->name))
            return refuse(p, "two keys of one name are valid at once");
    }
    return OV_OK;
}

/* People: NAME.people.INSTANCE; builders, ci and legal: NAME.INSTANCE.
 * Rebuilders and trustees are strangers, with names of their own. */
static bool name_fits(const struct ov_people *p,
                      const struct ov_people_key *key)
{
    struct ov_span rest = ov_span_str(key->key.name);
    struct ov_span middle =
        key->group == OV_PERSON ? OV_SPAN_LIT(".people.") : OV_SPAN_LIT(".");

    if (key->group == OV_REBUILDER || key->group == OV_TRUSTEE)
        return true;
    if (!ov_span_starts(rest, key->name))
        return false;
    rest = ov_span_clip(rest, key->name.len, rest.len);
    return ov_span_starts(rest, middle) &&
           ov_span_equal(ov_span_clip(rest, middle.len, rest.len), p->instance);
}

static bool parse_group(struct ov_span word, enum ov_people_group *ret)
{
    for (size_t i = 0; i < OV_N_PEOPLE_GROUP; i++) {
        if (ov_span_equal(word, ov_span_str(group_names[i].one))) {
            *ret = (enum ov_people_group)i;
            return true;
        }
    }
    return false;
}

static bool is_name(struct ov_span s)
{
    for (size_t i = 0; i < s.len; i++) {
        uint8_t c = (uint8_t)ov_span_byte(s, i);

        if (!ov_is_alnum(c) && c != '-')
            return false;
    }
    return s.len > 0 && s.len <= 64;
}

/* In the one spelling that we write. */
static bool parse_vkey(struct ov_span text, struct ov_vkey *ret)
{
    OV_AUTO_DONE(buf) again = ov_buf_with_max(1024);

    if (ov_vkey_parse(text, ret) != OV_OK || ret->alg != OV_NOTE_ED25519)
        return false;
    ov_put_vkey(&again, ret);
    return ov_buf_status(&again) == OV_OK &&
           ov_span_equal(ov_buf_span(&again), text);
}

/* "person p-07 VKEY FROM TO" */
static enum ov_status parse_key(struct parse *p, struct ov_span line)
{
    struct ov_people_key key = {.to = UINT64_MAX};
    struct ov_span group;
    struct ov_span vkey;
    struct ov_span from;

    if (!ov_span_cut(&line, ' ', &group) || !parse_group(group, &key.group) ||
        !ov_span_cut(&line, ' ', &key.name) || !is_name(key.name) ||
        !ov_span_cut(&line, ' ', &vkey) || !ov_span_cut(&line, ' ', &from) ||
        !parse_plain(from, &key.from))
        return refuse(p, "not \"GROUP NAME KEY FROM TO\"");
    if (!ov_span_equal(line, OV_SPAN_LIT("-")) &&
        (!parse_plain(line, &key.to) || key.to < key.from))
        return refuse(p, "a key's last index is neither \"-\" nor after its "
                         "first");
    if (!parse_vkey(vkey, &key.key))
        return refuse(p, "not an Ed25519 verifier key");
    if (!name_fits(p->people, &key))
        return refuse(p, "a key's own name is not that of its owner here");
    if (p->people->n_keys == OV_PEOPLE_MAX_KEYS)
        return ov_diag_set(p->diag, OV_LIMIT_COUNT, p->line, "too many keys");
    OV_TRY(check_unique(p, &key));
    p->people->keys[p->people->n_keys++] = key;
    return OV_OK;
}

static size_t count_lines(struct ov_span text)
{
    size_t n = 0;
    struct ov_span line;

    while (ov_span_cut(&text, '\n', &line))
        n++;
    return n < OV_PEOPLE_MAX_KEYS ? n : OV_PEOPLE_MAX_KEYS;
}

enum ov_status ov_people_parse(struct ov_arena *a, struct ov_span text,
                               struct ov_people *ret, struct ov_diag *diag)
{
    struct ov_people people = {0};
    struct parse p = {.text = text, .people = &people, .diag = diag};

    if (text.len > OV_PEOPLE_MAX_SIZE)
        return ov_diag_set(diag, OV_LIMIT_SIZE, 0, "too long");
    people.keys = ov_arena_array(a, count_lines(text), sizeof(*people.keys));
    if (people.keys == NULL)
        return OV_NO_MEMORY;
    OV_TRY(parse_head(&p));
    OV_TRY(parse_needs(&p));
    while (p.text.len > 0) {
        struct ov_span line;

        OV_TRY(next_line(&p, &line));
        OV_TRY(parse_key(&p, line));
    }
    *ret = people;
    return OV_OK;
}

void ov_put_people(struct ov_buf *b, const struct ov_people *p)
{
    ov_put_span(b, p->instance);
    ov_put_str(b, "/people/v1\n");
    for (size_t i = 0; i < OV_N_PEOPLE_GROUP; i++) {
        if (i < OV_LEGAL || p->need[OV_LEGAL] > 0)
            ov_put_format(b, "need %s %u\n", group_names[i].many, p->need[i]);
    }
    for (size_t i = 0; i < p->n_keys; i++) {
        const struct ov_people_key *k = &p->keys[i];

        ov_put_format(b, "%s ", group_names[k->group].one);
        ov_put_span(b, k->name);
        ov_put_u8(b, ' ');
        ov_put_vkey(b, &k->key);
        ov_put_format(b, " %llu ", (unsigned long long)k->from);
        if (k->to == UINT64_MAX)
            ov_put_str(b, "-\n");
        else
            ov_put_format(b, "%llu\n", (unsigned long long)k->to);
    }
}

static bool is_valid_at(const struct ov_people_key *k, uint64_t index)
{
    return k->from <= index && index < k->to;
}

const struct ov_people_key *ov_people_find(const struct ov_people *p,
                                           enum ov_people_group group,
                                           struct ov_span name, uint64_t index)
{
    for (size_t i = 0; i < p->n_keys; i++) {
        const struct ov_people_key *k = &p->keys[i];

        if (k->group == group && is_valid_at(k, index) &&
            ov_span_equal(k->name, name))
            return k;
    }
    return NULL;
}

/* One signature against the key that it names, if the file has it. A key's
 * second signature is verified, too, and counts once. */
static enum ov_status add_signer(const struct ov_people *p,
                                 const struct ov_note *n, size_t which,
                                 uint64_t index, struct ov_signers *signers)
{
    for (size_t i = 0; i < p->n_keys; i++) {
        const struct ov_people_key *k = &p->keys[i];
        bool is_known = false;
        uint64_t time;

        if (!is_valid_at(k, index) ||
            !ov_note_signature_is_of(&n->sigs[which], &k->key))
            continue;
        OV_TRY(ov_vkey_verify(&k->key, n->text, n->sigs[which].bytes, &time));
        for (size_t j = 0; j < signers->n; j++)
            is_known |= signers->list[j] == k;
        if (!is_known) {
            signers->list[signers->n++] = k;
            signers->count[k->group]++;
        }
    }
    return OV_OK;
}

enum ov_status ov_people_signers(const struct ov_people *p,
                                 const struct ov_note *n, uint64_t index,
                                 struct ov_signers *ret)
{
    struct ov_signers signers = {0};

    for (size_t i = 0; i < n->n_sigs; i++)
        OV_TRY(add_signer(p, n, i, index, &signers));
    *ret = signers;
    return OV_OK;
}

static bool is_among(const struct ov_signers *signers,
                     enum ov_people_group group, struct ov_span author)
{
    for (size_t i = 0; i < signers->n; i++) {
        if (signers->list[i]->group == group &&
            ov_span_equal(signers->list[i]->name, author))
            return true;
    }
    return false;
}

enum ov_status ov_people_check(const struct ov_people *p,
                               const struct ov_entry *e,
                               const struct ov_signers *signers,
                               struct ov_diag *diag)
{
    struct ov_entry_needs needs = ov_entry_needs(e->type);
    const bool needed[OV_N_PEOPLE_GROUP] = {
        [OV_PERSON] = needs.people, [OV_BUILDER] = needs.builders,
        [OV_CI] = needs.ci,         [OV_REBUILDER] = needs.rebuilders,
        [OV_LEGAL] = needs.legal,   [OV_TRUSTEE] = needs.trustees,
    };
    enum ov_people_group speaks = needs.legal ? OV_LEGAL : OV_PERSON;
    struct ov_span author;

    if (!ov_span_equal(e->instance, p->instance))
        return ov_diag_set(diag, OV_BAD_SIGNATURE, 1,
                           "an entry of another instance");
    for (size_t i = 0; i < OV_N_PEOPLE_GROUP; i++) {
        if (needed[i] && signers->count[i] < p->need[i])
            return ov_diag_set(diag, OV_BAD_SIGNATURE, 0,
                               "signed by %u of %u %s", signers->count[i],
                               p->need[i], group_names[i].many);
    }
    if (signers->n == 0)
        return ov_diag_set(diag, OV_BAD_SIGNATURE, 0, "signed by nobody known");
    if (needed[speaks] && ov_entry_value(e, "author", 0, &author) &&
        !is_among(signers, speaks, author))
        return ov_diag_set(diag, OV_BAD_SIGNATURE, 0,
                           "not signed by its author");
    return OV_OK;
}

enum ov_status ov_entry_open(struct ov_arena *a, struct ov_span note,
                             const struct ov_people *p, uint64_t index,
                             struct ov_opened *ret, struct ov_diag *diag)
{
    struct ov_note *n = ov_arena_alloc(a, sizeof(*n));
    struct ov_opened *o = ov_arena_alloc(a, sizeof(*o));
    enum ov_status status;

    if (n == NULL || o == NULL)
        return OV_NO_MEMORY;
    if (note.len > OV_ENTRY_MAX)
        return ov_diag_set(diag, OV_LIMIT_SIZE, 0, "longer than 65535 bytes");
    status = ov_note_parse(a, note, n);
    if (status != OV_OK)
        return ov_diag_set(diag, status, 0, "not a signed note");
    status = ov_people_signers(p, n, index, &o->signers);
    if (status != OV_OK)
        return ov_diag_set(diag, status, 0,
                           "a signature by a known key does not hold");
    OV_TRY(ov_entry_parse(n->text, &o->entry, diag));
    OV_TRY(ov_people_check(p, &o->entry, &o->signers, diag));
    *ret = *o;
    return OV_OK;
}
