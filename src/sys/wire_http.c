/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/wire_http.h"

#include "sys/wire_fields.h"

/* What is said between the daemon and overt-http, member by member. */

#define AT(member) offsetof(struct ov_wire_http_settings, member)
static const struct ov_wire_field http_settings_fields[] = {
    {OV_WIRE_FIELD_U64, AT(max_body), 0},
    {OV_WIRE_FIELD_U64, AT(max_memory), 0},
    {OV_WIRE_FIELD_U32, AT(max_connections), 0},
    {OV_WIRE_FIELD_U32, AT(idle_ms), 0},
};
#undef AT
OV_FIELDS_MESSAGE(http_settings)

#define AT(member) offsetof(struct ov_wire_http_open, member)
static const struct ov_wire_field http_open_fields[] = {
    {OV_WIRE_FIELD_U32, AT(peer), 0},
};
#undef AT
OV_FIELDS_MESSAGE(http_open)
