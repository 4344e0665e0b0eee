/* SPDX-License-Identifier: Apache-2.0 */
#include "match/shared.h"

#include "base/buf.h"

/* Stretches are taken from one counter, in order. The caller goes on with what
 * is next in order: if a helper has noted it, its notes are replayed; if nobody
 * has taken it, the caller sweeps it at once, without notes; else it takes a
 * stretch further on, as a helper would. Only when none is left it waits.
 *
 * Notes are bounded, for one stretch and for all that are not replayed yet: a
 * stretch with more is swept again by the caller. That, and what is replayed,
 * is where a hostile view has no gain from helpers; it gets no other result. */

#define STRETCH (256u << 10)
#define SLOTS_MAX 4096
#define NOTES_MAX ((size_t)1 << 20) /* bytes, of one stretch */
#define ALL_NOTES_MAX ((size_t)64 << 20)
#define WORTH_STRETCHES 8

enum slot_state {
    SLOT_OPEN,
    SLOT_NOTED,
    SLOT_GIVEN_UP, /* too many notes: the caller does it */
};

struct slot {
    _Atomic unsigned state;
    struct ov_buf notes; /* struct ov_found, one behind the other */
};

struct helper;

struct shared {
    struct ov_crew *crew;
    struct helper *helpers; /* NULL: no memory, so none */
    const struct ov_sweep *sweep;
    uint64_t stretch; /* bytes, a multiple of OV_BLOCK */
    struct slot *slots;
    size_t n_slots;
    atomic_size_t next;    /* to be taken */
    atomic_size_t n_noted; /* bytes of notes that are not replayed */
    atomic_bool is_stopped;
};

struct helper {
    struct shared *shared; /* NULL: it does not help yet */
    struct ov_sweeper sweeper;
};

static uint64_t stretch_of(const struct ov_crew *crew, uint64_t len)
{
    uint64_t least = crew->stretch != 0 ? crew->stretch : STRETCH;
    uint64_t even = len / SLOTS_MAX;

    if (even < least)
        even = least;
    return (even + OV_BLOCK - 1) / OV_BLOCK * OV_BLOCK;
}

bool ov_shared_is_worth(const struct ov_crew *crew, struct ov_span view)
{
    return crew != NULL && crew->n > 0 &&
           view.len / WORTH_STRETCHES >= stretch_of(crew, view.len);
}

static enum ov_status note(void *data, const struct ov_found *f)
{
    struct ov_buf *notes = data;

    ov_put_span(notes, ov_span_of((const uint8_t *)f, sizeof(*f)));
    return ov_buf_status(notes);
}

/* Sweeps stretch i and notes what is found. */
static void fill(struct shared *h, struct ov_sweeper *w, size_t i)
{
    struct slot *slot = &h->slots[i];
    struct ov_sweep sweep = *h->sweep;
    uint64_t from = i * h->stretch;
    bool is_noted;

    slot->notes = ov_buf_with_max(NOTES_MAX);
    sweep.found = note;
    sweep.data = &slot->notes;
    is_noted = atomic_load(&h->n_noted) < ALL_NOTES_MAX &&
               ov_sweep(&sweep, w, from, from + h->stretch) == OV_OK;
    if (!is_noted)
        ov_buf_done(&slot->notes);
    atomic_fetch_add(&h->n_noted, slot->notes.len);
    atomic_store_explicit(&slot->state, is_noted ? SLOT_NOTED : SLOT_GIVEN_UP,
                          memory_order_release);
}

static size_t take(struct shared *h)
{
    return atomic_fetch_add(&h->next, 1);
}

static void help(void *data)
{
    struct helper *helper = data;
    struct shared *h = helper->shared;
    size_t i;

    while (!atomic_load(&h->is_stopped) && (i = take(h)) < h->n_slots)
        fill(h, &helper->sweeper, i);
}

static enum ov_status replay(struct shared *h, struct slot *slot)
{
    const struct ov_sweep *s = h->sweep;
    struct ov_span notes = ov_buf_span(&slot->notes);
    struct ov_found f;

    for (size_t at = 0; at < notes.len; at += sizeof(f)) {
        memcpy(&f, notes.ptr + at, sizeof(f));
        OV_TRY(s->found(s->data, &f));
    }
    atomic_fetch_sub(&h->n_noted, notes.len);
    ov_buf_done(&slot->notes);
    return OV_OK;
}

static enum ov_status sweep_now(struct shared *h, struct ov_sweeper *w,
                                size_t i)
{
    return ov_sweep(h->sweep, w, i * h->stretch, (i + 1) * h->stretch);
}

/* Those that are idle now and do not help yet. */
static void start_helpers(struct shared *h)
{
    struct ov_crew *crew = h->crew;

    for (unsigned i = 0; h->helpers != NULL && i < crew->n; i++) {
        if (h->helpers[i].shared != NULL || !crew->is_idle(crew, i))
            continue;
        h->helpers[i].shared = h;
        crew->start(crew, i, help, &h->helpers[i]);
    }
}

static void wait_for_helpers(struct shared *h)
{
    for (unsigned i = 0; h->helpers != NULL && i < h->crew->n; i++)
        if (h->helpers[i].shared != NULL)
            h->crew->wait(h->crew, i);
}

static void end_helpers(struct shared *h, struct ov_sweeper *w)
{
    atomic_store(&h->is_stopped, true);
    wait_for_helpers(h);
    for (unsigned i = 0; h->helpers != NULL && i < h->crew->n; i++) {
        w->n_bytes += h->helpers[i].sweeper.n_bytes;
        w->n_survivors += h->helpers[i].sweeper.n_survivors;
    }
    ov_free(h->helpers);
    for (size_t i = 0; i < h->n_slots; i++)
        ov_buf_done(&h->slots[i].notes);
    ov_free(h->slots);
}

/* The caller's part; next is the first stretch that is not through. */
static enum ov_status go_through(struct shared *h, struct ov_sweeper *w)
{
    size_t next = 0;
    size_t i;

    while (next < h->n_slots) {
        struct slot *slot = &h->slots[next];
        unsigned state =
            atomic_load_explicit(&slot->state, memory_order_acquire);

        start_helpers(h);
        if (state != SLOT_OPEN) {
            OV_TRY(state == SLOT_NOTED ? replay(h, slot)
                                       : sweep_now(h, w, next));
            next++;
        } else if ((i = take(h)) == next) {
            OV_TRY(sweep_now(h, w, next++));
        } else if (i < h->n_slots) {
            fill(h, w, i);
        } else {
            wait_for_helpers(h); /* all is taken */
        }
    }
    return OV_OK;
}

enum ov_status ov_shared_sweep(struct ov_crew *crew, const struct ov_sweep *s,
                               struct ov_sweeper *w)
{
    struct shared h = {
        .crew = crew, .sweep = s, .stretch = stretch_of(crew, s->view.len)};
    enum ov_status status;

    h.n_slots = (size_t)((s->view.len + h.stretch - 1) / h.stretch);
    h.slots = ov_alloc_array(h.n_slots, sizeof(*h.slots));
    if (h.slots == NULL)
        return ov_sweep(s, w, 0, s->view.len);
    h.helpers = ov_alloc_array(crew->n, sizeof(*h.helpers));
    status = go_through(&h, w);
    end_helpers(&h, w);
    return status;
}
