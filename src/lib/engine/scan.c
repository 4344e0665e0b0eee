/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/scan.h"

#include "engine/scan_state.h"
#include "formats/embedded.h"

/* A scan is a walk over nested objects with an explicit stack: each object is
 * examined (examine.c), and if it is a container its members are pulled from
 * its unpacker one by one and put on top. Budgets are counted, so the same
 * bytes and image give the same verdict on any machine. */
#define DEFAULT_MAX_OBJECT (100ull << 20)
#define DEFAULT_MAX_DEPTH 17
#define ARENA_MAX ((size_t)1 << 30)
/* An archive is shared by several workers from this much unpacked content on;
 * members that lie within one stretch of so many bytes go to the same one. */
#define SPLIT_MIN (4ull << 20)
#define SPLIT_MIN_MEMBERS 4
#define SPLIT_STRETCH_LOG 18
#define CONSOLE_MAX ((size_t)1 << 20) /* lines of one object's rules */
#define BUFFER_KEEP                                                            \
    ((size_t)8 << 20) /* memory held between files, per level                  \
                       */

static bool has_arenas(struct ov_scanner *s)
{
    s->lasting = ov_arena_new(ARENA_MAX);
    s->names = ov_arena_new(ARENA_MAX);
    s->scratch = ov_arena_new(ARENA_MAX);
    s->regexes = ov_regex_cache_new();
    return s->lasting != NULL && s->names != NULL && s->scratch != NULL &&
           s->regexes != NULL;
}

enum ov_status ov_scanner_new(struct ov_image *const *images, size_t n,
                              struct ov_scanner **ret, struct ov_diag *diag)
{
    OV_AUTO(scanner) s = ov_alloc(sizeof(*s));

    if (s == NULL || !has_arenas(s))
        return OV_NO_MEMORY;
    s->console = ov_buf_with_max(CONSOLE_MAX);
    OV_TRY(ov_tiers_open(s, images, n, diag));
    *ret = OV_STEAL(s);
    return OV_OK;
}

void ov_scanner_free(struct ov_scanner *s)
{
    if (s == NULL)
        return;
    for (size_t i = 0; i <= OV_SCAN_MAX_DEPTH; i++) {
        ov_unpacker_free(s->frames[i].unpacker);
        ov_buf_done(&s->frames[i].bytes);
    }
    ov_buf_done(&s->text);
    ov_buf_done(&s->console);
    ov_buf_done(&s->html.nocomment);
    ov_buf_done(&s->html.notags);
    ov_buf_done(&s->html.script);
    ov_share_free(s->share);
    ov_regex_cache_free(s->regexes);
    ov_profile_free(s->profile);
    ov_tiers_close(s);
    ov_arena_free(s->scratch);
    ov_arena_free(s->names);
    ov_arena_free(s->lasting);
    ov_free(s);
}

void ov_scanner_set_crew(struct ov_scanner *s, struct ov_crew *crew)
{
    s->crew = crew;
}

static const uint64_t default_bounds[OV_N_BOUNDS] = {
#define OV_BOUND(id, word, default) [id] = default,
#include <overt/bound.def>
#undef OV_BOUND
};

static void set_up(struct ov_scan *scan, const struct ov_scan_options *options)
{
    scan->options = options;
    scan->flags = options->flags;
    if (options->n_regions > 0)
        scan->flags |= OV_SCAN_FLAT;
    scan->max_object =
        options->max_object != 0 ? options->max_object : DEFAULT_MAX_OBJECT;
    scan->max_depth =
        options->max_depth != 0 ? options->max_depth : DEFAULT_MAX_DEPTH;
    if (scan->max_depth > OV_SCAN_MAX_DEPTH)
        scan->max_depth = OV_SCAN_MAX_DEPTH;
    scan->budget = ov_budget_default();
    for (int i = 0; i < OV_N_COST; i++) {
        if (options->limits[i] == UINT64_MAX)
            scan->budget.limit[i] = 0;
        else if (options->limits[i] != 0)
            scan->budget.limit[i] = options->limits[i];
    }
    for (size_t i = 0; i < OV_N_BOUNDS; i++)
        scan->bounds[i] =
            options->bounds[i] != 0 ? options->bounds[i] : default_bounds[i];
    ov_regex_cache_limit(scan->scanner->regexes,
                         scan->bounds[OV_BOUND_PCRE_CALLS],
                         scan->bounds[OV_BOUND_PCRE_DEPTH]);
}

