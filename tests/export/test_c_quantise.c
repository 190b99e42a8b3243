/* Integers: sums that cannot overflow, levels that are what they must be. */
#include "export/c_quantise.h"

#include "export/c_calibrate.h"
#include "export/c_drawn.h"
#include "export/c_run.h"

static c_program *make(const espalier_network *network, espalier_export_type type,
                       const espalier_dataset *data)
{
    espalier_export_options options = espalier_export_options_defaults();
    c_program *program = NULL;
    options.type = type;
    assert_int_equal(c_program_create(network, &options, "p", &program, NULL), ESPALIER_OK);
    assert_int_equal(c_calibrate(program, data, NULL), ESPALIER_OK);
    return program;
}

/* ---- sums ------------------------------------------------------------- */

/* The largest partial sum, up or down, that any inputs of a neuron can bring about, by
 * trying each weight's worst input. */
static int64_t worst(const c_layer *layer, size_t o, int32_t low, int32_t top)
{
    int64_t high = layer->sums[o], deep = layer->sums[o];
    for (size_t i = layer->starts[o]; i < layer->starts[o + 1]; i++) {
        const int64_t a = (int64_t)layer->wholes[i] * low, b = (int64_t)layer->wholes[i] * top;
        high += a > b ? (a > 0 ? a : 0) : (b > 0 ? b : 0);
        deep += a < b ? (a < 0 ? a : 0) : (b < 0 ? b : 0);
    }
    return high > -deep ? high : -deep;
}

static void check_reach(const c_program *p)
{
    for (size_t l = 0; l < p->layer_count; l++) {
        const c_layer *layer = &p->layers[l], *before = layer - 1;
        const int32_t top = l ? before->top : p->input.top;
        const bool is_signed = l ? before->is_signed : !p->input.bytes;
        int64_t most = 0;
        for (size_t o = 0; o < layer->outputs; o++) {
            const int64_t factor = l + 1 == p->layer_count ? layer->factors[o] : 1;
            const int64_t reach = factor * worst(layer, o, is_signed ? -top : 0, top);
            most = reach > most ? reach : most;
        }
        assert_int_equal(most, layer->reach);
        assert_true(most <= INT32_MAX);
    }
}

/* Weights of very different sizes, and biases far beyond them. */
static void distort(draws *d, espalier_network *network)
{
    for (size_t l = 0; l < network->layer_count; l++) {
        network_layer *layer = &network->layers[l];
        for (size_t o = 0; o < layer->outputs; o++) {
            const float size = ldexpf(1.0f, (int)draw_below(d, 60) - 30);
            for (size_t i = 0; i < layer->inputs; i++)
                layer->weights[o * layer->inputs + i] *= size;
            layer->biases[o] *= ldexpf(1.0f, (int)draw_below(d, 60) - 30);
        }
    }
}

static void test_no_sum_overflows(void **state)
{
    (void)state;
    draws d = {31, 0};
    for (size_t round = 0; round < 40; round++) {
        const bool bytes = round % 3 == 0;
        espalier_network *network = draw_whole(&d, round, bytes);
        if (round % 5 == 4)
            distort(&d, network);
        espalier_dataset *data = draw_rows(&d, network, bytes);
        for (int type = ESPALIER_EXPORT_INT8; type <= ESPALIER_EXPORT_INT16; type++) {
            c_program *p = make(network, (espalier_export_type)type, data);
            check_reach(p);
            for (size_t l = 0; l + 1 < p->layer_count; l++)
                for (size_t o = 0; o < p->layers[l].outputs; o++)
                    assert_true(p->layers[l].above[o].multiplier <= 32768 &&
                                p->layers[l].above[o].before <= 16 &&
                                p->layers[l].above[o].after <= 31);
            c_program_destroy(p);
        }
        espalier_dataset_destroy(data);
        espalier_network_destroy(network);
    }
}

/* Weights and biases become the nearest whole number: of bytes and with a largest weight of 127,
 * the unit is 1. */
static void test_nearest(void **state)
{
    (void)state;
    enum { WIDTH = 6, ROWS = 20 };
    static const float weights[WIDTH] = {127.0f, 0.6f, -0.6f, 2.4f, -2.6f, 1.6f};
    static const int16_t wholes[WIDTH] = {127, 1, -1, 2, -3, 2};
    static uint8_t rows[ROWS * WIDTH];
    static uint32_t labels[ROWS];
    espalier_network *network = make_network((size_t[]){WIDTH, 2, 2}, 3);
    espalier_dataset *data = NULL;
    for (size_t o = 0; o < 2; o++) { /* the second neuron is the first with the other sign */
        for (size_t i = 0; i < WIDTH; i++)
            network->layers[0].weights[o * WIDTH + i] = o ? -weights[i] : weights[i];
        network->layers[0].biases[o] = o ? -0.6f : 0.6f;
        network->layers[1].weights[o] = 1.0f;
        network->layers[1].weights[2 + o] = -1.0f;
    }
    for (size_t i = 0; i < ROWS * WIDTH; i++)
        rows[i] = (uint8_t)(i * 37);
    for (size_t r = 0; r < ROWS; r++)
        labels[r] = r % 2;
    assert_int_equal(espalier_dataset_from_bytes(rows, labels, ROWS, 0, WIDTH, 2, NULL, NULL, &data,
                                                 NULL), ESPALIER_OK);
    c_program *p = make(network, ESPALIER_EXPORT_INT8, data);
    const c_layer *first = &p->layers[0];
    assert_true(p->input.bytes);
    assert_int_equal(first->outputs, 2);
    for (size_t o = 0; o < 2; o++) {
        assert_int_equal(first->starts[o + 1] - first->starts[o], WIDTH);
        for (size_t i = 0; i < WIDTH; i++)
            assert_int_equal(first->wholes[first->starts[o] + i], o ? -wholes[i] : wholes[i]);
        assert_int_equal(first->sums[o], o ? -1 : 1);
    }
    c_program_destroy(p);
    espalier_dataset_destroy(data);
    espalier_network_destroy(network);
}

