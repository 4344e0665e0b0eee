/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/share.h"

#include "engine/kept.h"
#include "engine/scan_state.h"

/* The walk unpacks members into batches; a batch that is full waits in a ring
 * for a helper, each of which has a scanner of its own and looks at a member
 * with everything that is in it. If the ring is full the walk does a batch
 * itself. So nobody waits as long as there is work, and no thread is in another
 * one's memory: a batch has one owner at a time, and its state says who.
 *
 * The oldest batch is merged first. A member's findings are told then, and what
 * it spent is added. If that exceeds a limit, one thread would have stopped
 * somewhere: the scan is void, and is done again by one thread, which does not
 * tell again what was told already. Until then both tell the same, since what
 * was told came from members within all limits. After a first detection all
 * that comes behind it is forgotten.
 *
 * Not shared: streams (one member each), small containers, and what is inside
 * of a member that a helper has. A large container among the members is
 * entered by the walk, and may be shared in turn. */

#define WORTH ((uint64_t)256 << 10)
#define BATCH_ITEMS 64
#define LARGE_CONTAINER ((uint64_t)256 << 10)
#define HELD_MAX ((uint64_t)64 << 20)
#define KEEP_BUFFER ((size_t)1 << 20)
#define KEPT_MAX ((size_t)64 << 20)
#define SLOTS_MAX 34

enum slot_state {
    SLOT_OURS, /* the walk's: empty, or being filled */
    SLOT_READY,
    SLOT_TAKEN,
    SLOT_DONE
};

struct job {
    struct ov_member member; /* its name is in the walk's arena */
    struct ov_span bytes;    /* in the container; else at `at` in small, or
                                all of large */
    size_t at;
    size_t len;

    enum where {
        IN_CONTAINER,
        IN_SMALL,
        IN_LARGE
    } where;

    enum ov_status status;
    uint64_t before[OV_N_COST]; /* spent on unpacking, this one included */

    /* what came of it */
    struct ov_kept kept;
    uint64_t spent[OV_N_COST];
    struct ov_outcome outcome;
    bool is_stopped;
    bool has_detected;
    bool has_unwanted;
    bool has_suspicious;
    bool has_inconclusive;
    bool has_trusted;
};

struct slot {
    _Atomic unsigned state;
    struct ov_arena *arena;
    struct ov_buf small;
    struct ov_buf large;
    struct ov_budget budget; /* as it was when the batch was full */
    struct job jobs[BATCH_ITEMS];
    size_t n;
    uint64_t weight; /* bytes to look at */
    uint64_t held;   /* of these, in memory of our own */
};

/* Who does batches: a helper, or the walk (the last one). */
struct hand {
    struct ov_share *share;
    struct ov_scanner *scanner;
    uint64_t session;
};

struct ov_share {
    struct ov_crew *crew;
    struct hand *hands; /* crew->n + 1 */
    struct slot *slots[SLOTS_MAX];
    size_t n_slots;
    atomic_size_t first; /* the oldest batch */
    size_t n;            /* of them; the last may be being filled */
    uint64_t held;
    uint64_t merged[OV_N_COST]; /* what members have spent in this session */
    bool is_open;               /* a session: one container at a time */
    atomic_bool is_dropped;

    /* What does not change in a session. */
    uint64_t session;
    struct ov_scan scan;
    struct ov_frame frames[OV_SCAN_MAX_DEPTH + 1];
};

/* ---- memory ---- */

static void free_slot(struct slot *slot)
{
    if (slot == NULL)
        return;
    ov_arena_free(slot->arena);
    ov_buf_done(&slot->small);
    ov_buf_done(&slot->large);
    ov_free(slot);
}

void ov_share_free(struct ov_share *share)
{
    if (share == NULL)
        return;
    for (size_t i = 0; i < SLOTS_MAX; i++)
        free_slot(share->slots[i]);
    for (unsigned i = 0; share->hands != NULL && i <= share->crew->n; i++)
        ov_scanner_free(share->hands[i].scanner);
    ov_free(share->hands);
    ov_free(share);
}

static struct slot *new_slot(void)
{
    struct slot *slot = ov_alloc(sizeof(*slot));

