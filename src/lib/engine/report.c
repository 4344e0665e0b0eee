/* SPDX-License-Identifier: Apache-2.0 */
#include "base/assert.h"
#include "engine/scan_state.h"

/* What a scan found goes out here, past the allow lists. As in ClamAV, a digest
 * on an allow list clears the object it belongs to and everything inside. */

static bool is_allowed_by(struct ov_scan *scan, size_t tier,
                          const struct ov_hash_key *key)
{
    struct ov_scanner *s = scan->scanner;
    struct ov_hash_view rule;

    for (size_t n = 0;
         ov_lookup_hash(s->images[tier], key, n, s->scratch, &rule); n++)
        if (rule.is_allowed &&
            !ov_silenced_has(&s->silenced, tier, rule.name, rule.source))
            return true;
    return false;
}

static bool has_allowed_digest(struct ov_scan *scan, struct ov_object *o)
{
    struct ov_scanner *s = scan->scanner;
    uint32_t wanted = o->regions != NULL
                          ? 0
                          : ov_tiers_wanted(s, OV_HASH_OF_OBJECT, o->bytes.len);

    for (int kind = 0; kind < OV_N_DIGEST; kind++) {
        struct ov_hash_key key = {.of = OV_HASH_OF_OBJECT,
                                  .kind = (enum ov_digest_kind)kind,
                                  .size = o->bytes.len};

        if ((wanted & 1u << kind) == 0)
            continue;
        key.digest = ov_object_digest(o, key.kind);
        for (size_t i = 0; key.digest != NULL && i < s->n_tiers; i++)
            if (is_allowed_by(scan, i, &key))
                return true;
    }
    return false;
}

static bool is_allowed(struct ov_scan *scan)
{
    for (size_t i = 0; i <= scan->top; i++) {
        struct ov_frame *f = &scan->scanner->frames[i];

        if (f->allowed == OV_ALLOWED_UNKNOWN)
            f->allowed = has_allowed_digest(scan, &f->object) ? OV_ALLOWED_YES
                                                              : OV_ALLOWED_NO;
        if (f->allowed == OV_ALLOWED_YES)
            return true;
    }
    return false;
}

static struct ov_object_path path_of(struct ov_scan *scan)
{
    struct ov_span *names =
        ov_arena_array(scan->scanner->names, scan->top, sizeof(*names));

    if (names == NULL)
        return (struct ov_object_path){NULL, 0};
    for (size_t i = 0; i < scan->top; i++)
        names[i] = scan->scanner->frames[i + 1].object.name;
    return (struct ov_object_path){names, scan->top};
}

/* Whether it is new: a scan that was void has told the first ones. */
static bool is_to_tell(struct ov_scan *scan)
{
    if (scan->n_to_skip > 0) {
        scan->n_to_skip--;
        return false;
    }
    scan->n_findings++;
    return true;
}

void ov_report_tell_detection(struct ov_scan *scan,
                              const struct ov_detection *d)
{
    if (is_to_tell(scan) && scan->findings->detection != NULL)
        scan->findings->detection(scan->findings->data, d);
}

void ov_report_tell_inconclusive(struct ov_scan *scan,
                                 const struct ov_inconclusive *i)
{
    if (is_to_tell(scan) && scan->findings->inconclusive != NULL)
        scan->findings->inconclusive(scan->findings->data, i);
}

void ov_report_tell_console(struct ov_scan *scan, struct ov_span lines)
{
    if (is_to_tell(scan) && scan->findings->console != NULL)
        scan->findings->console(scan->findings->data, lines);
}

/* Of an alert that waits for the scan's end: rules come first, also those that
 * other shards find. */
#define ALERT_ORDER (UINT64_MAX - 1)

/* A rule for unwanted software is in the category of its name,
 * "PUA.Win.Tool.X":
 * ".Win.Tool."; also in parts of that, between dots. */
