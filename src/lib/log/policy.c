/* SPDX-License-Identifier: Apache-2.0 */
#include "log/policy.h"

#include "base/text.h"

/* Policies, c2sp.org/tlog-policy:
 *
 *     log VKEY [URL]
 *     witness NAME VKEY [URL]
 *     group NAME all|any|K NAME...
 *     quorum NAME|none
 *
 * A name is defined before it is used, and is a member of one group at most;
 * so members fit in two masks, groups are evaluated in their order, and nothing
 * is counted twice. Two keys that are the same key are refused, whatever their
 * names: thresholds count keys. Names are octets. At most 64 logs, witnesses
 * and groups each (the specification asks for 32). */

struct parser {
    struct ov_policy policy;
    struct ov_span rest; /* of the line */
    struct ov_diag *diag;
    unsigned line;
    uint64_t witness_members; /* witnesses that are in some group */
    uint64_t group_members;
    bool has_quorum;
};

static enum ov_status bad(struct parser *p, const char *text)
{
    return ov_diag_set(p->diag, OV_MALFORMED, p->line, "%s", text);
}

static bool is_blank(uint8_t c)
{
    return c == ' ' || c == '\t';
}

/* The next word of the line; empty at its end. */
static struct ov_span next_word(struct parser *p)
{
    struct ov_span s = p->rest;
    size_t start = 0;
    size_t end;

    while (start < s.len && is_blank(s.ptr[start]))
        start++;
    end = start;
    while (end < s.len && !is_blank(s.ptr[end]))
        end++;
    p->rest = ov_span_clip(s, end, s.len);
    return ov_span_clip(s, start, end - start);
}

/* An optional URL, and then nothing. */
static enum ov_status parse_url(struct parser *p, struct ov_span *ret)
{
    *ret = next_word(p);
    return next_word(p).len == 0 ? OV_OK : bad(p, "too many words");
}

static enum ov_status parse_key(struct parser *p, struct ov_span word,
                                struct ov_vkey *ret)
{
    enum ov_status s = ov_vkey_parse(word, ret);

    if (s == OV_UNSUPPORTED)
        return bad(p, "a key of an unknown type");
    return s == OV_OK ? OV_OK : bad(p, "this is no verifier key");
}

static enum ov_status parse_log(struct parser *p)
{
    struct ov_policy *to = &p->policy;
    struct ov_policy_log log = {.url = {0}};

    OV_TRY(parse_key(p, next_word(p), &log.key));
    OV_TRY(parse_url(p, &log.url));
    if (log.key.alg == OV_NOTE_COSIGN_ED25519)
        return bad(p, "this is a witness's type of key, not a log's");
    for (size_t i = 0; i < to->n_logs; i++) {
        if (ov_vkey_same_key(&to->logs[i].key, &log.key))
            return bad(p, "the same log key twice");
    }
    if (to->n_logs == OV_POLICY_MAX)
        return ov_diag_set(p->diag, OV_LIMIT_COUNT, p->line, "too many logs");
    to->logs[to->n_logs++] = log;
    return OV_OK;
}

/* The index of a name among witnesses, or among groups; SIZE_MAX if none. */
static size_t find_witness(const struct ov_policy *p, struct ov_span name)
{
    for (size_t i = 0; i < p->n_witnesses; i++) {
        if (ov_span_equal(p->witnesses[i].name, name))
            return i;
    }
    return SIZE_MAX;
}

static size_t find_group(const struct ov_policy *p, struct ov_span name)
{
    for (size_t i = 0; i < p->n_groups; i++) {
        if (ov_span_equal(p->groups[i].name, name))
            return i;
    }
    return SIZE_MAX;
}

static enum ov_status parse_new_name(struct parser *p, struct ov_span *ret)
{
    struct ov_span name = next_word(p);

    if (name.len == 0)
        return bad(p, "a name is missing");
    if (ov_span_equal(name, OV_SPAN_LIT("none")))
        return bad(p, "the name none has a meaning already");
    if (find_witness(&p->policy, name) != SIZE_MAX ||
        find_group(&p->policy, name) != SIZE_MAX)
        return bad(p, "this name is defined already");
    *ret = name;
    return OV_OK;
}

static enum ov_status parse_witness(struct parser *p)
{
    struct ov_policy *to = &p->policy;
    struct ov_policy_witness w = {.url = {0}};

    OV_TRY(parse_new_name(p, &w.name));
    OV_TRY(parse_key(p, next_word(p), &w.key));
    OV_TRY(parse_url(p, &w.url));
    if (w.key.alg == OV_NOTE_ED25519)
        return bad(p, "this is a log's type of key, not a witness's");
    for (size_t i = 0; i < to->n_witnesses; i++) {
        if (ov_vkey_same_key(&to->witnesses[i].key, &w.key))
            return bad(p, "the same witness key twice");
    }
    if (to->n_witnesses == OV_POLICY_MAX)
        return ov_diag_set(p->diag, OV_LIMIT_COUNT, p->line,
                           "too many witnesses");
    to->witnesses[to->n_witnesses++] = w;
    return OV_OK;
}

