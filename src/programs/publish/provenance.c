/* SPDX-License-Identifier: Apache-2.0 */
#include "provenance.h"

#include <string.h>

#include "base/base64.h"
#include "base/text.h"

/* in-toto Attestation Framework, spec/v1/statement.md (subject, predicateType,
 * predicate); predicate slsa.dev/spec/v1.0/provenance (buildDefinition,
 * runDetails); envelope and pre-authentication encoding:
 * secure-systems-lab/dsse protocol.md, "PAE(type, body) = DSSEv1 SP LEN(type)
 * SP type SP LEN(body) SP body". Members stand in a fixed order and there is no
 * random number, so that the same release gives the same bytes. */

#define PAYLOAD_TYPE "application/vnd.in-toto+json"

static void put_subject(struct ov_buf *b, const struct provenance *p,
                        unsigned tier)
{
    ov_put_format(b,
                  "{\"name\":\"db/%s/%llu/image.%u\",\"digest\":{\"sha256\":"
                  "\"",
                  p->channel, (unsigned long long)p->seq, tier);
    ov_put_hex(b, ov_span_of(p->images[tier].digest, 32));
    ov_put_str(b, "\"}}");
}

static void put_statement(struct instance *in, struct ov_buf *b,
                          const struct provenance *p)
{
    ov_put_str(b, "{\"_type\":\"https://in-toto.io/Statement/v1\","
                  "\"subject\":[");
    put_subject(b, p, 0);
    ov_put_u8(b, ',');
    put_subject(b, p, 1);
    ov_put_str(b, "],\"predicateType\":\"https://slsa.dev/provenance/v1\","
                  "\"predicate\":{\"buildDefinition\":{");
    ov_put_format(b,
                  "\"buildType\":\"https://%s/build/rules/v1\","
                  "\"externalParameters\":{\"channel\":\"%s\",\"seq\":%llu,"
                  "\"changes\":[%llu,%llu]},\"resolvedDependencies\":[{"
                  "\"uri\":\"https://%s\",\"digest\":{\"sha256\":\"%s\"}},"
                  "{\"name\":\"set-root\",\"digest\":{\"sha256\":\"",
                  in->name, p->channel, (unsigned long long)p->seq,
                  (unsigned long long)p->from, (unsigned long long)p->to,
                  in->origin, p->log_root);
    ov_put_hex(b, ov_span_of(p->set_root, 32));
    ov_put_format(b,
                  "\"}}]},\"runDetails\":{\"builder\":{\"id\":"
                  "\"https://%s/builder\",\"version\":{\"overt\":\"%s\"}},"
                  "\"metadata\":{\"startedOn\":\"",
                  in->name, OV_VERSION);
    ov_put_time(b, in->now);
    ov_put_str(b, "\"}}}}");
}

/* DSSE: what is signed is the type and the body, with their lengths. */
static bool put_envelope(struct instance *in, const struct ov_buf *body,
                         struct ov_buf *envelope)
{
    OV_AUTO_DONE(buf) pae = ov_buf_with_max(1 << 20);
    OV_AUTO_DONE(key) key = {0};
    uint8_t sig[OV_ED25519_SIG];

    ov_put_format(&pae, "DSSEv1 %zu " PAYLOAD_TYPE " %zu ",
                  strlen(PAYLOAD_TYPE), body->len);
    ov_put_span(&pae, ov_buf_span(body));
    if (!key_read(in, "attest-1", &key))
        return false;
    if (ov_buf_status(&pae) != OV_OK ||
        ov_ed25519_sign(key.seed, ov_buf_span(&pae), sig) != OV_OK)
        return tell_error("attest-1: cannot sign");
    ov_put_str(envelope,
               "{\"payloadType\":\"" PAYLOAD_TYPE "\",\"payload\":\"");
    ov_put_base64(envelope, ov_buf_span(body));
    ov_put_format(envelope, "\",\"signatures\":[{\"keyid\":\"%s\",\"sig\":\"",
                  key.name);
    ov_put_base64(envelope, ov_span_of(sig, sizeof(sig)));
    ov_put_str(envelope, "\"}]}\n");
    return ov_buf_status(envelope) == OV_OK || tell_error("out of memory");
}

bool provenance_make(struct instance *in, const struct provenance *p,
                     const char **ret_name)
{
    OV_AUTO_DONE(buf) body = ov_buf_with_max(1 << 20);
    OV_AUTO_DONE(buf) envelope = ov_buf_with_max(1 << 22);

    put_statement(in, &body, p);
    return put_envelope(in, &body, &envelope) &&
           blob_put(in, ov_buf_span(&envelope), ret_name);
}

/* {"name":"overt-1.0.tar","digest":{"sha256":"..."}} */
static void put_file(struct ov_buf *b, const struct provenance_file *f)
{
    ov_put_str(b, "{\"name\":\"");
    ov_put_json(b, ov_span_str(f->name));
    ov_put_format(b, "\",\"digest\":{\"sha256\":\"%.64s\"}}",
                  f->blob + strlen("sha256:"));
}

bool provenance_of_code(struct instance *in,
                        const struct provenance_file *files, size_t n,
                        const char **ret_name)
{
    OV_AUTO_DONE(buf) body = ov_buf_with_max(1 << 20);
    OV_AUTO_DONE(buf) envelope = ov_buf_with_max(1 << 22);

    ov_put_str(&body, "{\"_type\":\"https://in-toto.io/Statement/v1\","
                      "\"subject\":[");
    for (size_t i = 1; i < n; i++) {
        if (i > 1)
            ov_put_u8(&body, ',');
        put_file(&body, &files[i]);
    }
    ov_put_format(&body,
                  "],\"predicateType\":\"https://slsa.dev/provenance/v1\","
                  "\"predicate\":{\"buildDefinition\":{\"buildType\":"
                  "\"https://%s/build/code/v1\",\"externalParameters\":"
                  "{\"command\":\"tools/release\"},"
                  "\"resolvedDependencies\":[",
                  in->name);
    put_file(&body, &files[0]);
    ov_put_format(&body,
                  "]},\"runDetails\":{\"builder\":{\"id\":"
                  "\"https://%s/builder\"},\"metadata\":{\"startedOn\":\"",
                  in->name);
    ov_put_time(&body, in->now);
    ov_put_str(&body, "\"}}}}");
    return put_envelope(in, &body, &envelope) &&
           blob_put(in, ov_buf_span(&envelope), ret_name);
}
