/* SPDX-License-Identifier: Apache-2.0 */
#include "match/builder.h"
#include "match/prefilter_way.h"
#include "test.h"
#include "torture.h"

/* Atoms of two sorts, taking turns in the order of their keys: text, and a rare
 * byte between zeros. */
#define N 64u

struct fixture {
    struct ov_builder b;
    struct ov_atom_entry entries[N];
    uint32_t picked[N];
    uint8_t groups[N];
    uint8_t filter[OV_SCREEN_SIZE + (4u << OV_FILTER_LOG_MIN)];
};

static void make(struct fixture *f)
{
    *f = (struct fixture){.b.atoms = {.at = f->entries, .n = N}};
    for (uint32_t i = 0; i < N; i++) {
        uint32_t first = 'a' + i % 26;

        f->picked[i] = i;
        f->entries[i].key = i % 2 == 0
                                ? first | (0xd1u + i / 2 % 8) << 16
                                : first | 'e' << 8 | 't' << 16 | 'i' << 24;
    }
}

/* Of windows whose bytes are from any of the atoms, how many pass the screen.
 */
static uint32_t count_passes(struct fixture *f)
{
    const struct ov_filter filter =
        ov_filter_over(ov_span_of(f->filter, sizeof(f->filter)), OV_ATOM_MID,
                       OV_FILTER_LOG_MIN, 0);
    uint32_t n = 0;

    memset(f->filter, 0, sizeof(f->filter));
    for (uint32_t i = 0; i < N; i++)
        ov_filter_add(f->filter, &filter, OV_ATOM_MID, f->entries[i].key,
                      f->groups[i]);
    for (uint32_t i = 0; i < N; i++)
        for (uint32_t k = 0; k < N; k++) {
            uint32_t mixed = (uint32_t)((f->entries[i].key & 0xff00ffff) |
                                        (f->entries[k].key & 0x00ff0000));
            uint8_t window[4];

            ov_put_le32(window, mixed);
            n += ov_screen_passes(&filter, window, 4);
        }
    return n;
}

static void like_atoms_come_into_one_group(void **state)
{
    static struct fixture f;
    uint32_t by_order;
    uint32_t dealt;

    (void)state;
    make(&f);
    for (uint32_t i = 0; i < N; i++)
        f.groups[i] = (uint8_t)(i * OV_SCREEN_GROUPS / N);
    by_order = count_passes(&f);
    assert_int_equal(ov_builder_deal(&f.b, OV_ATOM_MID, f.picked, N, f.groups),
                     OV_OK);
    dealt = count_passes(&f);
    assert_true(dealt < 3 * by_order / 4);
    for (uint32_t i = 0; i < N; i++) {
        uint8_t window[4];

        assert_in_range(f.groups[i], 0, OV_SCREEN_GROUPS - 1);
        ov_put_le32(window, (uint32_t)f.entries[i].key);
        assert_true(ov_screen_passes(&(struct ov_filter){.screen = f.filter},
                                     window, 4));
    }
}

static enum ov_status deal(void *arg)
{
    struct fixture *f = arg;

    return ov_builder_deal(&f->b, OV_ATOM_SHORT, f->picked, N, f->groups);
}

static void ends_well_when_memory_is_out(void **state)
{
    static struct fixture f;

    (void)state;
    make(&f);
    assert_true(ov_torture(deal, &f) > 0);
}

OV_TEST_MAIN(OV_TEST(like_atoms_come_into_one_group),
             OV_TEST(ends_well_when_memory_is_out))
