/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "fuzz.h"
#include "programs/http/http_answer.h"

/* What the daemon says: the first byte is whether it is a verdict, a page, or
 * words of an error. A client gets a status that exists, with a type and a
 * body; what is put together here, an error, is one line of JSON, whatever the
 * words are. */

static void check_json(struct ov_span body)
{
    bool is_text = false;

    FUZZ_CHECK(body.len >= 3 && body.ptr[0] == '{');
    FUZZ_CHECK(body.ptr[body.len - 2] == '}' && body.ptr[body.len - 1] == '\n');
    for (size_t i = 0; i + 1 < body.len; i++) {
        FUZZ_CHECK(body.ptr[i] >= ' ');
        if (is_text && body.ptr[i] == '\\')
            i++;
        else if (body.ptr[i] == '"')
            is_text = !is_text;
    }
    FUZZ_CHECK(!is_text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct http_answer a = {.body = ov_buf_with_max(HTTP_ANSWER_MAX)};
    struct ov_span said = ov_span_clip(ov_span_of(data, len), 1, len);
    unsigned kind = len > 0 ? data[0] % 3 : 0;

    if (kind == 0)
        http_answer_scan(&a, said);
    else if (kind == 1)
        http_answer_page(&a, said);
    else
        http_answer_error(&a, 409, said);
    FUZZ_CHECK(a.code >= 200 && a.code < 600 && a.type != NULL);
    FUZZ_CHECK(ov_buf_status(&a.body) == OV_OK);
    if (kind == 2)
        check_json(ov_buf_span(&a.body));
    ov_buf_done(&a.body);
    return 0;
}
