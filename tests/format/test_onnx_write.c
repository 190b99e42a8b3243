/* Writing ONNX models: what the file holds when it is unpacked again. */
#include "format/onnx_write.h"

#include "test.h"

#ifdef ESPALIER_HAVE_ONNX
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/test_allocator.h"
#include "onnx/onnx.pb-c.h"

#define FILE_NAME "test_onnx_write.onnx"

static Onnx__ModelProto *read_back(void)
{
    static uint8_t bytes[1 << 16];
    FILE *file = fopen(FILE_NAME, "rb");
    assert_non_null(file);
    size_t count = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    Onnx__ModelProto *model = onnx__model_proto__unpack(NULL, count, bytes);
    assert_non_null(model);
    return model;
}

/* y = LeakyRelu(x W^T), W [2, 3]. */
static void fill(onnx_writer *w, const float *weights)
{
    onnx_writer_describe(w, "graph", "what it is");
    onnx_writer_metadata(w, "key", "value");
    onnx_writer_metadata(w, "another", "");
    onnx_writer_input(w, "x", ONNX_FLOAT32, 3, "rows");
    onnx_writer_output(w, "y", ONNX_INT64, 0, "numbers");
    onnx_writer_tensor(w, "w", ONNX_FLOAT32, 2, 3, weights);
    onnx_writer_node *node =
        onnx_writer_add(w, "Gemm", (const char *const[]){"x", "w", NULL}, "sum");
    onnx_writer_integer(w, node, "transB", 1);
    node = onnx_writer_add(w, "LeakyRelu", (const char *const[]){"sum", NULL}, "y");
    onnx_writer_real(w, node, "alpha", 0.25f);
}

static void check_values(const Onnx__GraphProto *graph)
{
    const Onnx__TypeProto__Tensor *x = graph->input[0]->type->tensor_type;
    const Onnx__TypeProto__Tensor *y = graph->output[0]->type->tensor_type;
    assert_string_equal(graph->input[0]->name, "x");
    assert_string_equal(graph->input[0]->doc_string, "rows");
    assert_int_equal(x->elem_type, ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT);
    assert_int_equal(x->shape->n_dim, 2);
    assert_string_equal(x->shape->dim[0]->dim_param, "batch");
    assert_int_equal(x->shape->dim[1]->dim_value, 3);
    assert_string_equal(graph->output[0]->name, "y");
    assert_int_equal(y->elem_type, ONNX__TENSOR_PROTO__DATA_TYPE__INT64);
    assert_int_equal(y->shape->n_dim, 1);
}

static void check_graph(const Onnx__GraphProto *graph, const float *weights)
{
    assert_string_equal(graph->name, "graph");
    assert_int_equal(graph->n_input, 1);
    assert_int_equal(graph->n_output, 1);
    check_values(graph);
    assert_int_equal(graph->n_initializer, 1);
    assert_string_equal(graph->initializer[0]->name, "w");
    assert_int_equal(graph->initializer[0]->n_dims, 2);
    assert_int_equal(graph->initializer[0]->dims[0], 2);
    assert_int_equal(graph->initializer[0]->dims[1], 3);
    assert_int_equal(graph->initializer[0]->raw_data.len, 24);
    assert_memory_equal(graph->initializer[0]->raw_data.data, weights, 24);
    assert_int_equal(graph->n_node, 2);
    const Onnx__NodeProto *gemm = graph->node[0], *leaky = graph->node[1];
    assert_string_equal(gemm->op_type, "Gemm");
    assert_string_equal(gemm->name, "sum");
    assert_int_equal(gemm->n_input, 2);
    assert_string_equal(gemm->input[1], "w");
    assert_string_equal(gemm->output[0], "sum");
    assert_string_equal(gemm->attribute[0]->name, "transB");
    assert_int_equal(gemm->attribute[0]->type, ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INT);
    assert_int_equal(gemm->attribute[0]->i, 1);
    assert_int_equal(leaky->attribute[0]->type, ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOAT);
    assert_true(leaky->attribute[0]->f == 0.25f);
}

