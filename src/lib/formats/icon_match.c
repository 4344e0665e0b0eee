/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <stdlib.h>

#include "formats/icon.h"

/* Whether two icons look alike.
 *
 * Of each kind of area, every one that was seen is compared with those that are
 * known, and the best counts: 100 if it is in the same place, 40 at three
 * quarters of an area's side, nothing if it is further away or its mean differs
 * by more than a fifth of the range. The kinds are weighed, colours and their
 * amount added, and the sum must reach 64 to 72, the smaller the icons the
 * more; 70 without colours, where edges count most.
 *
 * Icons are compared with known ones of the same class of sizes: 16 to 23, 24
 * to 31, 32.
 *
 * Source of weights and thresholds: clamscan 1.4.6 (tests/oracle/icons.py). */

#define CLASS_OF(side) ((side) / 8)
#define LARGEST_CLASS CLASS_OF(OV_ICON_SIDE_MAX)
#define ENOUGH_IF_LARGE 64
#define ENOUGH_MORE_PER_CLASS 4
#define ENOUGH_IF_GRAY 70
#define MEAN_RANGE 255
#define COLOR_RANGE 4072

/* How well an area that was seen fits to a known one. */
static uint32_t fit(const struct ov_icon_area *a, const struct ov_icon_area *b,
                    uint32_t reach, uint32_t range)
{
    int64_t dx = (int64_t)a->x - b->x;
    int64_t dy = (int64_t)a->y - b->y;
    uint32_t distance = (uint32_t)sqrt((double)(dx * dx + dy * dy));
    uint32_t differs =
        a->mean > b->mean ? a->mean - b->mean : b->mean - a->mean;

    if (distance > reach || differs > range / 5)
        return 0;
    return 100 - distance * 60 / reach;
}

/* The mean of the best fits of n areas. */
static uint32_t fit_all(const struct ov_icon_area *seen,
                        const struct ov_icon_area *known, size_t n,
                        uint32_t side, uint32_t range)
{
    uint32_t reach = side / 4 * 3 / 4;
    uint32_t sum = 0;

    for (size_t i = 0; i < n; i++) {
        uint32_t best = 0;

        for (size_t k = 0; k < n; k++) {
            uint32_t one = fit(&seen[i], &known[k], reach, range);

            if (one > best)
                best = one;
        }
        sum += best;
    }
    return sum / (uint32_t)n;
}

static uint32_t fit_kind(const struct ov_icon *seen,
                         const struct ov_icon *known, enum ov_icon_kind kind)
{
    bool is_of_color = kind == OV_ICON_COLOR || kind == OV_ICON_GRAY;

    return fit_all(seen->areas[kind], known->areas[kind], OV_ICON_AREAS,
                   seen->side, is_of_color ? COLOR_RANGE : MEAN_RANGE);
}

/* Two kinds as one of six areas. */
static uint32_t fit_kinds(const struct ov_icon *seen,
                          const struct ov_icon *known, enum ov_icon_kind first,
                          enum ov_icon_kind second)
{
    struct ov_icon_area a[2 * OV_ICON_AREAS];
    struct ov_icon_area b[2 * OV_ICON_AREAS];

    for (size_t i = 0; i < OV_ICON_AREAS; i++) {
        a[i] = seen->areas[first][i];
        a[OV_ICON_AREAS + i] = seen->areas[second][i];
        b[i] = known->areas[first][i];
        b[OV_ICON_AREAS + i] = known->areas[second][i];
    }
    return fit_all(a, b, 2 * OV_ICON_AREAS, seen->side, MEAN_RANGE);
}

static uint32_t nearness(uint32_t a, uint32_t b)
{
    uint32_t differs = 10 * (a > b ? a - b : b - a);

    return differs < 100 ? 100 - differs : 0;
}

static bool are_gray_alike(const struct ov_icon *seen,
                           const struct ov_icon *known)
{
    uint32_t edge = fit_kinds(seen, known, OV_ICON_EDGE, OV_ICON_COLOR);
    uint32_t plain = fit_kinds(seen, known, OV_ICON_PLAIN, OV_ICON_GRAY);
    uint32_t light = fit_kind(seen, known, OV_ICON_BRIGHT) +
                     fit_kind(seen, known, OV_ICON_DARK);

    return (light + edge * 2 + plain) / 6 >= ENOUGH_IF_GRAY;
}

bool ov_icon_is_like(const struct ov_icon *seen, const struct ov_icon *known)
{
    uint32_t class = CLASS_OF(seen->side);
    uint32_t color = 0;
    uint32_t gray = 0;
    uint32_t shares, sum;

    if (class != CLASS_OF(known->side))
        return false;
    if (seen->colored == 0 && known->colored == 0)
        return are_gray_alike(seen, known);
    if (seen->colored != 0 && known->colored != 0) {
        color = fit_kind(seen, known, OV_ICON_COLOR);
        gray = fit_kind(seen, known, OV_ICON_GRAY);
    }
    shares =
        (nearness(seen->red, known->red) + nearness(seen->green, known->green) +
         nearness(seen->blue, known->blue) +
         nearness(seen->colored, known->colored)) /
        4;
    sum = color + shares + fit_kind(seen, known, OV_ICON_DARK) +
          fit_kind(seen, known, OV_ICON_EDGE) +
          (gray + fit_kind(seen, known, OV_ICON_BRIGHT) +
           fit_kind(seen, known, OV_ICON_PLAIN)) *
              2 / 3;
    return sum / 6 >=
           ENOUGH_IF_LARGE + ENOUGH_MORE_PER_CLASS * (LARGEST_CLASS - class);
}
