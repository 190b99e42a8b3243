/* ONNX models: the graph, its tensors and attributes, as they stand in the file. Knows
 * no networks; what the operators mean is import/'s business.
 *
 * A model is a protobuf message (ModelProto of onnx.proto). It is decoded by protobuf-c
 * and handed on in the plain structures below, so that nobody else sees protobuf:
 *
 *   onnx_read.c      the file
 *   onnx_view.c      its graph, all but tensors
 *   onnx_scan.c      what must hold before protobuf-c may decode
 *   onnx_tensor.c    tensors: sizes against data, values
 *   onnx_external.c  data in files beside the model
 *
 * Source: github.com/onnx/onnx, docs/IR.md and onnx/onnx.proto. */
#ifndef FORMAT_ONNX_READ_H
#define FORMAT_ONNX_READ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "espalier/memory.h"

enum { ONNX_RANK_MOST = 8 };

/* protobuf's own bound on a message is 2^31 - 1 bytes; larger models keep their
 * weights in external files. */
#define ONNX_FILE_MOST ((uint64_t)INT32_MAX)

/* The numbers of TensorProto.DataType. */
typedef enum onnx_type {
    ONNX_FLOAT = 1,
    ONNX_UINT8,
    ONNX_INT8,
    ONNX_UINT16,
    ONNX_INT16,
    ONNX_INT32,
    ONNX_INT64,
    ONNX_STRING,
    ONNX_BOOL,
    ONNX_FLOAT16,
    ONNX_DOUBLE,
    ONNX_UINT32,
    ONNX_UINT64,
    ONNX_COMPLEX64,
    ONNX_COMPLEX128,
    ONNX_BFLOAT16
} onnx_type;

/* How the values of a tensor lie in memory. */
typedef enum onnx_store {
    ONNX_UNREADABLE, /* a type that has no numbers for us; data is NULL */
    ONNX_PACKED,     /* items of the type, little-endian, not aligned */
    ONNX_FLOATS,
    ONNX_INT32S, /* also small integers, and the bits of FLOAT16 and BFLOAT16 */
    ONNX_INT64S,
    ONNX_DOUBLES,
    ONNX_UINT64S,
    ONNX_TEXTS /* const char *[count] */
} onnx_store;

typedef struct onnx_tensor {
    const char *name; /* "" where it has none */
    int type;         /* an onnx_type, or a number that is not known here */
    size_t rank;
    uint64_t dims[ONNX_RANK_MOST];
    size_t count; /* product of the dims; 1 for rank 0 */
    onnx_store store;
    const void *data;
} onnx_tensor;

typedef enum onnx_attribute_kind {
    ONNX_ATTRIBUTE_OTHER, /* graphs and the like */
    ONNX_ATTRIBUTE_FLOAT,
    ONNX_ATTRIBUTE_INT,
    ONNX_ATTRIBUTE_TEXT,
    ONNX_ATTRIBUTE_TENSOR,
    ONNX_ATTRIBUTE_FLOATS,
    ONNX_ATTRIBUTE_INTS,
    ONNX_ATTRIBUTE_TEXTS
} onnx_attribute_kind;

typedef struct onnx_attribute {
    const char *name;
    onnx_attribute_kind kind;
    float number;
    int64_t integer;
    const char *text;
    const onnx_tensor *tensor;
    size_t count; /* of the list that the kind names */
    const float *numbers;
    const int64_t *integers;
    const char *const *texts;
} onnx_attribute;

typedef struct onnx_node {
    const char *name, *op, *domain; /* never NULL; domain "" is ONNX's own */
    size_t input_count, output_count, attribute_count;
    char **inputs, **outputs; /* "" = left out */
    onnx_attribute *attributes;
} onnx_node;

/* An input or output of the graph. */
typedef struct onnx_value {
    const char *name;
    bool shaped;                  /* false: the file says nothing of its shape */
    size_t rank;
    int64_t dims[ONNX_RANK_MOST]; /* -1 = open */
} onnx_value;

typedef struct onnx_pair {
    const char *key, *value;
} onnx_pair;

/* A file in memory; everything in it lives until onnx_clear. */
typedef struct onnx_file {
    const espalier_allocator *allocator;
    const char *producer, *producer_version; /* never NULL */
    int64_t opset;                           /* of ONNX's own operators; 0 = none is named */
    uint64_t bytes;                          /* of the file and of those beside it that were read */
    size_t node_count, tensor_count, input_count, output_count, pair_count;
    onnx_node *nodes;
    onnx_tensor *tensors;      /* the initializers */
    onnx_value *inputs, *outputs;
    onnx_pair *pairs;          /* metadata_props */
    size_t sparse_count;       /* of sparse_initializer, which is not read */
    struct onnx_inside *inside;
} onnx_file;

/* True where this build reads ONNX. */
bool onnx_is_supported(void);

/* Reads a model and checks every size in it against the data there.
 * file: written whole on success; after an error there is nothing to clear.
 * Errors: NOT_FOUND, IO, FORMAT, UNSUPPORTED (this build), MEMORY.
 * Memory: the file and its decoded form, which may take 16 times its size (weights take
 * it once), and the files beside it once. */
espalier_status onnx_read(const char *path, const espalier_allocator *allocator, onnx_file *file,
                          espalier_error *error);
void onnx_clear(onnx_file *file);

/* The attribute of that name and kind, or NULL. */
const onnx_attribute *onnx_find(const onnx_node *node, const char *name, onnx_attribute_kind kind);

/* True for a tensor of numbers that onnx_number() can read. */
bool onnx_is_numeric(const onnx_tensor *tensor);
/* Value `index` (< count) of a numeric tensor; whole numbers beyond 2^53 are rounded. */
double onnx_number(const onnx_tensor *tensor, size_t index);
/* The same of a tensor of whole numbers. */
int64_t onnx_integer(const onnx_tensor *tensor, size_t index);
bool onnx_is_integer(const onnx_tensor *tensor);

/* "FLOAT", "INT64" …; "type 99" stays "another type". Static. */
const char *onnx_type_name(int type);

#endif