/* Adds one member; each name is a member once in the whole policy. */
static enum ov_status add_member(struct parser *p, struct ov_span name,
                                 struct ov_policy_group *g)
{
    size_t witness = find_witness(&p->policy, name);
    size_t group = find_group(&p->policy, name);
    bool is_group = witness == SIZE_MAX;
    uint64_t *taken = is_group ? &p->group_members : &p->witness_members;
    uint64_t bit;

    if (is_group && group == SIZE_MAX)
        return bad(p, "a member that is not defined above");
    bit = UINT64_C(1) << (is_group ? group : witness);
    if ((*taken & bit) != 0)
        return bad(p, "a name is a member already");
    *taken |= bit;
    *(is_group ? &g->groups : &g->witnesses) |= bit;
    return OV_OK;
}

static unsigned count_members(const struct ov_policy_group *g)
{
    return (unsigned)(__builtin_popcountll(g->witnesses) +
                      __builtin_popcountll(g->groups));
}

static enum ov_status parse_threshold(struct parser *p, struct ov_span word,
                                      unsigned n_members, unsigned *ret)
{
    uint64_t k;

    if (ov_span_equal(word, OV_SPAN_LIT("all"))) {
        *ret = n_members;
        return OV_OK;
    }
    if (ov_span_equal(word, OV_SPAN_LIT("any")))
        k = 1;
    else if (!ov_parse_uint(word, n_members, &k) || k == 0)
        return bad(p, "a threshold is all, any, or a number from 1 to the "
                      "number of members");
    *ret = (unsigned)k;
    return OV_OK;
}

static enum ov_status parse_group(struct parser *p)
{
    struct ov_policy *to = &p->policy;
    struct ov_policy_group g = {.threshold = 0};
    struct ov_span threshold;

    OV_TRY(parse_new_name(p, &g.name));
    threshold = next_word(p);
    for (;;) {
        struct ov_span name = next_word(p);

        if (name.len == 0)
            break;
        OV_TRY(add_member(p, name, &g));
    }
    if (count_members(&g) == 0)
        return bad(p, "a group needs members");
    OV_TRY(parse_threshold(p, threshold, count_members(&g), &g.threshold));
    if (to->n_groups == OV_POLICY_MAX)
        return ov_diag_set(p->diag, OV_LIMIT_COUNT, p->line, "too many groups");
    to->groups[to->n_groups++] = g;
    return OV_OK;
}

static enum ov_status parse_quorum(struct parser *p)
{
    struct ov_policy *to = &p->policy;
    struct ov_span name = next_word(p);
    size_t witness = find_witness(to, name);
    size_t group = find_group(to, name);

    if (p->has_quorum)
        return bad(p, "a second quorum");
    if (name.len == 0 || next_word(p).len != 0)
        return bad(p, "quorum takes one name");
    p->has_quorum = true;
    if (ov_span_equal(name, OV_SPAN_LIT("none")))
        return OV_OK;
    if (witness == SIZE_MAX && group == SIZE_MAX)
        return bad(p, "the quorum is not defined above");
    to->quorum = witness != SIZE_MAX ? OV_QUORUM_WITNESS : OV_QUORUM_GROUP;
    to->quorum_index = witness != SIZE_MAX ? witness : group;
    return OV_OK;
}

static const struct {
    const char *word;
    enum ov_status (*parse)(struct parser *p);
} lines[] = {
    {"log", parse_log},
    {"witness", parse_witness},
    {"group", parse_group},
    {"quorum", parse_quorum},
};

/* tlog-policy, "Character set". */
static bool line_is_valid(struct ov_span line)
{
    for (size_t i = 0; i < line.len; i++) {
        uint8_t c = line.ptr[i];

        if ((c < 0x20 && c != '\t') || c == 0x7f)
            return false;
    }
    return true;
}

static enum ov_status parse_line(struct parser *p, struct ov_span line)
{
    struct ov_span word;

    if (!line_is_valid(line))
        return bad(p, "a control character");
    p->rest = line;
    word = next_word(p);
    if (word.len == 0 || word.ptr[0] == '#')
        return OV_OK;
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        if (ov_span_equal(word, ov_span_str(lines[i].word)))
            return lines[i].parse(p);
    }
    return bad(p, "a line is log, witness, group, quorum, or # for a comment");
}

static enum ov_status allocate(struct ov_arena *a, struct ov_policy *p)
{
    p->logs = ov_arena_array(a, OV_POLICY_MAX, sizeof(*p->logs));
    p->witnesses = ov_arena_array(a, OV_POLICY_MAX, sizeof(*p->witnesses));
    p->groups = ov_arena_array(a, OV_POLICY_MAX, sizeof(*p->groups));
    return p->logs != NULL && p->witnesses != NULL && p->groups != NULL
               ? OV_OK
               : OV_NO_MEMORY;
}

enum ov_status ov_policy_parse(struct ov_arena *a, struct ov_span text,
                               struct ov_policy *ret, struct ov_diag *diag)
{
    struct parser p = {.diag = diag};

