/* What a value of an ONNX graph is to us, while the graph is gone through node by node.
 *
 *   onnx.c            the whole way: file, order, nodes, network
 *   onnx_order.c      names, and the order of the nodes that are needed
 *   onnx_values.c     values by name, constants
 *   onnx_operators.c  the table of operators
 *   onnx_layers.c     Gemm, MatMul
 *   onnx_affine.c     sums and products with constants, BatchNormalization
 *   onnx_activations.c
 *   onnx_shapes.c     operators that only change the form of a row
 *   onnx_constants.c  operators on constants: shapes worked out in the graph, Transpose
 *   onnx_answers.c    what follows the last layer: Softmax, labels
 *
 * The rows of the data take one way through the graph (a "flow"); the layers along it
 * are pieces, added one by one. Where the way forks behind something that changes it,
 * the network is not one that we have: `tick` tells. */
#ifndef IMPORT_ONNX_GRAPH_H
#define IMPORT_ONNX_GRAPH_H

#include "format/onnx_read.h"
#include "import/pieces.h"

/* Most nodes that the outputs may need; a layer takes two to five. */
enum { NODES_MOST = 4096 };
/* Most whole numbers of a constant that is worked out (a shape, indices). */
enum { SMALL_MOST = 16 };
/* Bytes of a whole number as a text. */
enum { NUMBER_BYTES = 24 };
/* Stands in a shape for the number of rows, which is open. */
#define BATCH INT64_MIN

/* A tensor of the file, in whatever shape; or a few whole numbers. */
typedef struct constant {
    const onnx_tensor *tensor; /* NULL: small */
    int64_t small[SMALL_MOST];
    size_t rank, count;
    uint64_t dims[ONNX_RANK_MOST];
    bool turned; /* transposed: dims are those after it; rank 2 */
} constant;

typedef enum stage {
    STAGE_PLAIN,    /* the input, or the output of a layer */
    STAGE_ACTIVATED /* that, after an activation */
} stage;

/* The rows on their way. dims[batch] is the number of rows. */
typedef struct flow {
    size_t tick; /* when it was made; only the newest may be changed further */
    bool known;  /* false: the shape is not known (an input without one) */
    size_t rank;
    int64_t dims[ONNX_RANK_MOST]; /* that of the rows is -1 where open */
    bool turned; /* [inputs, rows] instead of [rows, inputs]; rank 2 */
} flow;

/* What follows the last layer. */
typedef enum answer {
    ANSWER_SOFTMAX,
    ANSWER_LOG_SOFTMAX,
    ANSWER_COMPLEMENT, /* 1 - p of a sigmoid's p */
    ANSWER_PAIR,       /* [1 - p, p], or reversed */
    ANSWER_LABELS      /* numbers or names of classes: what predict works out itself */
} answer;

typedef enum value_kind { VALUE_NONE, VALUE_CONSTANT, VALUE_FLOW, VALUE_ANSWER } value_kind;

typedef struct value {
    value_kind kind;
    constant constant;
    flow flow;     /* of a FLOW; of an ANSWER that out of which it was made */
    answer answer;
    bool swapped; /* of an ANSWER: a sigmoid's p is that of the first of two classes */
} value;

/* A name of the graph: where it comes from, and what it is once that is known. */
typedef struct entry {
    const char *name;
    size_t node; /* index of the node that makes it, or SIZE_MAX */
    const onnx_tensor *tensor;
    const onnx_value *input;
    value *value; /* of a node's output */
} entry;

typedef struct importer {
    const char *path;
    const espalier_allocator *allocator;
    const onnx_file *file;
    espalier_error *error;
    entry *entries; /* sorted by name */
    size_t entry_count;
    size_t *order;  /* the nodes that are needed, each behind what it needs */
    size_t order_count;
    const onnx_value *input; /* the one that is needed */
    pieces pieces;
    uint64_t weights; /* of all pieces */
    stage stage;
    espalier_activation activation; /* in STAGE_ACTIVATED */
    float slope;
    affine affine; /* what came since the last layer or activation */
    size_t tick;
    size_t width;     /* of the rows, where only the first layer tells it; or 0 */
    char *name_texts; /* of classes that are numbers */
    onnx_tensor **made; /* constants that are no tensors in the file; owned */
    size_t made_count;
} importer;

/* ---- onnx_order.c ----------------------------------------------------------- */

