/* Writing ONNX models: a graph of named values, built step by step and then written.
 * Knows no networks.
 *
 * A model that is being made takes any call; without memory it remembers that and says
 * so when it is written. Names, texts and dimensions are copied; the data of tensors are
 * borrowed until then. Values are named in the order in which they are computed: a
 * node's inputs are tensors, the model's inputs, or outputs of nodes before it.
 *
 * Only in builds with ESPALIER_HAVE_ONNX.
 * Source: github.com/onnx/onnx, docs/IR.md and docs/Versioning.md. */
#ifndef FORMAT_ONNX_WRITE_H
#define FORMAT_ONNX_WRITE_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "espalier/memory.h"

/* Versions of the set of operators for which the version of the file format is known. */
enum { ONNX_OPSET_LEAST = 9, ONNX_OPSET_MOST = 21 };

/* The most that a protobuf message holds, in bytes. */
#define ONNX_BYTES_MOST ((uint64_t)INT32_MAX)

typedef enum onnx_item { ONNX_FLOAT32, ONNX_INT64 } onnx_item;

typedef struct onnx_writer onnx_writer;
typedef struct onnx_writer_node onnx_writer_node;

/* An empty model for an opset in the range above; NULL without memory. */
onnx_writer *onnx_writer_create(const espalier_allocator *allocator, int opset);
/* NULL does nothing. */
void onnx_writer_destroy(onnx_writer *model);

/* What a person reads about the model. */
void onnx_writer_describe(onnx_writer *model, const char *graph, const char *text);
void onnx_writer_metadata(onnx_writer *model, const char *key, const char *value);

/* A value of the shape [batch, width] that goes in or comes out; [batch] where width is
 * 0. The size of a batch is left open. */
void onnx_writer_input(onnx_writer *model, const char *name, onnx_item item, size_t width,
                       const char *text);
void onnx_writer_output(onnx_writer *model, const char *name, onnx_item item, size_t width,
                        const char *text);

/* A constant of the shape [rows, columns], or [rows] where columns is 0. */
void onnx_writer_tensor(onnx_writer *model, const char *name, onnx_item item, size_t rows,
                        size_t columns, const void *data);

/* output = operator(inputs); the node is named as its output.
 * inputs  ended by NULL
 * Returns the node for its attributes; NULL without memory. */
onnx_writer_node *onnx_writer_add(onnx_writer *model, const char *operator,
                                  const char *const *inputs, const char *output);
/* node NULL does nothing. */
void onnx_writer_integer(onnx_writer *model, onnx_writer_node *node, const char *name,
                         int64_t value);
void onnx_writer_real(onnx_writer *model, onnx_writer_node *node, const char *name, float value);

/* Writes the file aside and renames it. The same calls give the same bytes.
 * Errors: IO, MEMORY, UNSUPPORTED (more bytes than protobuf allows: both are named;
 * known before anything is written). */
espalier_status onnx_writer_write(const onnx_writer *model, const char *path,
                                  espalier_error *error);

#endif
