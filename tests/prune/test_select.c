/* Selection against sorting, over all criteria and many ties. */
#include "tests/prune/fixture.h"

enum { WIDEST = 320, ITEMS = 1 << 17 };

typedef struct item {
    uint64_t key;
    size_t layer, place;
} item;

static int by_key(const void *left, const void *right)
{
    const item *a = left, *b = right;
    if (a->key != b->key)
        return a->key < b->key ? -1 : 1;
    if (a->layer != b->layer)
        return a->layer < b->layer ? -1 : 1;
    return (a->place > b->place) - (a->place < b->place);
}

/* All competing weights of the layers in the order in which they must go. */
static size_t sorted(const fixture *f, size_t first, size_t count, item *items)
{
    size_t total = 0;
    uint64_t keys[WIDEST];
    for (size_t l = first; l < first + count; l++) {
        const network_layer *layer = &f->network->layers[l];
        for (size_t j = 0; j < layer->outputs; j++) {
            f->ranking.criterion->keys(&f->ranking.context, l, j, keys);
            for (size_t i = 0; i < layer->inputs; i++)
                if (layer->mask[j * layer->inputs + i] && layer->activation != ESPALIER_LINEAR &&
                    !f->work.layers[l].protect[j])
                    items[total++] = (item){keys[i], l, j * layer->inputs + i};
        }
    }
    qsort(items, total, sizeof *items, by_key);
    return total;
}

static void compare(fixture *f, size_t first, size_t count, uint64_t amount)
{
    static item items[ITEMS];
    size_t total = sorted(f, first, count, items);
    uint64_t expected = amount < total ? amount : total;
    scratch_reset_trial(&f->work);
    assert_int_equal(select_remove(&f->ranking, &f->work, first, count, amount), expected);
    for (size_t i = 0; i < total; i++)
        assert_int_equal(f->work.trial[items[i].layer][items[i].place], i >= expected);
    uint64_t changed = 0;
    for (size_t l = 0; l < f->network->layer_count; l++)
        for (size_t i = 0; i < f->network->layers[l].inputs * f->network->layers[l].outputs; i++)
            changed += f->work.trial[l][i] != f->network->layers[l].mask[i];
    assert_int_equal(changed, expected);
}

static void takes_what_sorting_takes(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 40; seed++) {
        const size_t widths[] = {2 + fixture_below(seed, 1, 20), 1 + fixture_below(seed, 2, 20),
                                 1 + fixture_below(seed, 3, 20), 1 + fixture_below(seed, 4, 20), 3};
        for (size_t c = 0; criterion_at(c); c++) {
            espalier_network *network = fixture_network(widths, 5, seed, 10 * (seed % 8));
            fixture f = fixture_open(fixture_linear(network, seed % 4 ? 0 : seed / 4 % 8),
                                     criterion_at(c)->name);
            for (size_t l = 0; l < 3 && seed % 2; l++)
                f.work.layers[l].protect[fixture_below(seed, 5 + l, widths[l + 1])] = 1;
            for (uint64_t t = 0; t < 12; t++) {
                size_t first = fixture_below(seed, 100 + t, 3);
                size_t count = 1 + fixture_below(seed, 200 + t, 3 - first);
                compare(&f, first, count, fixture_below(seed, 300 + t, 900));
            }
            compare(&f, 0, 3, 0);
            compare(&f, 0, 3, 1);
            compare(&f, 0, 3, 5000);
            fixture_close(&f);
        }
    }
}