static bool is_of_wanted_category(const struct ov_scan *scan,
                                  struct ov_span rule)
{
    struct ov_span prefix = OV_SPAN_LIT("PUA.");
    struct ov_span wanted = scan->options->unwanted;
    struct ov_span category;
    bool is_listed = false;
    size_t end = rule.len;

    if (wanted.len == 0)
        return true;
    if (!ov_span_has_at(rule, 0, prefix))
        return false;
    while (end > 0 && ov_span_byte(rule, end - 1) != '.')
        end--;
    category = ov_span_clip(rule, prefix.len - 1, end - (prefix.len - 1));
    for (size_t at = 0; at + 1 < wanted.len && !is_listed;) {
        size_t next = ov_span_find_byte(wanted, ',', at + 1);

        if (next == SIZE_MAX)
            next = wanted.len;
        is_listed = ov_span_find(category, ov_span_clip(wanted, at, next - at),
                                 0) != SIZE_MAX;
        at = next + 1;
    }
    return is_listed != ((scan->flags & OV_SCAN_UNWANTED_BUT) != 0);
}

/* Whether a rule counts, by what it is for. */
static bool is_asked_for(const struct ov_scan *scan,
                         const struct ov_detection *d)
{
    if ((d->flags & OV_RULE_SUSPICIOUS) != 0)
        return ov_report_is_new_suspicion(scan, d);
    return (d->flags & OV_RULE_UNWANTED) == 0 ||
           ((scan->flags & OV_SCAN_UNWANTED) != 0 &&
            is_of_wanted_category(scan, d->rule));
}

bool ov_report_is_new_suspicion(const struct ov_scan *scan,
                                const struct ov_detection *d)
{
    return (d->flags & OV_RULE_SUSPICIOUS) == 0 ||
           ((scan->flags & OV_SCAN_HEURISTICS) != 0 &&
            (!scan->has_suspicious ||
             (scan->flags & OV_SCAN_ALL_MATCHES) != 0));
}

/* What is only suspicious does not end the scan: it may be malware, too. */
static void count_detection(struct ov_scan *scan, uint32_t flags)
{
    if ((flags & OV_RULE_SUSPICIOUS) != 0) {
        scan->has_suspicious = true;
        return;
    }
    if ((flags & OV_RULE_UNWANTED) != 0)
        scan->has_unwanted = true;
    else
        scan->has_detected = true;
    if ((scan->flags & OV_SCAN_ALL_MATCHES) == 0)
        scan->is_stopped = true;
}

static void deliver(struct ov_scan *scan, const struct ov_detection *d)
{
    scan->has_detected = true;
    if ((scan->flags & OV_SCAN_ALL_MATCHES) == 0)
        scan->is_stopped = true;
    ov_report_tell_detection(scan, d);
}

void ov_report_alert(struct ov_scan *scan, const char *name)
{
    const struct ov_object *o = &scan->scanner->frames[scan->top].object;
    struct ov_detection d = {.rule = ov_span_str(name),
                             .kind = "alert",
                             .flags = OV_RULE_OFFICIAL,
                             .path = path_of(scan),
                             .type = o->type,
                             .object_len = o->bytes.len};

    if (is_allowed(scan)) {
        scan->has_trusted = true;
        return;
    }
    if ((scan->flags & OV_SCAN_ALERTS_FIRST) != 0) {
        d.order = scan->order;
        deliver(scan, &d);
        return;
    }
    d.order = ALERT_ORDER;
    if (scan->n_alerts < OV_ALERTS_KEPT)
        scan->alerts[scan->n_alerts++] = d;
}

void ov_report_alerts_apart(struct ov_scan *scan)
{
    for (size_t i = 0; i < scan->n_alerts; i++)
        if (scan->findings->detection != NULL)
            scan->findings->detection(scan->findings->data, &scan->alerts[i]);
}