/* ---- members ---- */

static bool is_to_unpack(const struct ov_scan *scan, enum ov_type type)
{
    size_t word = (size_t)type / 64;

    if ((scan->flags & OV_SCAN_FLAT) != 0)
        return false;
    if (ov_type_kind(type) != OV_KIND_CONTAINER && !ov_type_may_embed(type))
        return false;
    return word >= 2 ||
           (scan->options->skip_types[word] >> ((size_t)type % 64) & 1) == 0;
}

/* At the depth limit: whether an object that is no container holds something
 * that would be looked at. */
static bool is_embedding(struct ov_scan *scan, const struct ov_object *o)
{
    struct ov_embedded_list found;

    return ov_type_kind(o->type) != OV_KIND_CONTAINER &&
           ov_type_embedded(o->bytes, &scan->budget, &found) == OV_OK &&
           found.n > 0;
}

/* Opens the top object's unpacker, if it is a container. */
static void open_container(struct ov_scan *scan)
{
    struct ov_frame *f = &scan->scanner->frames[scan->top];
    struct ov_unpack_job job = {
        .type = f->object.type,
        .bytes = f->object.bytes,
        .budget = &scan->budget,
        .embedded = ov_ahead_of(scan),
        .max_partitions = scan->bounds[OV_BOUND_PARTITIONS],
        .has_no_programs =
            f->object.bytes.len > scan->bounds[OV_BOUND_EMBEDDED],
        .crew = scan->scanner->crew,
    };
    enum ov_status status;

    if (!is_to_unpack(scan, f->object.type))
        return;
    if (scan->top >= scan->max_depth) {
        if (ov_type_kind(f->object.type) == OV_KIND_CONTAINER ||
            is_embedding(scan, &f->object))
            ov_report_inconclusive(scan, OV_REASON_LIMIT, "max-recursion", 0);
        return;
    }
    if (ov_unpack_has_passwords(f->object.type))
        ov_scan_passwords(scan, &f->object, &job);
    status = ov_unpacker_open(&job, &f->unpacker);
    if (status != OV_OK)
        ov_report_status(scan, status, ov_type_name(f->object.type), 0);
}

/* ---- shards ---- */

/* Whether the file, whose unpacker is open, is worth being scanned by several
 * workers. Only if the limits could not be reached: where they cut a scan off
 * must not depend on the number of workers. */
static bool is_to_split(const struct ov_scan *scan)
{
    const struct ov_unpacker *u = scan->scanner->frames[0].unpacker;
    uint64_t n_members;
    uint64_t n_bytes;

    return scan->options->n_shards > 1 && scan->options->shard == 0 &&
           u != NULL && ov_unpacker_totals(u, &n_members, &n_bytes) &&
           n_members >= SPLIT_MIN_MEMBERS && n_bytes >= SPLIT_MIN &&
           n_members <= ov_budget_left(&scan->budget, OV_COST_OBJECTS) &&
           n_bytes <= ov_budget_left(&scan->budget, OV_COST_BYTES);
}

static bool is_of_this_shard(struct ov_scan *scan,
                             const struct ov_member *member)
{
    uint64_t stretch = scan->n_told >> SPLIT_STRETCH_LOG;

    if (member->real_size != OV_SIZE_UNKNOWN)
        scan->n_told += member->real_size;
    return stretch % scan->options->n_shards == scan->options->shard;
}

/* A member of the file itself: whose turn it is, and its order. */
static bool is_to_enter(struct ov_scan *scan, const struct ov_member *member)
{
    if (scan->top > 0)
        return true;
    scan->order = member->position;
    if (!scan->is_split || is_of_this_shard(scan, member))
        return true;
    scan->budget.spent[OV_COST_OBJECTS]--; /* another shard counts it */
    return false;
}

/* The object itself, and what is inside of it meanwhile. */
static void examine_itself(struct ov_scan *scan)
{
    ov_ahead_start(scan);
    ov_examine(scan);
    ov_ahead_finish(scan);
}

static void close_container(struct ov_scan *scan)
{
    struct ov_frame *f = &scan->scanner->frames[scan->top];

    ov_unpacker_free(f->unpacker);
    f->unpacker = NULL;
    if (f->bytes.cap > BUFFER_KEEP)
        ov_buf_done(&f->bytes);
}

static void push_object(struct ov_scan *scan, struct ov_span bytes,
                        struct ov_span name, enum ov_type type)
{
    struct ov_frame *f = &scan->scanner->frames[scan->top];

