/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/arena.h"
#include "base/budget.h"
#include "base/buf.h"
#include "base/regions.h"
#include "crypto/digest.h"
#include "formats/facts.h"

/* YARA's modules: what the conditions of rules can ask of an object beyond its
 * bytes (YARA documentation, "Modules"). A module is a table of what there is,
 * which the compiler resolves names against, and functions that fill in the
 * values for one object when a rule first asks for them. modules.def lists the
 * modules; the readers of formats (formats/pe.h and so on) are shared with what
 * ClamAV's rules ask for.
 *
 * An image names fields by their place in these tables, so their order is part
 * of its layout (tools/layout-digest sees to that). */

enum ov_datum_kind {
    OV_DATUM_UNDEFINED,
    OV_DATUM_INTEGER, /* truth values are 0 and 1 */
    OV_DATUM_FLOAT,
    OV_DATUM_STRING, /* any bytes */
    OV_DATUM_REGEX,  /* only as an argument */
    OV_DATUM_STRUCTURE,
    OV_DATUM_ARRAY,      /* of items of one kind */
    OV_DATUM_DICTIONARY, /* strings to items of one kind */
    OV_DATUM_FUNCTION,   /* only in tables */
    OV_DATUM_CONSTANT,   /* only in tables: an integer that is always there */
};

/* One value; what it points to lives in the arena or in the object. */
struct ov_datum {
    enum ov_datum_kind kind;

    union {
        int64_t number;
        double real;
        struct ov_span text;     /* STRING; REGEX: the compiled expression */
        struct ov_datum *fields; /* STRUCTURE: in the order of its table */
        const struct ov_items *items; /* ARRAY, DICTIONARY */
    };
};

struct ov_items {
    uint32_t n;
    struct ov_datum *values;
    struct ov_span *keys; /* DICTIONARY: as many, none twice; else NULL */
};

/* ---- tables ---- */

struct ov_module_call;

/* One form of a function. */
struct ov_function {
    /* A letter for each argument: i integer, f float (an integer will do), s
     * string, r regular expression, b truth value. */
    const char *arguments;
    enum ov_datum_kind result;            /* what it gives, or undefined */
    const struct ov_structure *of_result; /* if that is a STRUCTURE */
    enum ov_status (*call)(struct ov_module_call *call, struct ov_datum *ret);
};

struct ov_field {
    const char *name;
    enum ov_datum_kind kind;
    enum ov_datum_kind item;              /* ARRAY, DICTIONARY: of items */
    const struct ov_structure *structure; /* STRUCTURE, or items that are */
    const struct ov_function *functions;  /* FUNCTION: its forms */
    uint8_t n_functions;
    uint8_t group;  /* of top-level fields: what is filled in together */
    int64_t number; /* CONSTANT */
};

struct ov_structure {
    const struct ov_field *fields;
    uint32_t n_fields;
};

#define OV_MODULE_GROUPS_MAX 32

struct ov_module_run;

struct ov_module {
    const char *name;
    struct ov_structure root;

    /* Fills in the top-level fields of one group; all are undefined before.
     * Called at most once for each group and object. Damaged bytes leave fields
     * undefined; OV_NO_MEMORY and spent budgets are errors. */
    enum ov_status (*fill)(struct ov_module_run *run, unsigned group);
};

/* ---- one object ---- */

/* What modules can see. */
struct ov_module_input {
    struct ov_span bytes; /* of a process: of its program's first region */
    /* A process's memory, which functions are asked about by address; NULL: a
     * file. bytes and regions are not both there. */
    const struct ov_regions *regions;
    uint64_t address; /* of a process: where bytes begin; else 0 */
    enum ov_type type;
    struct ov_arena *arena;
    struct ov_budget *budget;
    int64_t now;            /* seconds since 1970 when the scan began: "time" */
    struct ov_span reports; /* what the user gave for "cuckoo", or empty */
    struct ov_buf *console; /* lines that rules print, each with a newline; may
                               be NULL */
    /* What libmagic says of bytes: a description, or the MIME type; borrowed
     * until the next call. NULL: there is no libmagic. */
    bool (*identify)(void *data, struct ov_span bytes, bool is_mime,
                     struct ov_span *ret);
    void *identify_data;
    void *object; /* for the two below */
    /* The facts that ClamAV's rules ask for, read once for both. */
    enum ov_status (*facts)(void *object, const struct ov_facts **ret);
    /* The object's whole digest, or NULL. */
    const uint8_t *(*digest)(void *object, enum ov_digest_kind kind);
};

/* A module and the object it looks at. */
struct ov_module_run {
    const struct ov_module *module;
    const struct ov_module_input *in;
    struct ov_datum *fields; /* of the root */
    uint32_t filled;         /* bit for each group */
    void *state;             /* the module's own, in the arena; NULL at first */
};

struct ov_module_call {
    struct ov_module_run *run;
    const struct ov_datum
        *self; /* fields of the structure the function is in */
    const struct ov_datum *arguments; /* as its form says, none undefined */
};

