/* Tensors of an ONNX file: their sizes against the data there, and their values. */
#include "format/onnx_inside.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "format/half.h"

/* Bytes of an item, and where its values stand when they are not packed. */
static const struct {
    const char *name;
    size_t bytes;
    onnx_store store;
} types[] = {
    [ONNX_FLOAT] = {"FLOAT", 4, ONNX_FLOATS},       [ONNX_UINT8] = {"UINT8", 1, ONNX_INT32S},
    [ONNX_INT8] = {"INT8", 1, ONNX_INT32S},         [ONNX_UINT16] = {"UINT16", 2, ONNX_INT32S},
    [ONNX_INT16] = {"INT16", 2, ONNX_INT32S},       [ONNX_INT32] = {"INT32", 4, ONNX_INT32S},
    [ONNX_INT64] = {"INT64", 8, ONNX_INT64S},       [ONNX_STRING] = {"STRING", 0, ONNX_TEXTS},
    [ONNX_BOOL] = {"BOOL", 1, ONNX_INT32S},         [ONNX_FLOAT16] = {"FLOAT16", 2, ONNX_INT32S},
    [ONNX_DOUBLE] = {"DOUBLE", 8, ONNX_DOUBLES},    [ONNX_UINT32] = {"UINT32", 4, ONNX_UINT64S},
    [ONNX_UINT64] = {"UINT64", 8, ONNX_UINT64S},    [ONNX_COMPLEX64] = {"COMPLEX64", 0, 0},
    [ONNX_COMPLEX128] = {"COMPLEX128", 0, 0},       [ONNX_BFLOAT16] = {"BFLOAT16", 2, ONNX_INT32S},
};

static bool is_known(int type)
{
    return type > 0 && type < (int)(sizeof types / sizeof *types);
}

const char *onnx_type_name(int type)
{
    return is_known(type) ? types[type].name : "another type";
}

/* ---- values -------------------------------------------------------------- */

bool onnx_is_numeric(const onnx_tensor *tensor)
{
    return tensor->store != ONNX_UNREADABLE && tensor->store != ONNX_TEXTS;
}

bool onnx_is_integer(const onnx_tensor *tensor)
{
    return onnx_is_numeric(tensor) && tensor->type != ONNX_FLOAT && tensor->type != ONNX_DOUBLE &&
           tensor->type != ONNX_FLOAT16 && tensor->type != ONNX_BFLOAT16;
}

/* The bytes of an item, lowest first, with or without their sign. */
static uint64_t packed_bits(const unsigned char *item, size_t bytes)
{
    uint64_t bits = 0;
    for (size_t i = bytes; i > 0; i--)
        bits = bits << 8 | item[i - 1];
    return bits;
}

static int64_t with_sign(uint64_t bits, size_t bytes)
{
    uint64_t sign = (uint64_t)1 << (8 * bytes - 1);
    return bytes < 8 && bits & sign ? (int64_t)bits - (int64_t)(sign << 1) : (int64_t)bits;
}

static bool is_signed(int type)
{
    return type == ONNX_INT8 || type == ONNX_INT16 || type == ONNX_INT32 || type == ONNX_INT64;
}

static double packed_number(const onnx_tensor *tensor, size_t index)
{
    size_t bytes = types[tensor->type].bytes;
    const unsigned char *item = (const unsigned char *)tensor->data + index * bytes;
    float single;
    double wide;
    switch (tensor->type) {
    case ONNX_FLOAT:
        memcpy(&single, item, sizeof single);
        return (double)single;
    case ONNX_DOUBLE:
        memcpy(&wide, item, sizeof wide);
        return wide;
    case ONNX_FLOAT16:
        return (double)half_value((uint16_t)packed_bits(item, 2));
    case ONNX_BFLOAT16:
        return (double)bfloat_value((uint16_t)packed_bits(item, 2));
    default:
        return is_signed(tensor->type) ? (double)with_sign(packed_bits(item, bytes), bytes)
                                       : (double)packed_bits(item, bytes);
    }
}

double onnx_number(const onnx_tensor *tensor, size_t index)
{
    switch (tensor->store) {
    case ONNX_PACKED:
        return packed_number(tensor, index);
    case ONNX_FLOATS:
        return (double)((const float *)tensor->data)[index];
    case ONNX_DOUBLES:
        return ((const double *)tensor->data)[index];
    case ONNX_UINT64S:
        return (double)((const uint64_t *)tensor->data)[index];
    case ONNX_INT32S:
        if (tensor->type == ONNX_FLOAT16)
            return (double)half_value((uint16_t)((const int32_t *)tensor->data)[index]);
        if (tensor->type == ONNX_BFLOAT16)
            return (double)bfloat_value((uint16_t)((const int32_t *)tensor->data)[index]);
        return ((const int32_t *)tensor->data)[index];
    case ONNX_INT64S:
        return (double)((const int64_t *)tensor->data)[index];
    default:
        return NAN;
    }
}

int64_t onnx_integer(const onnx_tensor *tensor, size_t index)
{
    size_t bytes = types[tensor->type].bytes;
    uint64_t bits;
    switch (tensor->store) {
    case ONNX_PACKED:
        bits = packed_bits((const unsigned char *)tensor->data + index * bytes, bytes);
        return is_signed(tensor->type) ? with_sign(bits, bytes) : (int64_t)bits;
    case ONNX_INT32S:
        return ((const int32_t *)tensor->data)[index];
    case ONNX_INT64S:
        return ((const int64_t *)tensor->data)[index];
    case ONNX_UINT64S:
        return (int64_t)((const uint64_t *)tensor->data)[index];
    default:
        return 0;
    }
}

