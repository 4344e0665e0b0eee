/* SPDX-License-Identifier: Apache-2.0 */
#include "intel/misp_write.h"

#include "base/text.h"
#include "crypto/digest.h"
#include "trust/entry.h"

/* The formats: draft-00 of misp-core-format and misp-manifest
 * (misp-standard.org). What was recalled stays in its event with to_ids false,
 * so that who reads the feed again drops it from detection; an event's
 * timestamp grows with that of its newest attribute, and readers fetch it
 * again for that. */

#define SECOND 1000000

enum ov_status ov_misp_event_init(const struct ov_stix_producer *p,
                                  uint32_t number, struct ov_misp_event *ret)
{
    OV_AUTO_DONE(buf) b = ov_buf_with_max(64);
    struct ov_misp_event e = {.number = number};

    ov_put_format(&b, "misp event %u", number);
    OV_TRY(ov_buf_status(&b));
    OV_TRY(ov_uuid_v5(&p->space, ov_buf_span(&b), &e.id));
    *ret = e;
    return OV_OK;
}

static void put_org(struct ov_buf *b, const struct ov_stix_producer *p)
{
    ov_put_str(b, "\"Orgc\":{\"name\":\"");
    ov_put_json(b, p->name);
    ov_put_str(b, "\",\"uuid\":\"");
    ov_put_uuid(b, &p->identity);
    ov_put_str(b, "\"},\"Tag\":[{\"colour\":\"#ffffff\",\"exportable\":true,"
                  "\"name\":\"tlp:clear\"}]");
}

static void put_info(struct ov_buf *b, const struct ov_stix_producer *p,
                     const struct ov_misp_event *e)
{
    ov_put_str(b, "\"info\":\"Files that ");
    ov_put_json(b, p->name);
    ov_put_format(b, " speaks ill of, part %u\",\"date\":\"", e->number);
    ov_put_time(b, e->date / SECOND);
    if (ov_buf_status(b) == OV_OK)
        b->len -= sizeof("T00:00:00Z") - 1;
    ov_put_format(b,
                  "\",\"analysis\":\"2\",\"threat_level_id\":\"4\","
                  "\"timestamp\":\"%llu\"",
                  (unsigned long long)(e->timestamp / SECOND));
}

void ov_put_misp_begin(struct ov_buf *b, const struct ov_stix_producer *p,
                       const struct ov_misp_event *e)
{
    ov_put_str(b, "{\"Event\":{\"uuid\":\"");
    ov_put_uuid(b, &e->id);
    ov_put_str(b, "\",");
    put_info(b, p, e);
    ov_put_format(b, ",\"published\":true,\"publish_timestamp\":\"%llu\",",
                  (unsigned long long)(e->timestamp / SECOND));
    put_org(b, p);
    ov_put_str(b, ",\"Attribute\":[\n");
}

enum ov_status ov_put_misp_attribute(struct ov_buf *b,
                                     const struct ov_stix_producer *p,
                                     const struct ov_uuid *indicator,
                                     const struct ov_stix_verdict *v)
{
    OV_AUTO_DONE(buf) name = ov_buf_with_max(64);
    struct ov_uuid id;

    ov_put_str(&name, "misp ");
    ov_put_uuid(&name, indicator);
    OV_TRY(ov_buf_status(&name));
    OV_TRY(ov_uuid_v5(&p->space, ov_buf_span(&name), &id));
    ov_put_str(b, "{\"uuid\":\"");
    ov_put_uuid(b, &id);
    ov_put_str(b, "\",\"type\":\"sha256\",\"category\":\"Payload delivery\","
                  "\"value\":\"");
    ov_put_hex(b, ov_span_of(v->hash, 32));
    ov_put_format(b,
                  "\",\"to_ids\":%s,\"disable_correlation\":false,"
                  "\"timestamp\":\"%llu\",\"comment\":\"%s",
                  v->is_revoked ? "false" : "true",
                  (unsigned long long)(v->modified / SECOND),
                  v->is_revoked ? "no more: " : "");
    ov_put_str(b, ov_reputation_name(v->reputation));
    if (v->family.len > 0)
        ov_put_u8(b, ' ');
    ov_put_json(b, v->family);
    ov_put_str(b, "\"}");
    return ov_buf_status(b);
}

void ov_put_misp_end(struct ov_buf *b)
{
    ov_put_str(b, "\n]}}\n");
}

void ov_put_misp_manifest(struct ov_buf *b, const struct ov_stix_producer *p,
                          const struct ov_misp_event *e)
{
    ov_put_u8(b, '"');
    ov_put_uuid(b, &e->id);
    ov_put_str(b, "\":{");
    put_info(b, p, e);
    ov_put_u8(b, ',');
    put_org(b, p);
    ov_put_u8(b, '}');
}

enum ov_status ov_put_misp_hash(struct ov_buf *b, const uint8_t hash[static 32],
                                const struct ov_misp_event *e)
{
    OV_AUTO_DONE(buf) value = ov_buf_with_max(64);
    uint8_t digest[OV_DIGEST_MAX];

    ov_put_hex(&value, ov_span_of(hash, 32));
    OV_TRY(ov_buf_status(&value));
    OV_TRY(ov_digest(OV_MD5, ov_buf_span(&value), digest));
    ov_put_hex(b, ov_span_of(digest, ov_digest_len(OV_MD5)));
    ov_put_u8(b, ',');
    ov_put_uuid(b, &e->id);
    ov_put_u8(b, '\n');
    return ov_buf_status(b);
}