    if (slot == NULL)
        return NULL;
    slot->small = ov_buf_with_max(SIZE_MAX);
    slot->arena = ov_arena_new(KEPT_MAX);
    if (slot->arena == NULL) {
        free_slot(slot);
        return NULL;
    }
    return slot;
}

static bool fill_share(struct ov_share *share, struct ov_scanner *s)
{
    share->hands = ov_alloc_array(share->crew->n + 1, sizeof(*share->hands));
    if (share->hands == NULL)
        return false;
    for (unsigned i = 0; i <= share->crew->n; i++) {
        share->hands[i].share = share;
        if (ov_scanner_new(s->images, s->n_tiers, &share->hands[i].scanner,
                           NULL) != OV_OK)
            return false;
    }
    /* The walk may use the crew for a large view, if it rests. */
    ov_scanner_set_crew(share->hands[share->crew->n].scanner, share->crew);
    share->n_slots = 2 * (size_t)share->crew->n + 2;
    if (share->n_slots > SLOTS_MAX)
        share->n_slots = SLOTS_MAX;
    for (size_t i = 0; i < share->n_slots; i++) {
        share->slots[i] = new_slot();
        if (share->slots[i] == NULL)
            return false;
    }
    return true;
}

/* The scanner's share, made on first use; NULL if memory is out: then nothing
 * is shared. */
static struct ov_share *share_of(struct ov_scanner *s)
{
    struct ov_share *share;

    if (s->share != NULL)
        return s->share;
    share = ov_alloc(sizeof(*share));
    if (share == NULL)
        return NULL;
    share->crew = s->crew;
    if (!fill_share(share, s)) {
        ov_share_free(share);
        return NULL;
    }
    s->share = share;
    return share;
}

/* ---- doing a batch ---- */

/* The container and what it is in, as this hand's scanner's own. */
static void settle(struct hand *h)
{
    const struct ov_share *share = h->share;
    struct ov_frame *frames = h->scanner->frames;
    size_t top = share->scan.top;

    if (h->session == share->session)
        return;
    h->session = share->session;
    for (size_t i = 0; i <= top; i++) {
        const struct ov_object *from = &share->frames[i].object;

        frames[i].object = *from;
        frames[i].allowed = share->frames[i].allowed;
        for (size_t k = 0; k < i; k++)
            if (from->parent == &share->frames[k].object)
                frames[i].object.parent = &frames[k].object;
    }
}

static struct ov_span bytes_of(const struct slot *slot, const struct job *job)
{
    if (job->where == IN_CONTAINER)
        return job->bytes;
    return job->where == IN_LARGE
               ? ov_buf_span(&slot->large)
               : ov_span_clip(ov_buf_span(&slot->small), job->at, job->len);
}

static void clean_up(struct ov_scanner *s)
{
    for (size_t i = 0; i <= OV_SCAN_MAX_DEPTH; i++) {
        ov_unpacker_free(s->frames[i].unpacker);
        s->frames[i].unpacker = NULL;
    }
    ov_arena_reset(s->names, KEEP_BUFFER);
}

static void do_job(struct hand *h, struct slot *slot, struct job *job)
{
    const struct ov_share *share = h->share;
    struct ov_findings findings =
        ov_kept_findings(&job->kept, share->scan.findings);
    struct ov_scan scan = share->scan;
    const struct ov_item item = {&job->member, bytes_of(slot, job),
                                 job->status};

    scan.scanner = h->scanner;
    scan.findings = &findings;
    scan.budget = slot->budget;
    if (scan.top == 0)
        scan.order = job->member.position;
    ov_scan_enter(&scan, &item);
    while (!scan.is_stopped && scan.top > share->scan.top &&
           !atomic_load_explicit(&share->is_dropped, memory_order_relaxed))
        ov_scan_step(&scan);
    ov_report_alerts_apart(&scan);
    clean_up(h->scanner);
    for (int i = 0; i < OV_N_COST; i++)
        job->spent[i] = scan.budget.spent[i] - slot->budget.spent[i];
    job->outcome = scan.outcome;
    job->is_stopped = scan.is_stopped;
    job->has_detected = scan.has_detected;
    job->has_unwanted = scan.has_unwanted;
    job->has_suspicious = scan.has_suspicious;
    job->has_inconclusive = scan.has_inconclusive;
    job->has_trusted = scan.has_trusted;
}

