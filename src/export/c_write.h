/* The parts of the files that are written. */
#ifndef EXPORT_C_WRITE_H
#define EXPORT_C_WRITE_H

#include "export/c_figures.h"
#include "export/c_print.h"

/* c_write_weights.c: a layer's constants. */
void c_write_weights(c_out *out, const c_program *program, size_t layer);
/* Names of types: of a loop's counter, of values of layer l's inputs (or of its outputs:
 * l + 1), of weights. */
const char *c_counter(const c_program *program);
const char *c_value_type(const c_program *program, size_t layer);
const char *c_weight_type(const c_program *program);

/* c_write_loops.c: the loops over a layer's neurons, from the vector `x` to `y`, with the pointers
 * into the constants beside `weight`; `activate` writes what follows "y[i] = " out of `sum`. */
typedef void c_write_activation(c_out *out, const c_program *program, size_t layer);
void c_write_neurons(c_out *out, const c_program *program, size_t layer,
                     c_write_activation *activate);
/* Every value of the row has a shift of its own, to be taken off in the loop. */
bool c_has_shifts(const c_program *program, size_t layer);

/* c_write_float.c, c_write_integer.c: everything but the comment. */
void c_write_float(c_out *out, const c_program *program);
void c_write_integer(c_out *out, const c_program *program);
/* c_write_predict.c: what is the same in both, the largest score and predict itself. */
void c_write_best(c_out *out, const c_program *program);
void c_write_predict(c_out *out, const c_program *program);

/* c_write_comment.c: the comment on top. */
void c_write_comment(c_out *out, const c_program *program, const espalier_export_options *options,
                     const c_figures *figures);

/* c_write_header.c: the header; data may be NULL, file is the program's name. */
void c_write_header(c_out *out, const c_program *program, const espalier_dataset *data,
                    const char *file);

/* c_write_test.c: how many rows there are for it, of those asked for. */
size_t c_test_vectors(const espalier_export_options *options);

/* A program that computes rows again. header is the header's name. */
espalier_status c_write_test(c_out *out, const c_program *program,
                             const espalier_export_options *options, const char *header);

#endif