/* Fills entries and order. Errors: FORMAT (a name made twice or never, a circle),
 * UNSUPPORTED (too many nodes; several inputs), MEMORY. */
espalier_status graph_sort(importer *in);
entry *graph_find(const importer *in, const char *name);

/* ---- onnx_values.c ------------------------------------------------------------ */

/* "PATH: operator OP (node 'NAME'): …", with the node's number where it has no name. */
__attribute__((format(printf, 4, 5)))
espalier_status graph_refuse(const importer *in, const onnx_node *node, espalier_status status,
                             const char *format, ...);

/* The value of a node's input; VALUE_NONE where it has none. */
value graph_input(const importer *in, const onnx_node *node, size_t index);
/* The input or output of the graph by name. */
value graph_value(const importer *in, const char *name);
/* Sets a node's first output, if anything uses it. */
espalier_status graph_give(importer *in, const onnx_node *node, const value *v);

constant constant_of(const onnx_tensor *tensor);
bool constant_is_numeric(const constant *c);
double constant_number(const constant *c, size_t index); /* in the order of its own dims */
/* Whole numbers of a constant with at most SMALL_MOST of them; false if it is none such. */
bool constant_integers(const constant *c, int64_t integers[SMALL_MOST], size_t *count);
/* Numbers from an attribute (opset 12 and older) or an input; false where there are none.
 * *given says whether either is there at all. */
bool graph_integers(const importer *in, const onnx_node *node, const char *attribute, size_t input,
                    int64_t integers[SMALL_MOST], size_t *count, bool *given);
int64_t graph_attribute(const onnx_node *node, const char *name, int64_t otherwise);
float graph_attribute_float(const onnx_node *node, const char *name, float otherwise);

/* Which dimension holds the number of rows. */
size_t flow_batch(const flow *f);
/* Values of a row; 0 where that is not known. At most NETWORK_WIDTH_MOST or 0. */
size_t flow_width(const flow *f);
/* Refuses a flow that is not the newest: the graph forks. */
espalier_status flow_check(const importer *in, const onnx_node *node, const flow *f);
/* Refuses what needs the shape of a flow that is not known. */
espalier_status graph_refuse_open(const importer *in, const onnx_node *node);
/* A constant as numbers that go with each value of a row: *count is 1 or the width;
 * numbers are owned by the caller. UNSUPPORTED where the shapes do not go together so. */
espalier_status flow_spread(const importer *in, const onnx_node *node, const flow *f,
                            const constant *c, double **numbers, size_t *count);

/* ---- onnx_operators.c ----------------------------------------------------------- */

/* Goes through one node. */
espalier_status graph_take_node(importer *in, const onnx_node *node);

/* Each takes a node whose inputs' number was checked. */
typedef espalier_status take_function(importer *in, const onnx_node *node);

/* onnx_layers.c */
take_function take_gemm, take_matmul;
/* Ends what is open: the affine map behind the last layer, or of the inputs. */
void graph_finish_layer(importer *in);

/* onnx_affine.c */
take_function take_add, take_sub, take_mul, take_div, take_neg, take_batch_normalization,
    take_scaler;
/* Follows the flow by v * scale + shift, and gives that as the node's output. Each is one
 * number or one for each value of a row, or NULL (1 and 0). */
espalier_status graph_follow(importer *in, const onnx_node *node, const flow *f,
                             const double *scale, size_t scale_count, const double *shift,
                             size_t shift_count);

/* onnx_shapes.c */
take_function take_flatten, take_reshape, take_squeeze, take_unsqueeze, take_transpose,
    take_same, take_cast, take_dropout, take_gather;

/* onnx_constants.c: the same operators where all inputs are constants */
take_function fold_same, fold_reshape, fold_squeeze, fold_unsqueeze, fold_transpose, fold_gather,
    fold_slice, fold_concat, fold_constant, fold_constant_of_shape, take_shape, fold_add, fold_sub,
    fold_mul, fold_div, fold_product;
/* Refuses an operator on constants that is not worked out. */
take_function fold_nothing;

/* onnx_activations.c */
take_function take_relu, take_leaky_relu, take_prelu, take_sigmoid, take_tanh, take_clip;

/* onnx_answers.c */
take_function take_softmax, take_log_softmax, take_arg_max, take_zip_map, take_extractor, take_concat,
    take_label_encoder, take_labels;
/* Checks that the graph's outputs are the last layer's and agree on which class is which,
 * and settles the binary case. */
espalier_status graph_take_outputs(importer *in);

#endif