    if (text.len > OV_POLICY_MAX_SIZE)
        return ov_diag_set(diag, OV_LIMIT_SIZE, 0, "the policy is too long");
    OV_TRY(allocate(a, &p.policy));
    while (text.len != 0) {
        struct ov_span line;

        p.line++;
        if (!ov_span_cut(&text, '\n', &line))
            return bad(&p, "the last line does not end in a newline");
        OV_TRY(parse_line(&p, line));
    }
    if (!p.has_quorum)
        return bad(&p, "there is no quorum line");
    *ret = p.policy;
    return OV_OK;
}

bool ov_policy_quorum(const struct ov_policy *p, uint64_t witnesses)
{
    uint64_t reached = 0;

    if (p->quorum == OV_QUORUM_NONE)
        return true;
    if (p->quorum == OV_QUORUM_WITNESS)
        return (witnesses >> p->quorum_index & 1) != 0;
    for (size_t i = 0; i <= p->quorum_index; i++) {
        const struct ov_policy_group *g = &p->groups[i];
        int n = __builtin_popcountll(g->witnesses & witnesses) +
                __builtin_popcountll(g->groups & reached);

        if (n >= (int)g->threshold)
            reached |= UINT64_C(1) << i;
    }
    return (reached >> p->quorum_index & 1) != 0;
}

/* Whether one of the logs with this origin signed; a bad signature by any of
 * them refuses. */
static enum ov_status check_logs(const struct ov_policy *p,
                                 const struct ov_note *n,
                                 struct ov_policy_result *r)
{
    bool is_signed = false;

    for (size_t i = 0; i < p->n_logs; i++) {
        const struct ov_vkey *k = &p->logs[i].key;
        uint64_t time;

        for (size_t s = 0; s < n->n_sigs; s++) {
            enum ov_status status;

            if (!ov_note_signature_is_of(&n->sigs[s], k))
                continue;
            status = ov_vkey_verify(k, n->text, n->sigs[s].bytes, &time);
            if (status == OV_UNSUPPORTED)
                continue;
            OV_TRY(status);
            if (!is_signed &&
                ov_span_equal(ov_span_str(k->name), r->checkpoint.origin)) {
                r->log = i;
                is_signed = true;
            }
        }
    }
    return is_signed ? OV_OK : OV_BAD_SIGNATURE;
}

/* The cosignatures of witness w: the newest good one counts. */
static enum ov_status check_witness(const struct ov_policy *p,
                                    const struct ov_note *n, size_t w,
                                    struct ov_policy_result *r)
{
    uint64_t bit = UINT64_C(1) << w;

    for (size_t s = 0; s < n->n_sigs; s++) {
        const struct ov_vkey *k = &p->witnesses[w].key;
        enum ov_status status;
        uint64_t time = 0;

        if (!ov_note_signature_is_of(&n->sigs[s], k))
            continue;
        status = ov_vkey_verify(k, n->text, n->sigs[s].bytes, &time);
        if (status == OV_UNSUPPORTED) {
            r->unverifiable |= bit;
            continue;
        }
        OV_TRY(status);
        r->cosigners |= bit;
        if (time > r->times[w])
            r->times[w] = time;
    }
    if (r->times[w] > r->newest)
        r->newest = r->times[w];
    return OV_OK;
}

/* Those whose cosignature is not older than time. */
static uint64_t not_older(const struct ov_policy_result *r, uint64_t time)
{
    uint64_t which = 0;

    for (size_t w = 0; w < OV_POLICY_MAX; w++) {
        if ((r->cosigners >> w & 1) != 0 && r->times[w] >= time)
            which |= UINT64_C(1) << w;
    }
    return which;
}

static uint64_t vouched_time(const struct ov_policy *p,
                             const struct ov_policy_result *r)
{
    uint64_t best = 0;

    if (p->quorum == OV_QUORUM_NONE)
        return 0;
    for (size_t w = 0; w < p->n_witnesses; w++) {
        if (r->times[w] > best &&
            ov_policy_quorum(p, not_older(r, r->times[w])))
            best = r->times[w];
    }
    return best;
}

enum ov_status ov_policy_check(const struct ov_policy *p,
                               const struct ov_note *n,
                               const struct ov_policy_clock *clock,
                               struct ov_policy_result *ret_result)
{
    struct ov_policy_result r = {.log = 0};
    uint64_t oldest = 0;

    OV_TRY(ov_checkpoint_parse(n->text, &r.checkpoint));
    OV_TRY(check_logs(p, n, &r));
    for (size_t w = 0; w < p->n_witnesses; w++)
        OV_TRY(check_witness(p, n, w, &r));
    if (clock != NULL && clock->max_age != 0 && clock->now > clock->max_age)
        oldest = clock->now - clock->max_age;
    r.fresh = not_older(&r, oldest);
    r.vouched = vouched_time(p, &r);
    *ret_result = r;
    if (!ov_policy_quorum(p, r.cosigners))
        return OV_BAD_PROOF;
    return ov_policy_quorum(p, r.fresh) ? OV_OK : OV_EXPIRED;
}