/* ---- from protobuf -------------------------------------------------------- */

#ifdef ESPALIER_HAVE_ONNX
#include "format/safetensors.h"

static espalier_status wrong(const onnx_inside *in, const onnx_tensor *tensor, const char *found)
{
    return error_set(in->error, ESPALIER_ERROR_FORMAT, "%s: tensor '%s': %s", in->path,
                     safetensors_show(tensor->name).text, found);
}

static espalier_status take_dims(const onnx_inside *in, const Onnx__TensorProto *from,
                                 onnx_tensor *to)
{
    if (from->n_dims > ONNX_RANK_MOST)
        return wrong(in, to, "more than 8 dimensions");
    to->rank = from->n_dims;
    to->count = 1;
    for (size_t i = 0; i < to->rank; i++) {
        if (from->dims[i] < 0)
            return wrong(in, to, "a negative dimension");
        to->dims[i] = (uint64_t)from->dims[i];
        if (to->dims[i] > SIZE_MAX || !size_multiply(to->count, (size_t)to->dims[i], &to->count))
            return wrong(in, to, "dimensions whose product does not fit 64 bits");
    }
    return ESPALIER_OK;
}

/* The typed field that a type's values stand in: how many there are, and where. */
static const void *typed_field(const Onnx__TensorProto *from, onnx_store store, size_t *count)
{
    switch (store) {
    case ONNX_FLOATS:
        *count = from->n_float_data;
        return from->float_data;
    case ONNX_INT32S:
        *count = from->n_int32_data;
        return from->int32_data;
    case ONNX_INT64S:
        *count = from->n_int64_data;
        return from->int64_data;
    case ONNX_DOUBLES:
        *count = from->n_double_data;
        return from->double_data;
    case ONNX_UINT64S:
        *count = from->n_uint64_data;
        return from->uint64_data;
    default:
        *count = 0;
        return NULL;
    }
}

static espalier_status count_differs(const onnx_inside *in, const onnx_tensor *tensor,
                                     const char *what, size_t expected, size_t found)
{
    char shape[192];
    safetensors_shape_text(tensor->dims, tensor->rank, shape);
    return error_set(in->error, ESPALIER_ERROR_FORMAT,
                     "%s: tensor '%s': %s of shape %s has %zu %s; expected %zu", in->path,
                     safetensors_show(tensor->name).text, onnx_type_name(tensor->type), shape,
                     found, what, expected);
}

static espalier_status take_texts(onnx_inside *in, const Onnx__TensorProto *from, onnx_tensor *to)
{
    if (from->n_string_data != to->count)
        return count_differs(in, to, "values", to->count, from->n_string_data);
    const char **texts = onnx_take(in, to->count, sizeof *texts);
    for (size_t i = 0; texts && i < to->count; i++)
        if (!(texts[i] = onnx_take_text(in, &from->string_data[i])))
            return error_memory(in->error);
    to->store = ONNX_TEXTS;
    to->data = texts;
    return texts ? ESPALIER_OK : error_memory(in->error);
}

static espalier_status take_packed(onnx_inside *in, const Onnx__TensorProto *from, onnx_tensor *to)
{
    size_t bytes;
    if (!size_multiply(to->count, types[to->type].bytes, &bytes))
        return wrong(in, to, "dimensions whose bytes do not fit 64 bits");
    to->store = ONNX_PACKED;
    if (from->has_data_location && from->data_location == ONNX__TENSOR_PROTO__DATA_LOCATION__EXTERNAL)
        return onnx_take_external(in, from, to->name, bytes, &to->data);
    if (from->raw_data.len != bytes)
        return count_differs(in, to, "bytes", bytes, from->raw_data.len);
    to->data = from->raw_data.data;
    return ESPALIER_OK;
}

espalier_status onnx_take_tensor(onnx_inside *in, const Onnx__TensorProto *from, onnx_tensor *to)
{
    bool external = from->has_data_location &&
                    from->data_location == ONNX__TENSOR_PROTO__DATA_LOCATION__EXTERNAL;
    size_t there = 0;
    to->name = from->name ? from->name : "";
    to->type = from->has_data_type ? from->data_type : 0;
    espalier_status status = take_dims(in, from, to);
    if (status != ESPALIER_OK)
        return status;
    if (from->segment)
        return wrong(in, to, "in segments; expected it whole");
    if (!is_known(to->type) || !types[to->type].store)
        return ESPALIER_OK; /* unreadable: an error only where it is needed */
    if (to->type == ONNX_STRING)
        return external || from->raw_data.len ? wrong(in, to, "STRING outside of string_data")
                                              : take_texts(in, from, to);
    const void *field = typed_field(from, types[to->type].store, &there);
    if (there && (external || from->raw_data.len))
        return wrong(in, to, "values in two places");
    if (external || (from->has_raw_data && from->raw_data.len))
        return take_packed(in, from, to);
    if (there != to->count)
        return count_differs(in, to, "values", to->count, there);
    to->store = types[to->type].store;
    to->data = field;
    return ESPALIER_OK;
}
#endif
