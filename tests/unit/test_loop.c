/* SPDX-License-Identifier: Apache-2.0 */
#include <signal.h>
#include <unistd.h>

#include "sys/loop.h"
#include "test.h"

#define N_TIMERS 300

struct note {
    struct ov_loop *loop;
    unsigned n;
    int last;
};

struct timed {
    struct ov_loop_timer timer;
    struct note *note;
    uint64_t after_ms;
};

static void on_due(struct ov_loop_timer *t)
{
    struct timed *timed = t->data;

    timed->note->n++;
    timed->note->last = (int)timed->after_ms;
}

static void timers_come_in_their_order(void **state)
{
    static struct timed timers[N_TIMERS];
    struct ov_loop *loop = ov_loop_new();
    struct note note = {.loop = loop};
    uint32_t seed = 1;
    int before = 0;

    (void)state;
    for (size_t i = 0; i < N_TIMERS; i++) {
        struct timed *t = &timers[i];

        seed = seed * 1103515245 + 12345;
        t->after_ms = seed >> 16 & 63;
        t->note = &note;
        t->timer = (struct ov_loop_timer){.data = t, .due = on_due};
        assert_int_equal(ov_loop_timer_add(loop, &t->timer), OV_OK);
        ov_loop_timer_set(loop, &t->timer, 5);
        ov_loop_timer_set(loop, &t->timer, t->after_ms);
    }
    /* Every third one is taken away from where it is in the heap. */
    for (size_t i = 0; i < N_TIMERS; i += 3)
        ov_loop_timer_stop(loop, &timers[i].timer);
    while (note.n < N_TIMERS - N_TIMERS / 3) {
        unsigned n = note.n;

        assert_int_equal(ov_loop_turn(loop), OV_OK);
        if (note.n == n + 1) {
            assert_true(note.last >= before - 2); /* set one after the other */
            before = note.last;
        }
    }
    for (size_t i = 0; i < N_TIMERS; i++)
        ov_loop_timer_remove(loop, &timers[i].timer);
    ov_loop_free(loop);
}

static void on_due_again(struct ov_loop_timer *t)
{
    struct note *note = t->data;

    note->n++;
    ov_loop_timer_set(note->loop, t, 0);
}

static void a_timer_that_sets_itself_is_called_once_a_turn(void **state)
{
    struct note note = {.loop = ov_loop_new()};
    struct ov_loop_timer t = {.data = &note, .due = on_due_again};

    (void)state;
    assert_int_equal(ov_loop_timer_add(note.loop, &t), OV_OK);
    ov_loop_timer_set(note.loop, &t, 0);
    for (unsigned i = 1; i <= 3; i++) {
        assert_int_equal(ov_loop_turn(note.loop), OV_OK);
        assert_int_equal(note.n, i);
    }
    ov_loop_timer_remove(note.loop, &t);
    ov_loop_free(note.loop);
}

struct pair {
    struct ov_loop *loop;
    struct ov_loop_watch *other;
    unsigned *n;
};

/* Whichever is called first takes the other away. */
static void on_ready(struct ov_loop_watch *w, unsigned events)
{
    struct pair *p = w->data;

    assert_true((events & OV_LOOP_READ) != 0);
    ++*p->n;
    ov_loop_remove(p->loop, p->other);
}

static void what_was_removed_is_not_called(void **state)
{
    struct ov_loop *loop = ov_loop_new();
    unsigned n = 0;
    int pipes[2][2];
    struct ov_loop_watch watches[2];
    struct pair pairs[2];

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(pipe(pipes[i]), 0);
        assert_int_equal(write(pipes[i][1], "x", 1), 1);
        pairs[i] = (struct pair){loop, &watches[1 - i], &n};
        watches[i] = (struct ov_loop_watch){.fd = pipes[i][0],
                                            .events = OV_LOOP_READ,
                                            .data = &pairs[i],
                                            .ready = on_ready};
    }
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(ov_loop_add(loop, &watches[i]), OV_OK);
    assert_int_equal(ov_loop_turn(loop), OV_OK);
    assert_int_equal(n, 1);
    for (size_t i = 0; i < 2; i++) {
        ov_loop_remove(loop, &watches[i]);
        assert_int_equal(close(pipes[i][0]), 0);
        assert_int_equal(close(pipes[i][1]), 0);
    }
    ov_loop_free(loop);
}

static void on_signal(void *data, int signal_number)
{
    struct note *note = data;

    note->n++;
    note->last = signal_number;
}

static void a_signal_is_a_call(void **state)
{
    static const int caught[] = {SIGUSR1};
    struct note note = {.loop = ov_loop_new()};

    (void)state;
    assert_int_equal(ov_loop_catch(note.loop, caught, 1, on_signal, &note),
                     OV_OK);
    assert_int_equal(raise(SIGUSR1), 0);
    assert_int_equal(ov_loop_turn(note.loop), OV_OK);
    assert_int_equal(note.n, 1);
    assert_int_equal(note.last, SIGUSR1);
    ov_loop_free(note.loop);
}

OV_TEST_MAIN(OV_TEST(timers_come_in_their_order),
             OV_TEST(a_timer_that_sets_itself_is_called_once_a_turn),
             OV_TEST(what_was_removed_is_not_called),
             OV_TEST(a_signal_is_a_call))
