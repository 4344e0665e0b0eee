/* SPDX-License-Identifier: Apache-2.0
 *
 * Named characters of HTML: a binary search in the table of entities.def, which
 * is in the order of its names. */
#include "formats/html_entity.h"

static const struct {
    struct ov_span name;
    uint32_t character;
} entities[] = {

#define OV_ENTITY(name, character)                                             \
    {{(const uint8_t *)(name), sizeof(name) - 1}, character},
#include "formats/entities.def"
#undef OV_ENTITY
};

uint32_t ov_html_entity(struct ov_span name)
{
    size_t low = 0;
    size_t high = sizeof(entities) / sizeof(*entities);

    while (low < high) {
        size_t mid = (low + high) / 2;
        int order = ov_span_compare(entities[mid].name, name);

        if (order == 0)
            return entities[mid].character;
        if (order < 0)
            low = mid + 1;
        else
            high = mid;
    }
    return 0;
}
