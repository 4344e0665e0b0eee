/* SPDX-License-Identifier: Apache-2.0 */
#include "intel/stix_write.h"

#include <string.h>

#include "base/text.h"
#include "intel/stix_time.h"

/* STIX 2.1: indicator 4.7, malware 4.11, identity 4.5, relationship 5.1, file
 * 6.7, bundle 8; the marking is that of FIRST's TLP 2.0 as OASIS' common object
 * repository has it. Objects are written by hand, in one order of members, and
 * have no member that could differ from machine to machine. What comes from
 * outside (names) goes through ov_put_json.
 *
 * Limit: of a file only its SHA-256 is known here. */

#define MAX_NAME 256

/* STIX 2.1 section 2.9: for ids of observables. */
static const struct ov_uuid stix_space = {{0x00, 0xab, 0xed, 0xb4, 0xaa, 0x42,
                                           0x46, 0x6c, 0x9c, 0x01, 0xfe, 0xd2,
                                           0x33, 0x15, 0xa9, 0xb7}};
/* RFC 4122 appendix C: names that are URLs. */
static const struct ov_uuid url_space = {{0x6b, 0xa7, 0xb8, 0x11, 0x9d, 0xad,
                                          0x11, 0xd1, 0x80, 0xb4, 0x00, 0xc0,
                                          0x4f, 0xd4, 0x30, 0xc8}};

const struct ov_uuid ov_stix_tlp_clear = {{0x94, 0x86, 0x8c, 0x89, 0x83, 0xc2,
                                           0x46, 0x4b, 0x92, 0x9b, 0xa1, 0xa8,
                                           0xaa, 0x3c, 0x84, 0x87}};

/* How a reputation is put (indicator-type-ov, section 10.10; our own word is
 * the label). */
static const struct said {
    const char *type;
    unsigned confidence;
} said[OV_N_REPUTATION] = {
    [OV_REPUTATION_MALICIOUS] = {"malicious-activity", 95},
    [OV_REPUTATION_UNWANTED] = {"anomalous-activity", 80},
    [OV_REPUTATION_SUSPICIOUS] = {"anomalous-activity", 50},
    [OV_REPUTATION_TEST] = {"benign", 100},
};

static const struct type {
    enum ov_stix_type type;
    const char *name;
} types[] = {

#define OV_STIX_TYPE(id, number, name) {OV_STIX_##id, name},
#include "intel/stix_type.def"
#undef OV_STIX_TYPE
};
#define N_TYPES (sizeof(types) / sizeof(types[0]))

const char *ov_stix_type_name(unsigned type)
{
    for (size_t i = 0; i < N_TYPES; i++) {
        if (types[i].type == type)
            return types[i].name;
    }
    return NULL;
}

enum ov_stix_type ov_stix_type_parse(struct ov_span name)
{
    for (size_t i = 0; i < N_TYPES; i++) {
        if (ov_span_equal(name, ov_span_str(types[i].name)))
            return types[i].type;
    }
    return OV_STIX_NONE;
}

bool ov_stix_is_said(enum ov_reputation r)
{
    return (unsigned)r < OV_N_REPUTATION && said[r].type != NULL;
}

/* ---- ids ---- */

enum ov_status ov_stix_producer_init(struct ov_span name, uint64_t created,
                                     struct ov_stix_producer *ret)
{
    OV_AUTO_DONE(buf) b = ov_buf_with_max(2 * MAX_NAME);
    struct ov_stix_producer p = {.name = name, .created = created};

    ov_put_str(&b, "overt/intelligence/v1/");
    ov_put_span(&b, name);
    OV_TRY(ov_buf_status(&b));
    OV_TRY(ov_uuid_v5(&url_space, ov_buf_span(&b), &p.space));
    OV_TRY(ov_uuid_v5(&p.space, OV_SPAN_LIT("identity"), &p.identity));
    *ret = p;
    return OV_OK;
}