/* Takes a batch that waits, does it; false if there was none. */
static bool do_batch(struct hand *h)
{
    struct ov_share *share = h->share;

    size_t first = atomic_load(&share->first);

    for (size_t i = 0; i < share->n_slots; i++) {
        struct slot *slot = share->slots[(first + i) % share->n_slots];
        unsigned ready = SLOT_READY;

        if (!atomic_compare_exchange_strong(&slot->state, &ready, SLOT_TAKEN))
            continue;
        settle(h);
        for (size_t k = 0; k < slot->n; k++) {
            if (atomic_load(&share->is_dropped))
                break;
            do_job(h, slot, &slot->jobs[k]);
            if (slot->jobs[k].is_stopped)
                break;
        }
        atomic_store(&slot->state, SLOT_DONE);
        return true;
    }
    return false;
}

static void help(void *data)
{
    while (do_batch(data))
        ;
}

/* ---- merging ---- */

static void make_void(struct ov_scan *scan)
{
    scan->is_void = true;
    scan->is_stopped = true;
}

static bool is_within_limits(struct ov_scan *scan)
{
    for (int i = 0; i < OV_N_COST; i++)
        if (ov_budget_spend(&scan->budget, (enum ov_cost)i, 0) != OV_OK)
            return false;
    return true;
}

static void add_spent(struct ov_scan *scan, struct ov_share *share,
                      const struct job *job)
{
    for (int i = 0; i < OV_N_COST; i++) {
        /* Whether that is too much is asked for behind. */
        (void)!ov_budget_spend(&scan->budget, (enum ov_cost)i, job->spent[i]);
        share->merged[i] += job->spent[i];
    }
}

/* One thread would not have unpacked what is behind. */
static void stop_at(struct ov_scan *scan, const struct ov_share *share,
                    const struct job *job)
{
    scan->is_stopped = true;
    for (int i = 0; i < OV_N_COST; i++)
        scan->budget.spent[i] = job->before[i] + share->merged[i];
}

static void tell_kept(struct ov_scan *scan, const struct ov_kept_finding *f)
{
    if (f->kind == OV_KEPT_DETECTION) {
        if (!ov_report_keep_alert(scan, &f->detection) &&
            ov_report_is_new_suspicion(scan, &f->detection))
            ov_report_tell_detection(scan, &f->detection);
    } else if (f->kind == OV_KEPT_INCONCLUSIVE) {
        ov_report_tell_inconclusive(scan, &f->inconclusive);
    } else {
        ov_report_tell_console(scan, f->console);
    }
}

static void merge_job(struct ov_scan *scan, struct ov_share *share,
                      const struct job *job)
{
    add_spent(scan, share, job);
    if (job->kept.has_failed || !is_within_limits(scan)) {
        make_void(scan);
        return;
    }
    for (struct ov_kept_finding *f = job->kept.first; f != NULL; f = f->next)
        tell_kept(scan, f);
    scan->outcome.n_objects += job->outcome.n_objects;
    scan->outcome.n_bytes += job->outcome.n_bytes;
    scan->has_detected |= job->has_detected;
    scan->has_unwanted |= job->has_unwanted;
    scan->has_suspicious |= job->has_suspicious;
    scan->has_inconclusive |= job->has_inconclusive;
    scan->has_trusted |= job->has_trusted;
    if (job->is_stopped)
        stop_at(scan, share, job);
}

static void clear_slot(struct ov_share *share, struct slot *slot)
{
    share->held -= slot->held;
    slot->held = 0;
    slot->weight = 0;
    slot->n = 0;
    if (slot->small.cap > KEEP_BUFFER)
        ov_buf_done(&slot->small);
    ov_buf_clear(&slot->small);
    ov_buf_done(&slot->large);
    ov_arena_reset(slot->arena, KEEP_BUFFER);
    atomic_store(&slot->state, SLOT_OURS);
}

static struct slot *slot_at(struct ov_share *share, size_t i)
{
    return share->slots[(atomic_load(&share->first) + i) % share->n_slots];
}