    f->allowed = OV_ALLOWED_UNKNOWN;
    f->object = (struct ov_object){
        .bytes = bytes,
        .head = ov_object_head(bytes),
        .name = name,
        .depth = (uint32_t)scan->top,
        .parent =
            scan->top > 0 ? &scan->scanner->frames[scan->top - 1].object : NULL,
    };
    f->object.type = type;
    if (scan->regions.n > 0)
        f->object.regions = &scan->regions;
    else if (type == OV_TYPE_DATA)
        ov_identify(scan);
    else if (type == OV_TYPE_PARTITION)
        f->object.type = ov_magic_partition(scan->scanner, bytes);
}

/* The current member's bytes: where they are, or unpacked into buf. */
static enum ov_status get_member(const struct ov_scan *scan,
                                 struct ov_unpacker *u, struct ov_buf *buf,
                                 struct ov_span *ret)
{
    enum ov_status status;

    if (ov_unpacker_borrow(u, scan->max_object, ret))
        return OV_OK;
    buf->max =
        scan->max_object > SIZE_MAX ? SIZE_MAX : (size_t)scan->max_object;
    ov_buf_clear(buf);
    status = ov_unpacker_read(u, buf);
    *ret = ov_buf_span(buf);
    return status;
}

/* A rule said that the top object is to be looked at as another type, too: that
 * is put on top, as a member would be. It lies in what the object lies in. */
static void enter_as(struct ov_scan *scan, enum ov_type type)
{
    const struct ov_object *o = &scan->scanner->frames[scan->top].object;

    if (type == o->type || scan->top >= scan->max_depth || o->regions != NULL)
        return;
    scan->top++;
    push_object(scan, o->bytes, ov_span_str(ov_type_name(type)), type);
    scan->scanner->frames[scan->top].object.parent = o->parent;
    scan->scanner->frames[scan->top].object.is_again = true;
    examine_itself(scan);
    if (!scan->is_stopped)
        open_container(scan);
}

/* Looks at the top object, and makes ready to look into it. */
static void examine(struct ov_scan *scan)
{
    struct ov_object *o = &scan->scanner->frames[scan->top].object;

    examine_itself(scan);
    if (!scan->is_stopped)
        open_container(scan);
    if (!scan->is_stopped && o->has_handler)
        enter_as(scan, o->handler);
}

void ov_scan_enter(struct ov_scan *scan, const struct ov_item *item)
{
    const struct ov_object *o = &scan->scanner->frames[scan->top].object;
    const char *type = ov_type_name(o->type);

    scan->top++;
    push_object(scan, item->bytes, item->member->name, item->member->type);
    ov_examine_member(scan, item->member);
    if (scan->is_stopped)
        return;
    if (item->status != OV_OK)
        ov_report_status(scan, item->status, type, item->bytes.len);
    if (item->bytes.len > 0 || item->status == OV_OK)
        examine(scan);
}

/* Reads the member into the frame above the top one and makes that the top,
 * unless somebody else takes care of it. */
static void enter_member(struct ov_scan *scan, const struct ov_member *member)
{
    struct ov_unpacker *u = scan->scanner->frames[scan->top].unpacker;
    struct ov_buf *buf = &scan->scanner->frames[scan->top + 1].bytes;
    struct ov_member named = *member;
    struct ov_item item = {.member = &named};

    if (!ov_arena_copy(scan->scanner->names, member->name, &named.name)) {
        ov_report_status(
            scan, OV_NO_MEMORY,
            ov_type_name(scan->scanner->frames[scan->top].object.type), 0);
        return;
    }
    item.status = get_member(scan, u, buf, &item.bytes);
    if (!ov_share_takes(scan, &item, buf) && !scan->is_stopped)
        ov_scan_enter(scan, &item);
}

/* One step: the next member of the top container, or back to its parent. */
void ov_scan_step(struct ov_scan *scan)
{
    struct ov_frame *f = &scan->scanner->frames[scan->top];
    struct ov_member member = {.is_end = true};
    enum ov_status status = OV_OK;

    if (f->unpacker != NULL)
        status = ov_unpacker_next(f->unpacker, &member);
    if (status != OV_OK || member.is_end) {
        ov_share_finish(scan);
        if (scan->is_stopped)
            return;
    }
    if (status != OV_OK)
        ov_report_status(scan, status, ov_type_name(f->object.type), 0);
    if (status == OV_OK && !member.is_end) {
        if (is_to_enter(scan, &member))
            enter_member(scan, &member);
        return;
    }
    close_container(scan);
    if (scan->top > 0)
        scan->top--;
}