/* ---- levels ----------------------------------------------------------- */

static int64_t level(const c_rescale *scale, int64_t sum, int64_t top)
{
    int64_t t = sum >> scale->before;
    t = t < 65535 ? t : 65535;
    t = (t * scale->multiplier + ((INT64_C(1) << scale->after) >> 1)) >> scale->after;
    assert_true((t << scale->after) < INT64_C(1) << 32);
    return t < top ? t : top;
}

/* Within half a level and what the 15 bits of the multiplier and the 16 of the sum leave. */
static void test_rescale(void **state)
{
    (void)state;
    static const int32_t tops[] = {127, 255, 1023, 8191, 32767};
    draws d = {32, 0};
    for (int round = 0; round < 20000; round++) {
        const int32_t top = tops[draw_below(&d, 5)];
        const double factor = ldexp(1.0 + (double)draw_below(&d, 1000) / 1000.0,
                                    (int)draw_below(&d, 50) - 36);
        const c_rescale scale = c_rescale_make(factor, top);
        const double full = fmin(top / factor, 2147483647.0);
        const int64_t sum = (int64_t)(full * (double)draw_below(&d, 1200) / 1000.0);
        const int64_t capped = sum < INT32_MAX ? sum : INT32_MAX;
        const double exact = fmin(top, (double)capped * factor);
        const double found = (double)level(&scale, capped, top);
        assert_true(scale.multiplier <= 32768 && scale.before <= 16 && scale.after <= 31);
        if (fabs(found - exact) > 0.5 + top / 16384.0 + 1e-9)
            fail_msg("%g * %lld = %g, found %g", factor, (long long)capped, exact, found);
    }
}

/* ---- the whole -------------------------------------------------------- */

/* Largest difference of scores, of the largest score. */
static double difference(const espalier_network *network, espalier_export_type type,
                         const espalier_dataset *data)
{
    float row[1024], scores[64];
    int16_t levels[1024];
    int32_t wholes[64];
    static uint8_t workspace[65536];
    c_program *exact = NULL, *p = make(network, type, data);
    espalier_export_options options = espalier_export_options_defaults();
    double most = 0.0;
    float largest = 1e-30f;
    assert_int_equal(c_program_create(network, &options, "p", &exact, NULL), ESPALIER_OK);
    assert_true(c_run_workspace(p) <= sizeof workspace);
    for (size_t r = 0; r < espalier_dataset_row_count(data, ESPALIER_TRAINING); r++) {
        espalier_dataset_rows(data, ESPALIER_TRAINING, r, 1, row);
        c_run_float(exact, row, scores, workspace);
        c_run_levels(p, row, levels);
        c_run_whole(p, levels, wholes, workspace);
        for (size_t k = 0; k < p->classes; k++) {
            const double apart = fabs((double)scores[k] - p->score_unit * wholes[k]);
            most = apart > most ? apart : most;
            largest = fmaxf(largest, fabsf(scores[k]));
        }
    }
    c_program_destroy(p);
    c_program_destroy(exact);
    return most / (double)largest;
}

static void test_scores_are_near(void **state)
{
    (void)state;
    draws d = {33, 0};
    double mean[2] = {0.0, 0.0};
    enum { ROUNDS = 40 };
    for (size_t round = 0; round < ROUNDS; round++) {
        const bool bytes = round % 3 == 0;
        espalier_network *network = draw_whole(&d, round, bytes);
        espalier_dataset *data = draw_rows(&d, network, bytes);
        mean[0] += difference(network, ESPALIER_EXPORT_INT8, data) / ROUNDS;
        mean[1] += difference(network, ESPALIER_EXPORT_INT16, data) / ROUNDS;
        espalier_dataset_destroy(data);
        espalier_network_destroy(network);
    }
    print_message("largest errors of scores, on the mean: int8 %.4f, int16 %.6f\n", mean[0], mean[1]);
    assert_true(mean[0] < 0.05);
    assert_true(mean[1] < 0.002);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_no_sum_overflows),
        cmocka_unit_test(test_nearest),
        cmocka_unit_test(test_rescale),
        cmocka_unit_test(test_scores_are_near),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