static void pop_slot(struct ov_share *share)
{
    clear_slot(share, slot_at(share, 0));
    atomic_store(&share->first,
                 (atomic_load(&share->first) + 1) % share->n_slots);
    share->n--;
}

/* The oldest batch is done. */
static void merge_first(struct ov_scan *scan, struct ov_share *share)
{
    struct slot *slot = slot_at(share, 0);

    for (size_t i = 0; i < slot->n && !scan->is_stopped; i++)
        merge_job(scan, share, &slot->jobs[i]);
    pop_slot(share);
}

/* ---- the walk's side ---- */

static void wait_for_helpers(struct ov_share *share)
{
    for (unsigned i = 0; i < share->crew->n; i++)
        share->crew->wait(share->crew, i);
}

void ov_share_drop(struct ov_scan *scan)
{
    struct ov_share *share = scan->scanner->share;

    if (share == NULL || !share->is_open)
        return;
    atomic_store(&share->is_dropped, true);
    wait_for_helpers(share);
    while (share->n > 0)
        pop_slot(share);
    atomic_store(&share->is_dropped, false);
    share->is_open = false;
}

/* Goes on by a batch: merges the oldest one, or does one, or waits. */
static void go_on(struct ov_scan *scan, struct ov_share *share)
{
    if (atomic_load(&slot_at(share, 0)->state) == SLOT_DONE)
        merge_first(scan, share);
    else if (!do_batch(&share->hands[share->crew->n]))
        wait_for_helpers(share);
}

/* Gives the last batch away, which is full. */
static void publish(struct ov_scan *scan, struct ov_share *share)
{
    struct slot *slot = slot_at(share, share->n - 1);

    slot->budget = scan->budget;
    atomic_store(&slot->state, SLOT_READY);
    for (unsigned i = 0; i < share->crew->n; i++)
        if (share->crew->is_idle(share->crew, i)) {
            share->crew->start(share->crew, i, help, &share->hands[i]);
            break;
        }
}

static void open_session(struct ov_scan *scan, struct ov_share *share)
{
    const struct ov_frame *frames = scan->scanner->frames;

    share->is_open = true;
    share->session++;
    share->scan = *scan;
    share->scan.reported = NULL;
    share->scan.is_apart = true;
    share->scan.outcome = (struct ov_outcome){0};
    share->scan.n_alerts = 0;
    share->scan.has_detected = share->scan.has_unwanted = false;
    share->scan.has_inconclusive = share->scan.has_trusted = false;
    memset(share->merged, 0, sizeof(share->merged));
    for (size_t i = 0; i <= scan->top; i++) {
        struct ov_object *to = &share->frames[i].object;

        *to = frames[i].object;
        share->frames[i].allowed = frames[i].allowed;
        for (size_t k = 0; k < i; k++)
            if (to->parent == &frames[k].object)
                to->parent = &share->frames[k].object;
    }
}

void ov_share_finish(struct ov_scan *scan)
{
    struct ov_share *share = scan->scanner->share;

    if (share == NULL || !share->is_open || scan->is_apart)
        return;
    if (share->n > 0 &&
        atomic_load(&slot_at(share, share->n - 1)->state) == SLOT_OURS)
        publish(scan, share);
    while (share->n > 0 && !scan->is_stopped)
        go_on(scan, share);
    if (!scan->is_stopped && !is_within_limits(scan))
        make_void(scan);
    ov_share_drop(scan);
}

/* The batch to be filled; NULL if the scan has stopped meanwhile. */
static struct slot *slot_to_fill(struct ov_scan *scan, struct ov_share *share)
{
    struct slot *slot = share->n > 0 ? slot_at(share, share->n - 1) : NULL;

    if (slot != NULL && atomic_load(&slot->state) == SLOT_OURS)
        return slot;
    while ((share->n == share->n_slots || share->held > HELD_MAX) &&
           share->n > 0 && !scan->is_stopped)
        go_on(scan, share);
    if (scan->is_stopped)
        return NULL;
    share->n++;
    return slot_at(share, share->n - 1);
}

/* How many bytes are worth a helper's while. */
static uint64_t worth_of(const struct ov_scan *scan)
{
    uint32_t stretch = scan->scanner->crew->stretch;

    return stretch != 0 ? stretch : WORTH;
}

