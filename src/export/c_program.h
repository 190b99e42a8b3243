/* A network as a C program computes it: compacted, scaling folded in, the weights of
 * each layer as lists, one for each neuron; for integer types their integers too.
 *
 * c_program.c makes it, c_layout.c chooses the form of each layer, c_quantise.c and
 * c_calibrate.c its integers, c_run.c computes a row exactly as the program does,
 * c_figures.c what it costs and how good it is; the c_write_*.c write it down. */
#ifndef EXPORT_C_PROGRAM_H
#define EXPORT_C_PROGRAM_H

#include "base/error.h"
#include "espalier/export.h"

/* How the weights of a layer stand in the program. */
typedef enum c_form {
    C_DENSE,   /* all of them, for every value of the vector that the layer reads */
    C_COLUMNS, /* all of them, for the values that it reads at all; a table says which */
    C_PLACES,  /* those that are not zero, each with the place of its value */
    C_GAPS,    /* the same, each with the distance from the place before, in one byte */
    C_BITS     /* the same, with a bit for every value: is it among them? */
} c_form;

/* q = ((min(sum >> before, 65535) * multiplier + half) >> after), at most the layer's
 * top: a sum >= 0 as a level of the next layer's values, in 32 bits. */
typedef struct c_rescale {
    uint16_t multiplier; /* at most 2^15 */
    uint8_t before, after;
} c_rescale;

typedef struct c_layer {
    size_t inputs; /* width of the vector that it reads: the row, or the layer before */
    size_t outputs;
    espalier_activation activation; /* LINEAR for the last one */
    float slope;
    /* Weights that are not zero, of each neuron by ascending place. */
    size_t *starts;   /* [outputs + 1] */
    uint32_t *places; /* [starts[outputs]] */
    float *weights;   /* the same */
    float *biases;    /* [outputs] */
    double *exact_biases; /* [outputs] before rounding to float, every shift folded in */
    c_form form;
    size_t nonzero, most; /* weights that are written, in all and the most of a neuron */
    size_t padding;       /* of C_GAPS: zeros where a gap is beyond one byte */
    /* Integer types. A value stands for level * unit, 0 … top, or -top … top. */
    int16_t *wholes;   /* [starts[outputs]] weights in units of their neuron */
    int32_t *sums;     /* [outputs] biases in those units times the input's */
    c_rescale *above;  /* [outputs] of sums >= 0; hidden layers */
    c_rescale *below;  /* [outputs] of those below 0; hidden layers with leaky-relu */
    int32_t *factors;  /* [outputs] score = sum * factor; the last layer */
    int64_t reach;     /* no partial sum of any neuron is beyond +-reach, whatever the input */
    int32_t top;
    bool is_signed;
    unsigned table_shift; /* sigmoid, tanh: level = table value >> shift, rounded */
    double unit;
} c_layer;

/* What the whole numbers of an integer program's row mean. */
typedef struct c_input {
    bool bytes;        /* uint8_t as the data have them; else levels of int8_t or int16_t */
    int32_t top;       /* 255; or levels from -top to top */
    float *offset, *range, *gain; /* [row width] level = (value - offset) gain, gain = top /
                                     range; NULL where bytes */
} c_input;

typedef struct c_program {
    const espalier_allocator *allocator;
    espalier_network *network; /* compacted; owned */
    espalier_export_type type;
    bool speed, probabilities;
    size_t threads;       /* that try it on rows; 0 = one for each processor */
    const char *name; /* prefix; borrowed */
    size_t row_width, classes, layer_count;
    c_layer *layers;
    float *shift;         /* [row width] taken off each value, where folding it would cost
                             accuracy; else NULL */
    bool one_shift;       /* all of them equal */
    uint32_t *columns;    /* [column_count] places that the first layer reads, ascending */
    size_t column_count;
    size_t widest[2];     /* values of the two buffers between layers */
    c_input input;
    int16_t *curves[2];   /* tables of sigmoid and tanh (c_curve.h) */
    const char *method;   /* of calibration, in words */
    bool equalised;       /* its weights are those that c_equalise.c made */
    espalier_split calibration; /* of which so many rows were looked at: */
    size_t calibration_rows, validation_rows;
    double score_unit;    /* integer types: what a score of 1 stands for */
} c_program;

/* Makes the float program. name is borrowed.
 * Errors: NUMERIC (a weight or a folded one is not finite), MEMORY. */
espalier_status c_program_create(const espalier_network *network,
                                 const espalier_export_options *options, const char *name,
                                 c_program **program, espalier_error *error);
void c_program_destroy(c_program *program);

/* True where a hidden layer has this activation; where a class has another factor than 1. */
bool c_has(const c_program *program, espalier_activation activation);
bool c_has_factors(const c_layer *layer);

/* For speed the neurons of dense layers go by fours that share what is loaded of x; the
 * outputs of a layer that do. Their weights stand side by side, input by input. */
enum { C_GROUP = 4 };
size_t c_grouped(const c_program *program, const c_layer *layer);

/* c_layout.c: chooses forms for the weights that are there, after any quantisation. */
void c_layout(c_program *program);
/* Bytes of an index below `count`: 1, 2 or 4. */
size_t c_index_bytes(size_t count);
/* Bytes of the bits of one neuron. */
size_t c_bits_bytes(const c_layer *layer);
/* Bytes of one weight. */
size_t c_weight_bytes(espalier_export_type type);
/* True where the weight at this place of the lists is written. */
bool c_is_written(const c_program *program, const c_layer *layer, size_t place);

#endif