static void test_all_of_it(void **state)
{
    (void)state;
    static const int formats[] = {4, 5, 6, 7, 7, 7, 8, 8, 8, 8, 9, 9, 10};
    const float weights[] = {1, 2, 3, 4, 5, 6};
    for (int opset = ONNX_OPSET_LEAST; opset <= ONNX_OPSET_MOST; opset++) {
        onnx_writer *w = onnx_writer_create(NULL, opset);
        fill(w, weights);
        assert_int_equal(onnx_writer_write(w, FILE_NAME, NULL), ESPALIER_OK);
        onnx_writer_destroy(w);
        Onnx__ModelProto *model = read_back();
        assert_int_equal(model->ir_version, formats[opset - ONNX_OPSET_LEAST]);
        assert_int_equal(model->n_opset_import, 1);
        assert_string_equal(model->opset_import[0]->domain, "");
        assert_int_equal(model->opset_import[0]->version, opset);
        assert_string_equal(model->producer_name, "espalier");
        assert_string_equal(model->doc_string, "what it is");
        assert_int_equal(model->n_metadata_props, 2);
        assert_string_equal(model->metadata_props[0]->key, "key");
        assert_string_equal(model->metadata_props[0]->value, "value");
        check_graph(model->graph, weights);
        onnx__model_proto__free_unpacked(model, NULL);
    }
    onnx_writer_destroy(NULL);
}

/* Arrays of pointers grow: everything stays, in its order. */
static void test_many(void **state)
{
    (void)state;
    char names[70][8];
    onnx_writer *w = onnx_writer_create(NULL, 17);
    for (size_t i = 0; i < 70; i++)
        snprintf(names[i], sizeof names[i], "v%zu", i);
    for (size_t i = 1; i < 70; i++)
        onnx_writer_add(w, "Identity", (const char *const[]){names[i - 1], NULL}, names[i]);
    assert_int_equal(onnx_writer_write(w, FILE_NAME, NULL), ESPALIER_OK);
    onnx_writer_destroy(w);
    Onnx__ModelProto *model = read_back();
    assert_int_equal(model->graph->n_node, 69);
    for (size_t i = 1; i < 70; i++) {
        assert_string_equal(model->graph->node[i - 1]->input[0], names[i - 1]);
        assert_string_equal(model->graph->node[i - 1]->output[0], names[i]);
    }
    onnx__model_proto__free_unpacked(model, NULL);
}

/* Known from the sizes alone: the data are never looked at. */
static void test_too_large(void **state)
{
    (void)state;
    const size_t rows[] = {1 << 15, 1 << 16, (size_t)1 << 24};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        espalier_error error = {0};
        onnx_writer *w = onnx_writer_create(NULL, 17);
        onnx_writer_tensor(w, "w", ONNX_FLOAT32, rows[i], 1 << 14, &error);
        remove(FILE_NAME);
        assert_int_equal(onnx_writer_write(w, FILE_NAME, &error), ESPALIER_ERROR_UNSUPPORTED);
        assert_non_null(strstr(error.message, "bytes as ONNX; such a file holds at most "
                                              "2147483647"));
        assert_int_not_equal(remove(FILE_NAME), 0);
        onnx_writer_destroy(w);
    }
}

static void test_no_memory(void **state)
{
    (void)state;
    const float weights[6] = {0};
    meter m = {0};
    espalier_allocator allocator = meter_allocator(&m);
    espalier_status status = ESPALIER_ERROR_MEMORY;
    for (size_t more = 1; status == ESPALIER_ERROR_MEMORY; more++) {
        m.refuse_from = m.requests + more;
        onnx_writer *w = onnx_writer_create(&allocator, 17);
        if (w) {
            fill(w, weights);
            status = onnx_writer_write(w, FILE_NAME, NULL);
        }
        onnx_writer_destroy(w);
        assert_int_equal(m.live, 0);
    }
    assert_int_equal(status, ESPALIER_OK);
}

static void test_nowhere(void **state)
{
    (void)state;
    espalier_error error = {0};
    onnx_writer *w = onnx_writer_create(NULL, 17);
    assert_int_equal(onnx_writer_write(w, "no/such/folder.onnx", &error), ESPALIER_ERROR_IO);
    onnx_writer_destroy(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_of_it), cmocka_unit_test(test_many),
        cmocka_unit_test(test_too_large), cmocka_unit_test(test_no_memory),
        cmocka_unit_test(test_nowhere),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    remove(FILE_NAME);
    return failed;
}
#else
int main(void)
{
    return 0;
}
#endif
