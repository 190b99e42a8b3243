/* What the files of the ONNX reader share among themselves. */
#ifndef FORMAT_ONNX_INSIDE_H
#define FORMAT_ONNX_INSIDE_H

#include "format/onnx_read.h"

#ifdef ESPALIER_HAVE_ONNX
#include "onnx/onnx.pb-c.h"

/* A block of memory that lives as long as the file. */
typedef struct onnx_block {
    struct onnx_block *next;
    void *memory;
} onnx_block;

/* A file of tensor data beside the model. */
typedef struct onnx_beside {
    struct onnx_beside *next;
    uint64_t device, number; /* which file it is, whatever its name */
    uint64_t bytes;
    unsigned char *data;
} onnx_beside;

typedef struct onnx_inside {
    const char *path;
    onnx_file *file;
    espalier_error *error;
    onnx_block *blocks;
    onnx_beside *beside;
    Onnx__ModelProto *model;
    ProtobufCAllocator protobuf; /* what protobuf-c takes its memory from */
    size_t budget;               /* bytes that it may still take */
    unsigned char *cut;          /* what is left of the block that pieces are cut from */
    size_t cut_left;
    bool over_budget, no_memory;
} onnx_inside;

/* count items of zeroed memory that onnx_clear gives back; NULL without memory. */
void *onnx_take(onnx_inside *in, size_t count, size_t size_bytes);
/* The same with bytes copied and a NUL behind them. */
char *onnx_take_text(onnx_inside *in, const ProtobufCBinaryData *bytes);

/* Checks the bytes of a message against its description before they are decoded: whole
 * fields, known wire types, no message within more than 64 others, no single message
 * given twice (which protobuf merges, in time that grows with the square).
 * Returns what is wrong (static) and sets *at to the byte, or NULL. */
const char *onnx_scan(const ProtobufCMessageDescriptor *descriptor, const uint8_t *bytes,
                      size_t count, size_t *at);

/* Fills the file with what in->model holds. Errors: as onnx_take_tensor. */
espalier_status onnx_take_graph(onnx_inside *in, onnx_file *file);

/* Turns a tensor round. Errors: FORMAT, UNSUPPORTED, NOT_FOUND, IO, MEMORY. */
espalier_status onnx_take_tensor(onnx_inside *in, const Onnx__TensorProto *from, onnx_tensor *to);

/* Finds the bytes of a tensor whose data lie in another file of the model's folder;
 * name is the tensor's for messages. */
espalier_status onnx_take_external(onnx_inside *in, const Onnx__TensorProto *from,
                                   const char *name, size_t bytes, const void **data);
#endif
#endif