bool ov_report_keep_alert(struct ov_scan *scan, const struct ov_detection *d)
{
    struct ov_span *names;
    struct ov_span rule;

    if (d->order != ALERT_ORDER)
        return false;
    names = ov_arena_array(scan->scanner->names, d->path.n, sizeof(*names));
    if (names == NULL || scan->n_alerts == OV_ALERTS_KEPT ||
        !ov_arena_copy(scan->scanner->names, d->rule, &rule))
        return true;
    for (size_t i = 0; i < d->path.n; i++)
        if (!ov_arena_copy(scan->scanner->names, d->path.names[i], &names[i]))
            return true;
    scan->alerts[scan->n_alerts] = *d;
    scan->alerts[scan->n_alerts].rule = rule;
    scan->alerts[scan->n_alerts++].path.names = names;
    return true;
}

void ov_report_alerts(struct ov_scan *scan)
{
    if ((scan->flags & OV_SCAN_ALL_MATCHES) == 0) {
        if (scan->n_alerts > 0 && !scan->is_stopped)
            deliver(scan, &scan->alerts[0]);
        return;
    }
    for (size_t i = 0; i < scan->n_alerts; i++)
        deliver(scan, &scan->alerts[i]);
}

bool ov_report_detection(struct ov_scan *scan, struct ov_detection *d)
{
    const struct ov_object *o = &scan->scanner->frames[scan->top].object;

    if (!is_asked_for(scan, d))
        return false;
    if (is_allowed(scan)) {
        scan->has_trusted = true;
        return false;
    }
    d->path = path_of(scan);
    d->type = o->type;
    d->object_len = o->bytes.len;
    d->order = scan->order;
    count_detection(scan, d->flags);
    ov_report_tell_detection(scan, d);
    if ((scan->flags & OV_SCAN_SAMPLES) != 0 && scan->findings->sample != NULL)
        scan->findings->sample(scan->findings->data, o->bytes);
    return true;
}

void ov_report_inconclusive(struct ov_scan *scan, enum ov_reason_kind kind,
                            const char *detail, uint64_t at)
{
    struct ov_inconclusive i = {
        .kind = kind, .detail = detail, .path = path_of(scan), .at = at};

    scan->has_inconclusive = true;
    ov_report_tell_inconclusive(scan, &i);
}

/* Which counted limit is used up; the status alone does not name it. */
static const char *limit_name(const struct ov_scan *scan, enum ov_status status)
{
    for (int i = 0; i < OV_N_COST; i++)
        if (ov_budget_left(&scan->budget, (enum ov_cost)i) == 0)
            return ov_cost_name((enum ov_cost)i);
    if (status == OV_LIMIT_DEPTH)
        return "max-recursion";
    if (status == OV_LIMIT_SIZE)
        return "max-filesize";
    return ov_status_name(status);
}

/* The reason that goes with a status; all others are damage. */
static const struct {
    enum ov_status status;
    enum ov_reason_kind reason;
} reasons[] = {
    {OV_BAD_DIGEST, OV_REASON_IMAGE},
    {OV_NO_MEMORY, OV_REASON_MEMORY},
    {OV_ENCRYPTED, OV_REASON_ENCRYPTED},
    {OV_UNSUPPORTED, OV_REASON_UNSUPPORTED},
};

static enum ov_reason_kind reason_of(enum ov_status status)
{
    if (ov_status_class(status) == OV_CLASS_LIMIT)
        return OV_REASON_LIMIT;
    for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
        if (reasons[i].status == status)
            return reasons[i].reason;
    return OV_REASON_DAMAGED;
}

void ov_report_status(struct ov_scan *scan, enum ov_status status,
                      const char *detail, uint64_t at)
{
    enum ov_reason_kind reason = ov_tiers_are_damaged(scan->scanner)
                                     ? OV_REASON_IMAGE
                                     : reason_of(status);

    OV_ASSERT(status != OV_OK);
    if (reason == OV_REASON_LIMIT)
        detail = limit_name(scan, status);
    ov_report_inconclusive(scan, reason, detail, at);
    if (reason == OV_REASON_IMAGE)
        scan->is_stopped = true; /* no rule can be believed any more */
}
