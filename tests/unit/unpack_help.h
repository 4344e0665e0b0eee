/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "formats/unpack.h"
#include "test.h"

/* What tests of containers share: open bytes with the default budget, and say
 * what the next member must be. */

struct ov_opened {
    struct ov_budget budget;
    struct ov_unpack_job job;
    struct ov_unpacker *unpacker;
    struct ov_member member;
    struct ov_buf bytes;
    enum ov_status read_status;
};

static inline enum ov_status opened(struct ov_opened *o, enum ov_type type,
                                    struct ov_span bytes)
{
    *o = (struct ov_opened){.bytes = ov_buf_with_max((size_t)64 << 20)};
    o->budget = ov_budget_default();
    o->job.type = type;
    o->job.bytes = bytes;
    o->job.budget = &o->budget;
    return ov_unpacker_open(&o->job, &o->unpacker);
}

static inline void closed(struct ov_opened *o)
{
    ov_unpacker_free(o->unpacker);
    ov_buf_done(&o->bytes);
}

/* The next member is read into o->bytes. */
static inline void take_member(struct ov_opened *o)
{
    assert_int_equal(ov_unpacker_next(o->unpacker, &o->member), OV_OK);
    assert_false(o->member.is_end);
    ov_buf_clear(&o->bytes);
    o->read_status = ov_unpacker_read(o->unpacker, &o->bytes);
}

static inline void expect_member(struct ov_opened *o, const char *name,
                                 const char *text)
{
    take_member(o);
    assert_int_equal(o->read_status, OV_OK);
    assert_int_equal(o->member.name.len, strlen(name));
    assert_memory_equal(o->member.name.ptr, name, strlen(name));
    assert_int_equal(o->bytes.len, strlen(text));
    assert_memory_equal(o->bytes.ptr, text, strlen(text));
}

static inline void expect_end(struct ov_opened *o)
{
    assert_int_equal(ov_unpacker_next(o->unpacker, &o->member), OV_OK);
    assert_true(o->member.is_end);
}