enum ov_status ov_stix_indicator_id(const struct ov_stix_producer *p,
                                    const uint8_t hash[static 32],
                                    unsigned turn, struct ov_uuid *ret)
{
    OV_AUTO_DONE(buf) b = ov_buf_with_max(MAX_NAME);

    ov_put_str(&b, "indicator sha256 ");
    ov_put_hex(&b, ov_span_of(hash, 32));
    if (turn > 1)
        ov_put_format(&b, " %u", turn);
    OV_TRY(ov_buf_status(&b));
    return ov_uuid_v5(&p->space, ov_buf_span(&b), ret);
}

enum ov_status ov_stix_malware_id(const struct ov_stix_producer *p,
                                  struct ov_span family, struct ov_uuid *ret)
{
    OV_AUTO_DONE(buf) b = ov_buf_with_max(MAX_NAME);

    ov_put_str(&b, "malware ");
    ov_put_span(&b, family);
    OV_TRY(ov_buf_status(&b));
    return ov_uuid_v5(&p->space, ov_buf_span(&b), ret);
}

enum ov_status ov_stix_indicates_id(const struct ov_stix_producer *p,
                                    const struct ov_uuid *indicator,
                                    const struct ov_uuid *malware,
                                    uint64_t since, struct ov_uuid *ret)
{
    OV_AUTO_DONE(buf) b = ov_buf_with_max(MAX_NAME);

    ov_put_str(&b, "indicates ");
    ov_put_uuid(&b, indicator);
    ov_put_u8(&b, ' ');
    ov_put_uuid(&b, malware);
    ov_put_format(&b, " %llu", (unsigned long long)since);
    OV_TRY(ov_buf_status(&b));
    return ov_uuid_v5(&p->space, ov_buf_span(&b), ret);
}

/* The name is the canonical JSON (RFC 8785) of what identifies a file. */
enum ov_status ov_stix_file_id(const uint8_t hash[static 32],
                               struct ov_uuid *ret)
{
    OV_AUTO_DONE(buf) b = ov_buf_with_max(MAX_NAME);

    ov_put_str(&b, "{\"hashes\":{\"SHA-256\":\"");
    ov_put_hex(&b, ov_span_of(hash, 32));
    ov_put_str(&b, "\"}}");
    OV_TRY(ov_buf_status(&b));
    return ov_uuid_v5(&stix_space, ov_buf_span(&b), ret);
}

/* ---- objects ---- */

static void put_id(struct ov_buf *b, enum ov_stix_type type,
                   const struct ov_uuid *id)
{
    ov_put_format(b, "\"%s--", ov_stix_type_name(type));
    ov_put_uuid(b, id);
    ov_put_u8(b, '"');
}

static void put_head(struct ov_buf *b, enum ov_stix_type type,
                     const struct ov_uuid *id)
{
    ov_put_format(b, "{\"type\":\"%s\",\"spec_version\":\"2.1\",\"id\":",
                  ov_stix_type_name(type));
    put_id(b, type, id);
}

static void put_times(struct ov_buf *b, uint64_t created, uint64_t modified)
{
    ov_put_str(b, ",\"created\":\"");
    ov_put_stix_time(b, created);
    ov_put_str(b, "\",\"modified\":\"");
    ov_put_stix_time(b, modified);
    ov_put_u8(b, '"');
}

/* What all objects of a producer have: who, when, who may see it. */
static void put_common(struct ov_buf *b, const struct ov_stix_producer *p,
                       uint64_t created, uint64_t modified)
{
    ov_put_str(b, ",\"created_by_ref\":");
    put_id(b, OV_STIX_IDENTITY, &p->identity);
    put_times(b, created, modified);
    ov_put_str(b, ",\"object_marking_refs\":[");
    put_id(b, OV_STIX_MARKING, &ov_stix_tlp_clear);
    ov_put_u8(b, ']');
}

