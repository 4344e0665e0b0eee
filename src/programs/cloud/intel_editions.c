/* SPDX-License-Identifier: Apache-2.0 */
#include "intel.h"

/* The lines of DIR/intel/editions. A server reads them, too, so this file knows
 * no journal. */

static bool take_number(struct ov_span *line, struct ov_span word, uint64_t max,
                        uint64_t *ret)
{
    struct ov_span head;

    (void)ov_span_cut(line, ' ', &head);
    if (!ov_span_equal(head, word))
        return false;
    (void)ov_span_cut(line, ' ', &head);
    return ov_parse_uint(head, max, ret);
}

bool intel_edition_parse(struct ov_span line, struct intel_edition *ret)
{
    struct intel_edition e;
    uint64_t number;

    if (!take_number(&line, OV_SPAN_LIT("edition"), UINT32_MAX - 1, &number) ||
        !take_number(&line, OV_SPAN_LIT("journal"), INT64_MAX, &e.journal) ||
        !take_number(&line, OV_SPAN_LIT("time"), INT64_MAX, &e.time) ||
        !take_number(&line, OV_SPAN_LIT("objects"), UINT32_MAX, &e.objects) ||
        line.ptr != NULL || number == 0)
        return false;
    e.number = (uint32_t)number;
    *ret = e;
    return true;
}

void intel_put_edition(struct ov_buf *b, const struct intel_edition *e)
{
    ov_put_format(b, "edition %u journal %llu time %llu objects %llu\n",
                  e->number, (unsigned long long)e->journal,
                  (unsigned long long)e->time, (unsigned long long)e->objects);
}

bool intel_editions_read(struct ov_span text, struct intel_edition *ret_last,
                         uint64_t *ret_created)
{
    struct intel_edition last = {0};
    struct intel_edition e;
    uint64_t created = 0;
    struct ov_span line;

    while (text.len > 0) {
        if (!ov_span_cut(&text, '\n', &line) ||
            !intel_edition_parse(line, &e) || e.number != last.number + 1 ||
            e.time < last.time + last.objects || e.journal < last.journal)
            return false;
        if (e.number == 1)
            created = e.time;
        last = e;
    }
    *ret_last = last;
    *ret_created = created;
    return true;
}
