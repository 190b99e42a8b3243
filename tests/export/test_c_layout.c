/* Which form a layer gets, and what is counted for it. */
#include "export/c_figures.h"

#include "export/c_drawn.h"

static c_program *make(const espalier_network *network, bool speed)
{
    espalier_export_options options = espalier_export_options_defaults();
    c_program *program = NULL;
    options.speed = speed;
    assert_int_equal(c_program_create(network, &options, "p", &program, NULL), ESPALIER_OK);
    c_layout(program);
    return program;
}

/* A network of one layer with every `step`-th weight kept. */
static espalier_network *every(size_t inputs, size_t outputs, size_t step)
{
    espalier_network *network = make_network((size_t[]){inputs, outputs}, 2);
    for (size_t i = 0; i < inputs * outputs; i++) {
        network->layers[0].weights[i] = 1.0f;
        network->layers[0].mask[i] = i % step == 0;
    }
    espalier_network_apply_masks(network);
    return network;
}

static void expect(size_t inputs, size_t outputs, size_t step, bool speed, c_form form)
{
    espalier_network *network = every(inputs, outputs, step);
    c_program *p = make(network, speed);
    if (p->layers[0].form != form)
        fail_msg("%zu inputs, every %zu-th weight: form %d, expected %d", inputs, step,
                 (int)p->layers[0].form, (int)form);
    c_program_destroy(p);
    espalier_network_destroy(network);
}

static void test_forms(void **state)
{
    (void)state;
    for (int speed = 0; speed < 2; speed++)
        expect(301, 8, 1, speed, C_DENSE);
    expect(301, 8, 2, false, C_BITS);   /* every weight of two: a bit each is less than a byte */
    expect(301, 8, 31, false, C_GAPS);  /* few: a byte for each of them */
    expect(255, 8, 23, false, C_PLACES); /* bytes reach all places: no gaps needed */
    expect(301, 8, 31, true, C_PLACES); /* no additions */
    expect(255, 8, 23, true, C_PLACES);
    expect(300, 8, 2, false, C_COLUMNS); /* the same half of the inputs is read by all */
    expect(300, 8, 2, true, C_COLUMNS);
    expect(301, 8, 2, true, C_DENSE);
}

/* The form that was chosen is the cheapest by the bytes that the figures count. */
static void test_smallest(void **state)
{
    (void)state;
    draws d = {41, 0};
    for (size_t round = 0; round < 60; round++) {
        espalier_network *network = draw_whole(&d, round, false);
        c_program *p = make(network, false);
        c_figures chosen, other;
        assert_int_equal(c_figures_find(p, network, NULL, &chosen, NULL), ESPALIER_OK);
        for (size_t l = 0; l < p->layer_count; l++) {
            const c_form form = p->layers[l].form;
            for (int f = C_DENSE; f <= C_BITS; f++) {
                if (f == C_COLUMNS && (l || !p->column_count))
                    continue;
                p->layers[l].form = (c_form)f;
                assert_int_equal(c_figures_find(p, network, NULL, &other, NULL), ESPALIER_OK);
                assert_true(other.constant_bytes >= chosen.constant_bytes);
            }
            p->layers[l].form = form;
        }
        c_program_destroy(p);
        espalier_network_destroy(network);
    }
}

/* Places that the first layer reads, and only those. */
static void test_columns(void **state)
{
    (void)state;
    draws d = {42, 0};
    for (size_t round = 0; round < 60; round++) {
        espalier_network *network = draw_whole(&d, round, false);
        c_program *p = make(network, false);
        const c_layer *first = &p->layers[0];
        static uint8_t read[1024];
        size_t count = 0;
        memset(read, 0, sizeof read);
        for (size_t i = 0; i < first->starts[first->outputs]; i++)
            read[first->places[i]] = 1;
        for (size_t c = 0; c < p->row_width; c++)
            if (read[c])
                assert_int_equal(p->columns[count++], c);
        assert_int_equal(p->column_count, count);
        c_program_destroy(p);
        espalier_network_destroy(network);
    }
}

static void test_index_bytes(void **state)
{
    (void)state;
    assert_int_equal(c_index_bytes(1), 1);
    assert_int_equal(c_index_bytes(256), 1);
    assert_int_equal(c_index_bytes(257), 2);
    assert_int_equal(c_index_bytes(65536), 2);
    assert_int_equal(c_index_bytes(65537), 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_forms),
        cmocka_unit_test(test_smallest),
        cmocka_unit_test(test_columns),
        cmocka_unit_test(test_index_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