static void offer_shards(struct ov_scan *scan)
{
    /* Matches belong to the detection before them: from one worker only. Of
     * what is suspicious the first is told, and does not end the scan: no
     * other worker knows of it. */
    if ((scan->flags & (OV_SCAN_MATCHES | OV_SCAN_HEURISTICS)) != 0 ||
        !is_to_split(scan) || scan->findings->split == NULL)
        return;
    scan->is_split = true;
    scan->findings->split(scan->findings->data);
}

/* Whether the file's members can be given out before it is examined itself:
 * other workers may be waiting for their share of it. */
static bool is_early(const struct ov_scan *scan)
{
    return scan->options->n_shards > 1 && scan->options->shard == 0 &&
           scan->scanner->frames[0].object.type == OV_TYPE_ZIP;
}

static void walk(struct ov_scan *scan)
{
    const struct ov_frame *file = &scan->scanner->frames[0];
    bool is_opened_early = is_early(scan);

    if (is_opened_early) {
        open_container(scan);
        offer_shards(scan);
    }
    if (scan->options->shard == 0)
        examine_itself(scan);
    if (!is_opened_early && !scan->is_stopped) {
        open_container(scan);
        offer_shards(scan);
    }
    if (!scan->is_stopped && file->object.has_handler)
        enter_as(scan, file->object.handler);
    while (!scan->is_stopped) {
        if (scan->top == 0 && file->unpacker == NULL)
            break;
        ov_scan_step(scan);
    }
}

static enum ov_verdict decide(const struct ov_scan *scan)
{
    if (scan->has_detected)
        return OV_DETECTED;
    if (scan->has_unwanted)
        return OV_UNWANTED;
    if (scan->has_inconclusive)
        return OV_INCONCLUSIVE;
    if (scan->has_suspicious)
        return OV_SUSPICIOUS;
    return scan->has_trusted ? OV_TRUSTED : OV_CLEAN;
}

/* A process's memory, if it is that. */
static enum ov_status set_regions(struct ov_scan *scan, struct ov_span bytes)
{
    scan->regions = (struct ov_regions){bytes, scan->options->regions,
                                        scan->options->n_regions};
    return ov_regions_are_sound(&scan->regions) || scan->regions.n == 0
               ? OV_OK
               : OV_MALFORMED;
}

static void run(struct ov_scan *scan, struct ov_span bytes)
{
    struct ov_scanner *s = scan->scanner;
    enum ov_status status;

    status = set_regions(scan, bytes);
    push_object(scan, bytes, (struct ov_span){NULL, 0}, OV_TYPE_DATA);
    scan->outcome.type = s->frames[0].object.type;
    if (status == OV_OK)
        status = ov_profile_begin(scan);
    if (status == OV_OK)
        status = ov_budget_spend(&scan->budget, OV_COST_BYTES, bytes.len);
    if (bytes.len > scan->max_object)
        ov_report_inconclusive(scan, OV_REASON_LIMIT, "max-filesize", 0);
    else if (status != OV_OK)
        ov_report_status(scan, status, "", 0);
    else
        walk(scan);
    ov_share_drop(scan);
    s->ahead.bytes = (struct ov_span){NULL, 0};
    if (!scan->is_void)
        ov_report_alerts(scan);
    for (size_t i = 0; i <= OV_SCAN_MAX_DEPTH; i++) {
        ov_unpacker_free(s->frames[i].unpacker);
        s->frames[i].unpacker = NULL;
    }
    ov_profile_end(scan);
    ov_arena_reset(s->names, ARENA_MAX);
}

void ov_scanner_scan(struct ov_scanner *s, struct ov_span bytes,
                     const struct ov_scan_options *options,
                     const struct ov_findings *findings, struct ov_outcome *ret)
{
    struct ov_scan blank = {
        .scanner = s, .findings = findings, .is_split = options->shard > 0};
    struct ov_scan scan;

    set_up(&blank, options);
    scan = blank;
    run(&scan, bytes);
    if (scan.is_void) {
        blank.is_alone = true;
        blank.n_to_skip = scan.n_findings;
        scan = blank;
        run(&scan, bytes);
    }
    scan.outcome.verdict = decide(&scan);
    memcpy(scan.outcome.spent, scan.budget.spent, sizeof(scan.outcome.spent));
    *ret = scan.outcome;
}
