/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/wire_guard.h"

#include "sys/wire_fields.h"

/* What is said between the daemon and its guard, member by member. */

#define AT(member) offsetof(struct ov_wire_guard_settings, member)
static const struct ov_wire_field guard_settings_fields[] = {
    {OV_WIRE_FIELD_U32, AT(when), 0},
    {OV_WIRE_FIELD_U32, AT(deadline), 0},
    {OV_WIRE_FIELD_FLAG, AT(denies_late), 0},
    {OV_WIRE_FIELD_FLAG, AT(guards_all), 0},
};
#undef AT
OV_FIELDS_MESSAGE(guard_settings)

#define AT(member) offsetof(struct ov_wire_guard_place, member)
static const struct ov_wire_field guard_place_fields[] = {
    {OV_WIRE_FIELD_U32, AT(kind), 0},
    {OV_WIRE_FIELD_TEXT, AT(text), OV_WIRE_MAX_GUARD_PATH},
};
#undef AT
OV_FIELDS_MESSAGE(guard_place)

#define AT(member) offsetof(struct ov_wire_guard_answer, member)
static const struct ov_wire_field guard_answer_fields[] = {
    {OV_WIRE_FIELD_FLAG, AT(denies), 0},
    {OV_WIRE_FIELD_FLAG, AT(may_remember), 0},
};
#undef AT
OV_FIELDS_MESSAGE(guard_answer)

#define AT(member) offsetof(struct ov_wire_guard_file, member)
static const struct ov_wire_field guard_file_fields[] = {
    {OV_WIRE_FIELD_U32, AT(when), 0},
    {OV_WIRE_FIELD_U32, AT(pid), 0},
    {OV_WIRE_FIELD_U32, AT(uid), 0},
    {OV_WIRE_FIELD_FLAG, AT(is_here), 0},
    {OV_WIRE_FIELD_U64, AT(len), 0},
    {OV_WIRE_FIELD_TEXT, AT(path), OV_WIRE_MAX_GUARD_PATH},
};
#undef AT
OV_FIELDS_MESSAGE(guard_file)

#define AT(member) offsetof(struct ov_wire_guard_counts, member)
static const struct ov_wire_field guard_counts_fields[] = {
    {OV_WIRE_FIELD_U64, AT(n_ignored), 0},
    {OV_WIRE_FIELD_U64, AT(n_allowed), 0},
    {OV_WIRE_FIELD_U64, AT(n_denied), 0},
    {OV_WIRE_FIELD_U64, AT(n_written), 0},
};
#undef AT
OV_FIELDS_MESSAGE(guard_counts)

#define AT(member) offsetof(struct ov_wire_guard_told, member)
static const struct ov_wire_field guard_told_fields[] = {
    {OV_WIRE_FIELD_U32, AT(status), 0},
    {OV_WIRE_FIELD_TEXT, AT(path), OV_WIRE_MAX_GUARD_PATH},
    {OV_WIRE_FIELD_TEXT, AT(text), 256},
};
#undef AT
OV_FIELDS_MESSAGE(guard_told)
