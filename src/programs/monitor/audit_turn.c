/* SPDX-License-Identifier: Apache-2.0 */
#include "audit_run.h"
#include "base/text.h"

/* The first and the last entry of a log. A log that has ended may go on as
 * another one, whose tree begins with all of its entries (docs/protocol-log.md,
 * "The turn of a log"): then the log-end is followed by a log-start that names
 * the very tree before it. Nothing else may follow a log-end. */

static void bad(struct audit *a, uint64_t index, const char *why)
{
    finding(a->found, FINDING_BAD_ENTRY, "log", index, "%s", why);
}

static void take_text(const struct ov_entry *e, const char *name,
                      char ret[static OV_NOTE_MAX_NAME + 1])
{
    struct ov_span value = {0};

    memset(ret, 0, OV_NOTE_MAX_NAME + 1);
    if (ov_entry_value(e, name, 0, &value) && value.len <= OV_NOTE_MAX_NAME)
        memcpy(ret, value.ptr, value.len);
}

static bool names_tree(const struct audit *a, const struct ov_entry *e)
{
    uint8_t have[OV_MERKLE_HASH];
    uint8_t root[OV_MERKLE_HASH];
    struct ov_span hex;
    uint64_t size;

    ov_merkle_stack_root(&a->tree, root);
    return ov_entry_number(e, "size", &size) && size == a->tree.size &&
           ov_entry_value(e, "root", 0, &hex) &&
           ov_hex_decode(hex, have, sizeof(have)) &&
           memcmp(have, root, sizeof(root)) == 0;
}

static void on_start(struct audit *a, const struct ov_entry *e, uint64_t index)
{
    if (index > 0 && !a->is_ended) {
        bad(a, index,
            "log-start is not the first entry, and follows no "
            "log-end");
        return;
    }
    if (index > 0) {
        if (!ov_entry_is(e, "after", a->origin) || !names_tree(a, e))
            bad(a, index,
                "log-start does not name the log before it and its "
                "end");
        if (!ov_entry_is(e, "origin", a->next))
            bad(a, index, "log-start is not of the log that log-end names");
        memcpy(a->ended[a->n_ended % AUDIT_MAX_ENDED].origin, a->origin,
               sizeof(a->origin));
        a->ended[a->n_ended++ % AUDIT_MAX_ENDED].size = index;
        a->is_ended = false;
    }
    take_text(e, "origin", a->origin);
}

void audit_place(struct audit *a, const struct ov_entry *e, uint64_t index)
{
    bool is_start = e->type == OV_ENTRY_LOG_START;

    if (!is_start && index == 0)
        bad(a, index, "the first entry is not log-start");
    if (!is_start && a->is_ended)
        bad(a, index, "an entry follows log-end");
    if (is_start)
        on_start(a, e, index);
    if (e->type != OV_ENTRY_LOG_END)
        return;
    if (!ov_entry_is(e, "origin", a->origin))
        bad(a, index, "log-end is of another log");
    take_text(e, "next", a->next);
    a->is_ended = true;
}

void audit_log(struct audit *a, struct ov_span origin)
{
    if (a->tree.size > 0 && !ov_span_equal(origin, ov_span_str(a->origin)))
        finding(a->found, FINDING_BAD_ENTRY, "log", NO_INDEX,
                "its entries are those of the log %s, as its log-start says",
                a->origin[0] != '\0' ? a->origin : "of no name");
}

bool audit_ended(const struct audit *a, struct ov_span origin, uint64_t *ret)
{
    for (size_t i = 0; i < a->n_ended && i < AUDIT_MAX_ENDED; i++) {
        if (ov_span_equal(origin, ov_span_str(a->ended[i].origin))) {
            *ret = a->ended[i].size;
            return true;
        }
    }
    return false;
}
