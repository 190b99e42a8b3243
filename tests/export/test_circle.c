/* What an exporter writes and espalier_network_open() reads is the same network: weights
 * bit by bit, activations, scaling, names. */
#include "espalier/export.h"
#include "espalier/import.h"

#include "net/networks.h"

typedef struct way {
    const char *path;
    bool gather, fold;
} way;

static const way ways[] = {
    {"test_circle.safetensors", false, false},
    {"test_circle.safetensors", false, true},
#ifdef ESPALIER_HAVE_ONNX
    {"test_circle.onnx", false, false},
    {"test_circle.onnx", true, false},
#endif
};
enum { WAYS = sizeof ways / sizeof *ways };

static espalier_network *go_round(const espalier_network *network, const way *w)
{
    espalier_export_options options = espalier_export_options_defaults();
    espalier_network *back = NULL;
    espalier_error error = {0};
    options.gather = w->gather;
    options.fold_scaling = w->fold;
    if (espalier_network_export(network, w->path, &options, &error) != ESPALIER_OK ||
        espalier_network_open(w->path, NULL, &back, &error) != ESPALIER_OK)
        fail_msg("%s", error.message);
    assert_int_equal(remove(w->path), 0);
    return back;
}

/* Weights of the first layer by the row's values: those taken out are 0. */
static float first_weight(const espalier_network *network, size_t output, size_t value)
{
    const network_layer *first = &network->layers[0];
    for (size_t i = 0; i < first->inputs; i++)
        if ((network->kept_inputs ? network->kept_inputs[i] : i) == value)
            return first->weights[output * first->inputs + i];
    return 0.0f;
}

static void check_weights(const espalier_network *a, const espalier_network *b)
{
    for (size_t o = 0; o < a->layers[0].outputs; o++)
        for (size_t i = 0; i < espalier_network_row_width(a); i++)
            assert_true(first_weight(a, o, i) == first_weight(b, o, i));
    for (size_t l = 0; l < a->layer_count; l++) {
        const network_layer *x = &a->layers[l], *y = &b->layers[l];
        if (l) {
            assert_int_equal(x->inputs, y->inputs);
            assert_memory_equal(x->weights, y->weights, x->inputs * x->outputs * sizeof(float));
            assert_memory_equal(x->mask, y->mask, x->inputs * x->outputs);
        }
        assert_memory_equal(x->biases, y->biases, x->outputs * sizeof(float));
    }
}

static void check_scaling(const espalier_network *a, const espalier_network *b)
{
    for (size_t i = 0; i < espalier_network_row_width(a); i++) {
        size_t pa = a->scaling_count > 1 ? i : 0, pb = b->scaling_count > 1 ? i : 0;
        float shift = a->scaling_count ? a->shift[pa] : 0.0f;
        float scale = a->scaling_count ? a->scale[pa] : 1.0f;
        assert_true((b->scaling_count ? b->scale[pb] : 1.0f) == scale);
        assert_float_equal(b->scaling_count ? b->shift[pb] : 0.0f, shift, 1e-6f * fabsf(shift));
    }
}

static void check(const espalier_network *a, const espalier_network *b, bool weights, bool training)
{
    assert_int_equal(a->layer_count, b->layer_count);
    assert_int_equal(espalier_network_row_width(a), espalier_network_row_width(b));
    for (size_t l = 0; l < a->layer_count; l++) {
        assert_int_equal(a->layers[l].outputs, b->layers[l].outputs);
        assert_int_equal(espalier_network_activation(a, l), espalier_network_activation(b, l));
        if (l + 1 < a->layer_count)
            assert_true(a->layers[l].slope == b->layers[l].slope);
    }
    for (size_t c = 0; c < espalier_network_class_count(a); c++)
        assert_string_equal(a->class_names[c], b->class_names[c]);
    if (weights) {
        check_weights(a, b);
        check_scaling(a, b);
    }
    if (training && espalier_network_metadata(a, "training"))
        assert_string_equal(espalier_network_metadata(b, "training"), "{\"seed\":1}");
}

/* Scores of a row as it is in the data. */
static void scores(const espalier_network *network, const float *row, double *logits)
{
    float scaled[64];
    for (size_t i = 0; i < espalier_network_row_width(network); i++) {
        size_t pair = network->scaling_count > 1 ? i : 0;
        scaled[i] = network->scaling_count
                        ? (row[i] - network->shift[pair]) * network->scale[pair]
                        : row[i];
    }
    run_naively(network, scaled, logits);
}

static void check_scores(draws *d, const espalier_network *a, const espalier_network *b)
{
    double expected[64], found[64];
    float row[64];
    for (size_t i = 0; i < espalier_network_row_width(a); i++)
        row[i] = draw_float(d);
    scores(a, row, expected);
    scores(b, row, found);
    for (size_t c = 0; c < espalier_network_class_count(a); c++)
        if (fabs(found[c] - expected[c]) > 1e-4 * fmax(1.0, fabs(expected[c])))
            fail_msg("class %zu: %g, expected %g", c, found[c], expected[c]);
}

static void scale(draws *d, espalier_network *network)
{
    size_t count = draw_below(d, 2) ? 1 : espalier_network_row_width(network);
    float shift[64], scale[64];
    for (size_t i = 0; i < count; i++) {
        shift[i] = draw_float(d);
        scale[i] = 0.25f + fabsf(draw_float(d));
    }
    assert_int_equal(espalier_network_set_scaling(network, count, shift, scale), ESPALIER_OK);
}

static void check_all_ways(draws *d, const espalier_network *network)
{
    for (size_t w = 0; w < WAYS; w++) {
        espalier_network *back = go_round(network, &ways[w]);
        /* Pairs for each of the inputs that are kept go into the first layer. */
        bool folded = ways[w].fold ||
                      (ways[w].gather && network->kept_inputs && network->scaling_count > 1);
        check(network, back, !folded, strstr(ways[w].path, ".onnx") != NULL);
        check_scores(d, network, back);
        espalier_network_destroy(back);
    }
}

static void test_there_and_back(void **state)
{
    (void)state;
    draws d = {29, 0};
    for (int round = 0; round < 100; round++) {
        espalier_network *network = draw_network(&d, 60), *small = NULL;
        if (espalier_network_class_count(network) > 1) {
            if (round % 3)
                load_up(&d, network);
            if (round % 3 < 2)
                scale(&d, network);
            else
                espalier_network_set_scaling(network, 0, NULL, NULL);
            assert_int_equal(espalier_network_compact(network, NULL, &small, NULL, NULL),
                             ESPALIER_OK);
            check_all_ways(&d, network);
            check_all_ways(&d, small);
        }
        espalier_network_destroy(network);
        espalier_network_destroy(small);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_there_and_back)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
