/* SPDX-License-Identifier: Apache-2.0 */
#include "../../src/programs/cloud/control/s3_sign.h"
#include "test.h"

/* The examples of the API's reference, whose signatures are printed there. */

static const struct s3_account account = {
    .access_key = "AKIAIOSFODNN7EXAMPLE",
    .secret_key = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    .region = "us-east-1"};

/* 2013-05-24T00:00:00Z */
#define THEN UINT64_C(1369353600)

static void is_signed(const char *query, const char *signature)
{
    const struct s3_request r = {
        .method = "GET",
        .host = OV_SPAN_LIT("examplebucket.s3.amazonaws.com"),
        .path = OV_SPAN_LIT("/"),
        .query = ov_span_str(query),
        .now = THEN};
    struct s3_signed s;
    const char *at;

    assert_int_equal(s3_sign(&account, &r, &s), OV_OK);
    assert_string_equal(s.date, "20130524T000000Z");
    assert_string_equal(s.digest, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b"
                                  "934ca495991b7852b855");
    at = strstr(s.authorization, ",Signature=");
    assert_non_null(at);
    assert_string_equal(at + strlen(",Signature="), signature);
}

static void signs_as_the_reference_does(void **state)
{
    (void)state;
    is_signed("lifecycle=", "fea454ca298b7da1c68078a5d1bdbfbb"
                            "e0d65c699e0f91ac7a200a0136783543");
    is_signed("max-keys=2&prefix=J", "34b48302e7b5fa45bde8084f4b7868a8"
                                     "6f0a534bc59db6670ed5711ef69dc6f7");
}

static void another_body_is_another_signature(void **state)
{
    struct s3_request r = {.method = "PUT",
                           .host = OV_SPAN_LIT("127.0.0.1:9000"),
                           .path = OV_SPAN_LIT("/bucket/key"),
                           .body = OV_SPAN_LIT("one"),
                           .now = THEN};
    struct s3_signed one;
    struct s3_signed two;

    (void)state;
    assert_int_equal(s3_sign(&account, &r, &one), OV_OK);
    r.body = OV_SPAN_LIT("two");
    assert_int_equal(s3_sign(&account, &r, &two), OV_OK);
    assert_string_not_equal(one.authorization, two.authorization);
}

static void escapes_all_but_what_is_unreserved(void **state)
{
    OV_AUTO_DONE(buf) b = ov_buf_with_max(64);

    (void)state;
    s3_put_encoded(&b, OV_SPAN_LIT("aZ9-._~/+= \xff"));
    ov_put_u8(&b, 0);
    assert_string_equal((const char *)b.ptr, "aZ9-._~%2F%2B%3D%20%FF");
}

OV_TEST_MAIN(OV_TEST(signs_as_the_reference_does),
             OV_TEST(another_body_is_another_signature),
             OV_TEST(escapes_all_but_what_is_unreserved))