/* The module of this name, or NULL; how many there are; the i-th. */
const struct ov_module *ov_module_find(struct ov_span name);
uint32_t ov_module_count(void);
const struct ov_module *ov_module_at(uint32_t i);

/* The place of a field in its table, or -1. */
int64_t ov_field_find(const struct ov_structure *s, struct ov_span name);

/* Nothing is filled in yet. OV_NO_MEMORY. Lives in the arena of in. */
OV_MUST_USE enum ov_status ov_module_begin(const struct ov_module *module,
                                           const struct ov_module_input *in,
                                           struct ov_module_run **ret);

/* A top-level field's value; fills in its group if that is not done. */
OV_MUST_USE enum ov_status ov_module_get(struct ov_module_run *run,
                                         uint32_t field, struct ov_datum *ret);

/* ---- for modules ---- */

/* The bytes that a rule asks about by offset and length, cut at the end; false:
 * there are none there. */
OV_MUST_USE bool ov_module_range(const struct ov_module_input *in, int64_t at,
                                 int64_t len, struct ov_span *ret);

static inline struct ov_datum ov_datum_integer(int64_t number)
{
    return (struct ov_datum){.kind = OV_DATUM_INTEGER, .number = number};
}

static inline struct ov_datum ov_datum_float(double real)
{
    return (struct ov_datum){.kind = OV_DATUM_FLOAT, .real = real};
}

static inline struct ov_datum ov_datum_text(struct ov_span text)
{
    return (struct ov_datum){.kind = OV_DATUM_STRING, .text = text};
}

/* A structure with room for its fields, all undefined but structures in it,
 * which are made too (so that a path through them always leads somewhere), and
 * constants. OV_NO_MEMORY, or the budget's status. */
OV_MUST_USE enum ov_status ov_datum_structure(struct ov_module_run *run,
                                              const struct ov_structure *s,
                                              struct ov_datum *ret);

/* An array of n items; items that are structures are made as above (s), others
 * (s NULL) are undefined. To be filled in through ret_values. A structure that
 * is not there after all can be made undefined by its kind; its fields stay. */
OV_MUST_USE enum ov_status ov_datum_array(struct ov_module_run *run,
                                          const struct ov_structure *s,
                                          uint32_t n, struct ov_datum *ret,
                                          struct ov_datum **ret_values);

/* The same with a key for each item, to be filled in through ret_keys. */
OV_MUST_USE enum ov_status ov_datum_dictionary(struct ov_module_run *run,
                                               const struct ov_structure *s,
                                               uint32_t n, struct ov_datum *ret,
                                               struct ov_datum **ret_values,
                                               struct ov_span **ret_keys);

/* For tables: an entry each.
 *   static const struct ov_field fields[] = {
 *       [SECTION_NAME] = OV_FIELD_TEXT("name"),
 *       [SECTION_SIZE] = OV_FIELD_INTEGER("size"),
 *   };
 *   static const struct ov_structure section = OV_STRUCTURE(fields); */
#define OV_STRUCTURE(table)                                                    \
    {                                                                          \
        .fields = (table), .n_fields = sizeof(table) / sizeof((table)[0])      \
    }
#define OV_FIELD_INTEGER(word)                                                 \
    {                                                                          \
        .name = (word), .kind = OV_DATUM_INTEGER                               \
    }
#define OV_FIELD_FLOAT(word)                                                   \
    {                                                                          \
        .name = (word), .kind = OV_DATUM_FLOAT                                 \
    }
#define OV_FIELD_TEXT(word)                                                    \
    {                                                                          \
        .name = (word), .kind = OV_DATUM_STRING                                \
    }
#define OV_FIELD_CONSTANT(word, value)                                         \
    {                                                                          \
        .name = (word), .kind = OV_DATUM_CONSTANT, .number = (value)           \
    }
#define OV_FIELD_FUNCTION(word, forms)                                         \
    {                                                                          \
        .name = (word), .kind = OV_DATUM_FUNCTION, .functions = (forms),       \
        .n_functions = sizeof(forms) / sizeof((forms)[0])                      \
    }
#define OV_FIELD_STRUCTURE(word, of)                                           \
    {                                                                          \
        .name = (word), .kind = OV_DATUM_STRUCTURE, .structure = (of)          \
    }
#define OV_FIELD_ARRAY(word, of)                                               \
    {                                                                          \
        .name = (word), .kind = OV_DATUM_ARRAY, .item = OV_DATUM_STRUCTURE,    \
        .structure = (of)                                                      \
    }
#define OV_FIELD_LIST(word, of_kind)                                           \
    {                                                                          \
        .name = (word), .kind = OV_DATUM_ARRAY, .item = (of_kind)              \
    }
#define OV_FIELD_DICTIONARY(word, of_kind)                                     \
    {                                                                          \
        .name = (word), .kind = OV_DATUM_DICTIONARY, .item = (of_kind)         \
    }
