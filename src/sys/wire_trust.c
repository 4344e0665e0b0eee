/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/wire_trust.h"

#include "sys/wire_fields.h"

/* What is said about updates, member by member. */

#define AT(member) offsetof(struct ov_wire_get, member)
static const struct ov_wire_field get_fields[] = {
    {OV_WIRE_FIELD_U64, AT(max_len), 0},
    {OV_WIRE_FIELD_U32, AT(min_speed), 0},
    {OV_WIRE_FIELD_U32, AT(total_time), 0},
    {OV_WIRE_FIELD_FLAG, AT(is_post), 0},
    {OV_WIRE_FIELD_U64, AT(range_at), 0},
    {OV_WIRE_FIELD_U64, AT(range_len), 0},
    {OV_WIRE_FIELD_U64, AT(body_len), 0},
    {OV_WIRE_FIELD_TEXT, AT(url), OV_WIRE_MAX_URL},
};
#undef AT
OV_FIELDS_MESSAGE(get)

#define AT(member) offsetof(struct ov_wire_fetch_start, member)
static const struct ov_wire_field fetch_start_fields[] = {
    {OV_WIRE_FIELD_FLAG, AT(is_best_effort), 0},
};
#undef AT
OV_FIELDS_MESSAGE(fetch_start)

#define AT(member) offsetof(struct ov_wire_fetch_started, member)
static const struct ov_wire_field fetch_started_fields[] = {
    {OV_WIRE_FIELD_U32, AT(pid), 0},
};
#undef AT
OV_FIELDS_MESSAGE(fetch_started)

#define AT(member) offsetof(struct ov_wire_got, member)
static const struct ov_wire_field got_fields[] = {
    {OV_WIRE_FIELD_U32, AT(status), 0},
    {OV_WIRE_FIELD_U32, AT(code), 0},
    {OV_WIRE_FIELD_U64, AT(len), 0},
    {OV_WIRE_FIELD_U64, AT(up), 0},
    {OV_WIRE_FIELD_U64, AT(down), 0},
    {OV_WIRE_FIELD_U32, AT(n_connections), 0},
    {OV_WIRE_FIELD_TEXT, AT(address), OV_WIRE_MAX_WORD},
    {OV_WIRE_FIELD_TEXT, AT(certificate), OV_WIRE_MAX_WORD},
    {OV_WIRE_FIELD_TEXT, AT(words), OV_WIRE_MAX_WORDS},
};
#undef AT
OV_FIELDS_MESSAGE(got)

#define AT(member) offsetof(struct ov_wire_update, member)
static const struct ov_wire_field update_fields[] = {
    {OV_WIRE_FIELD_U32, AT(task), 0},
    {OV_WIRE_FIELD_U32, AT(n_mirrors), 0},
    {OV_WIRE_FIELD_U64, AT(now), 0},
    {OV_WIRE_FIELD_U64, AT(hold), 0},
    {OV_WIRE_FIELD_U64, AT(engine), 0},
    {OV_WIRE_FIELD_BYTES, AT(rollout_id), OV_WIRE_ROLLOUT_ID},
    {OV_WIRE_FIELD_TEXT, AT(channel), OV_WIRE_MAX_WORD},
    {OV_WIRE_FIELD_TEXT, AT(argument), OV_WIRE_MAX_URL},
};
#undef AT
OV_FIELDS_MESSAGE(update)

#define AT(member) offsetof(struct ov_wire_need, member)
static const struct ov_wire_field need_fields[] = {
    {OV_WIRE_FIELD_U32, AT(from), 0},
    {OV_WIRE_FIELD_U32, AT(mirror), 0},
    {OV_WIRE_FIELD_U64, AT(max_len), 0},
    {OV_WIRE_FIELD_U64, AT(part_at), 0},
    {OV_WIRE_FIELD_U64, AT(part_len), 0},
    {OV_WIRE_FIELD_TEXT, AT(name), OV_WIRE_MAX_NAME},
};
#undef AT
OV_FIELDS_MESSAGE(need)

#define AT(member) offsetof(struct ov_wire_persist, member)
static const struct ov_wire_field persist_fields[] = {
    {OV_WIRE_FIELD_U32, AT(what), 0},
    {OV_WIRE_FIELD_U64, AT(len), 0},
    {OV_WIRE_FIELD_TEXT, AT(name), OV_WIRE_MAX_NAME},
};
#undef AT
OV_FIELDS_MESSAGE(persist)

#define AT(member) offsetof(struct ov_wire_answer, member)
static const struct ov_wire_field answer_fields[] = {
    {OV_WIRE_FIELD_U32, AT(status), 0},
    {OV_WIRE_FIELD_TEXT, AT(words), OV_WIRE_MAX_WORDS},
};
#undef AT
OV_FIELDS_MESSAGE(answer)

#define AT(member) offsetof(struct ov_wire_updated, member)
static const struct ov_wire_field updated_fields[] = {
    {OV_WIRE_FIELD_U32, AT(refusal), 0},
    {OV_WIRE_FIELD_U32, AT(step), 0},
    {OV_WIRE_FIELD_FLAG, AT(is_installed), 0},
    {OV_WIRE_FIELD_FLAG, AT(is_current), 0},
    {OV_WIRE_FIELD_FLAG, AT(is_recalled), 0},
    {OV_WIRE_FIELD_U64, AT(installed_seq), 0},
    {OV_WIRE_FIELD_U64, AT(offered_seq), 0},
    {OV_WIRE_FIELD_TEXT, AT(detail), OV_WIRE_MAX_WORDS},
};
#undef AT
OV_FIELDS_MESSAGE(updated)

void ov_wire_put_number(struct ov_buf *b, uint64_t n)
{
    ov_put_u64(b, n);
}

enum ov_status ov_wire_read_number(struct ov_span body, uint64_t *ret)
{
    struct ov_reader r = ov_reader_over(body);
    uint64_t n = ov_read_u64le(&r);

    OV_TRY(ov_reader_end(&r));
    *ret = n;
    return OV_OK;
}