/* Copies or takes the member's bytes. */
static bool put_bytes(const struct ov_scan *scan, struct slot *slot,
                      const struct ov_item *item, struct ov_buf *from)
{
    struct ov_share *share = scan->scanner->share;
    struct job *job = &slot->jobs[slot->n];

    slot->weight += item->bytes.len;
    job->len = item->bytes.len;
    job->bytes = item->bytes;
    if (item->bytes.len == 0 || item->bytes.ptr != from->ptr) {
        job->where = IN_CONTAINER;
        return true;
    }
    slot->held += item->bytes.len;
    share->held += item->bytes.len;
    if (item->bytes.len >= worth_of(scan) / 2) {
        slot->large = *from;
        *from = (struct ov_buf){0};
        job->where = IN_LARGE;
        return true;
    }
    job->where = IN_SMALL;
    job->at = slot->small.len;
    ov_put_span(&slot->small, item->bytes);
    return ov_buf_status(&slot->small) == OV_OK;
}

static bool put_job(struct ov_scan *scan, struct slot *slot,
                    const struct ov_item *item, struct ov_buf *from)
{
    struct ov_share *share = scan->scanner->share;
    struct job *job = &slot->jobs[slot->n];

    *job = (struct job){.member = *item->member,
                        .status = item->status,
                        .kept = {.arena = slot->arena}};
    if (!put_bytes(scan, slot, item, from))
        return false;
    for (int i = 0; i < OV_N_COST; i++)
        job->before[i] = scan->budget.spent[i] - share->merged[i];
    slot->n++;
    return true;
}

/* Files that are one stream have one member. */
static bool is_stream(enum ov_type type)
{
    static const enum ov_type streams[] = {
        OV_TYPE_GZ,   OV_TYPE_BZ,  OV_TYPE_XZ,  OV_TYPE_LZMA,
        OV_TYPE_ZSTD, OV_TYPE_LZ4, OV_TYPE_SWF, OV_TYPE_COMPRESS};

    for (size_t i = 0; i < sizeof(streams) / sizeof(streams[0]); i++)
        if (streams[i] == type)
            return true;
    return false;
}

/* Whether the top object's members are shared. */
static bool is_shared(const struct ov_scan *scan)
{
    const struct ov_object *o = &scan->scanner->frames[scan->top].object;

    /* What is told beside detections belongs to one walk. */
    if ((scan->flags & (OV_SCAN_MATCHES | OV_SCAN_PROFILE)) != 0)
        return false;
    return scan->scanner->crew != NULL && scan->scanner->crew->n > 0 &&
           !scan->is_apart && !scan->is_alone && !scan->is_split &&
           (scan->flags & (OV_SCAN_MATCHES | OV_SCAN_PROFILE)) == 0 &&
           o->bytes.len >= worth_of(scan) &&
           ov_type_kind(o->type) == OV_KIND_CONTAINER && !is_stream(o->type);
}

/* A container that is entered by the walk, so that it can be shared. */
static bool is_large_container(const struct ov_scan *scan,
                               const struct ov_item *item)
{
    enum ov_type type = item->member->type;

    if (item->bytes.len < worth_of(scan))
        return false;
    if (type == OV_TYPE_DATA)
        type = ov_magic_identify(scan->scanner, item->bytes);
    return ov_type_kind(type) == OV_KIND_CONTAINER;
}

bool ov_share_takes(struct ov_scan *scan, const struct ov_item *item,
                    struct ov_buf *from)
{
    struct ov_share *share;
    struct slot *slot;

    if (!is_shared(scan))
        return false;
    if (is_large_container(scan, item)) {
        ov_share_finish(scan);
        return false;
    }
    share = share_of(scan->scanner);
    if (share == NULL)
        return false;
    if (!share->is_open)
        open_session(scan, share);
    slot = slot_to_fill(scan, share);
    if (slot == NULL)
        return false;
    if (!put_job(scan, slot, item, from)) {
        make_void(scan);
        return false;
    }
    if (slot->n == BATCH_ITEMS || slot->weight >= worth_of(scan) / 2)
        publish(scan, share);
    return true;
}