/* Layers of many vectors, weights of all magnitudes: digits below the first count. */
static void takes_from_wide_layers(void **state)
{
    (void)state;
    const size_t widths[] = {WIDEST - 7, 150, 131, 3};
    const uint64_t amounts[] = {1, 777, 20000, 33333, 50000, 66000, 70000};
    espalier_network *network = fixture_network(widths, 4, 5, 10);
    for (size_t l = 0; l < 2; l++) {
        network_layer *layer = &network->layers[l];
        for (size_t i = 0; i < layer->inputs * layer->outputs; i++)
            layer->weights[i] = (float)random_normal(5, l, i);
        for (size_t j = 0; j < layer->outputs; j++)
            layer->activations[j] = fixture_below(5, 1000 + j, 60000 * (j % 7 + 1));
    }
    for (size_t c = 0; criterion_at(c); c++) {
        fixture f = {.network = NULL};
        espalier_network *copy = NULL;
        assert_int_equal(espalier_network_copy(network, NULL, &copy, NULL), ESPALIER_OK);
        f = fixture_open(copy, criterion_at(c)->name);
        f.work.layers[1].protect[70] = 1;
        for (size_t a = 0; a < sizeof amounts / sizeof *amounts; a++)
            compare(&f, 0, 2, amounts[a]);
        compare(&f, 1, 1, 9999);
        fixture_close(&f);
    }
    espalier_network_destroy(network);
}

/* Keys that differ in the lowest bits only, in all bits, and the largest of all;
 * rows of one key, and rows that part in the last digit. */
static uint64_t hard_key(size_t neuron, size_t i)
{
    static const uint64_t keys[] = {0,
                                    1,
                                    UINT64_MAX,
                                    UINT64_MAX - 1,
                                    (uint64_t)1 << 63,
                                    0x123456789abcdef0,
                                    0x123456789abcdef1,
                                    0xffff};
    return neuron < 5 ? keys[(neuron * 5 + i) % 8] : keys[neuron == 7 ? 5 + i % 2 : neuron - 4];
}

static void hard_keys(const criterion_context *context, size_t layer, size_t neuron, uint64_t *keys)
{
    for (size_t i = 0; i < context->network->layers[layer].inputs; i++)
        keys[i] = hard_key(neuron, i);
}

static void hard_keys_of_32_bits(const criterion_context *context, size_t layer, size_t neuron,
                                 uint64_t *keys)
{
    for (size_t i = 0; i < context->network->layers[layer].inputs; i++)
        keys[i] = (uint32_t)(hard_key(neuron, i) >> 20);
}

static void extreme_keys(void **state)
{
    (void)state;
    const size_t widths[] = {16, 8, 4};
    const criterion hard[] = {{.name = "hard", .key_bits = 64, .keys = hard_keys},
                              {.name = "hard", .key_bits = 32, .keys = hard_keys_of_32_bits}};
    for (size_t c = 0; c < 2; c++) {
        fixture f = fixture_open(fixture_network(widths, 3, 1, 20 * c), "magnitude");
        f.ranking.criterion = &hard[c];
        select_survey(&f.ranking, &f.work);
        for (uint64_t amount = 0; amount <= 130; amount++)
            compare(&f, 0, 1, amount);
        fixture_close(&f);
    }
}

static void survey_sees_rows(void **state)
{
    (void)state;
    const size_t widths[] = {3, 3, 2};
    espalier_network *network = fixture_network(widths, 3, 1, 0);
    network_layer *layer = &network->layers[0];
    const float weights[] = {1, -4, 2, 1, 5, 9, 7, 7, 7};
    const uint8_t mask[] = {1, 1, 1, 0, 1, 0, 0, 0, 0};
    memcpy(layer->weights, weights, sizeof weights);
    memcpy(layer->mask, mask, sizeof mask);
    fixture f = fixture_open(network, "magnitude");
    const scratch_layer *seen = &f.work.layers[0];
    assert_int_equal(seen->kept[0], 3);
    assert_int_equal(seen->kept[1], 1);
    assert_int_equal(seen->kept[2], 0);
    assert_true(criterion_magnitude.score(seen->least[0]) == 1.0);
    assert_true(criterion_magnitude.score(seen->best[0]) == 4.0);
    assert_true(criterion_magnitude.score(seen->least[1]) == 5.0);
    assert_true(criterion_magnitude.score(seen->best[1]) == 5.0);
    fixture_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_what_sorting_takes),
        cmocka_unit_test(takes_from_wide_layers),
        cmocka_unit_test(extreme_keys),
        cmocka_unit_test(survey_sees_rows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