void ov_put_stix_marking(struct ov_buf *b)
{
    put_head(b, OV_STIX_MARKING, &ov_stix_tlp_clear);
    ov_put_str(b, ",\"created\":\"2022-10-01T00:00:00.000Z\","
                  "\"name\":\"TLP:CLEAR\",\"extensions\":{"
                  "\"extension-definition--"
                  "60a3c5c5-0d10-413e-aab3-9e08dde9e88d\":{"
                  "\"extension_type\":\"property-extension\","
                  "\"tlp_2_0\":\"clear\"}}}");
}

void ov_put_stix_identity(struct ov_buf *b, const struct ov_stix_producer *p)
{
    put_head(b, OV_STIX_IDENTITY, &p->identity);
    put_common(b, p, p->created, p->created);
    ov_put_str(b, ",\"name\":\"");
    ov_put_json(b, p->name);
    ov_put_str(b, "\",\"identity_class\":\"system\"}");
}

void ov_put_stix_malware(struct ov_buf *b, const struct ov_stix_producer *p,
                         const struct ov_uuid *id, struct ov_span family,
                         uint64_t created)
{
    put_head(b, OV_STIX_MALWARE, id);
    put_common(b, p, created, created);
    ov_put_str(b, ",\"name\":\"");
    ov_put_json(b, family);
    ov_put_str(b, "\",\"is_family\":true}");
}

void ov_put_stix_indicator(struct ov_buf *b, const struct ov_stix_producer *p,
                           const struct ov_uuid *id,
                           const struct ov_stix_verdict *v)
{
    const struct said *s = &said[v->reputation];

    put_head(b, OV_STIX_INDICATOR, id);
    put_common(b, p, v->created, v->modified);
    if (v->is_revoked)
        ov_put_str(b, ",\"revoked\":true");
    if (v->family.len > 0) {
        ov_put_str(b, ",\"name\":\"");
        ov_put_json(b, v->family);
        ov_put_u8(b, '"');
    }
    ov_put_format(b,
                  ",\"indicator_types\":[\"%s\"],\"labels\":[\"%s\"],"
                  "\"confidence\":%u,\"pattern\":\"[file:hashes.'SHA-256' = '",
                  s->type, ov_reputation_name(v->reputation), s->confidence);
    ov_put_hex(b, ov_span_of(v->hash, 32));
    ov_put_str(b, "']\",\"pattern_type\":\"stix\",\"pattern_version\":\"2.1\","
                  "\"valid_from\":\"");
    ov_put_stix_time(b, v->created);
    ov_put_str(b, "\"}");
}

void ov_put_stix_indicates(struct ov_buf *b, const struct ov_stix_producer *p,
                           const struct ov_uuid ids[static 3],
                           const struct ov_stix_verdict *v)
{
    put_head(b, OV_STIX_RELATIONSHIP, &ids[0]);
    put_common(b, p, v->created, v->modified);
    if (v->is_revoked)
        ov_put_str(b, ",\"revoked\":true");
    ov_put_str(b, ",\"relationship_type\":\"indicates\",\"source_ref\":");
    put_id(b, OV_STIX_INDICATOR, &ids[1]);
    ov_put_str(b, ",\"target_ref\":");
    put_id(b, OV_STIX_MALWARE, &ids[2]);
    ov_put_u8(b, '}');
}

void ov_put_stix_file(struct ov_buf *b, const struct ov_uuid *id,
                      const uint8_t hash[static 32])
{
    put_head(b, OV_STIX_FILE, id);
    ov_put_str(b, ",\"object_marking_refs\":[");
    put_id(b, OV_STIX_MARKING, &ov_stix_tlp_clear);
    ov_put_str(b, "],\"hashes\":{\"SHA-256\":\"");
    ov_put_hex(b, ov_span_of(hash, 32));
    ov_put_str(b, "\"}}");
}

void ov_put_stix_bundle(struct ov_buf *b, const struct ov_uuid *id)
{
    ov_put_str(b, "{\"type\":\"bundle\",\"id\":\"bundle--");
    ov_put_uuid(b, id);
    ov_put_str(b, "\",\"objects\":[\n");
}
