/* The table of criteria, and the order of their keys. */
#include "tests/prune/fixture.h"

#include <math.h>

#include "base/philox.h"

static void table_is_listed_and_found(void **state)
{
    (void)state;
    static const char *const expected[] = {"activation", "activation-weight", "magnitude",
                                           "random"};
    for (size_t i = 0; i < 4; i++) {
        assert_string_equal(espalier_criterion_name(i), expected[i]);
        assert_true(strlen(espalier_criterion_summary(i)) > 5);
        assert_ptr_equal(criterion_find(expected[i]), criterion_at(i));
        assert_int_equal(criterion_at(i)->needs_counts, i < 2);
    }
    assert_null(espalier_criterion_name(4));
    assert_null(espalier_criterion_summary(4));
    assert_null(criterion_find("magnitud"));
    assert_null(criterion_find(NULL));
}

static double expected_score(const espalier_network *network, size_t criterion_index, size_t layer,
                             size_t j, size_t i, double random)
{
    const network_layer *at = &network->layers[layer];
    double size = fabs((double)at->weights[j * at->inputs + i]);
    double count = layer + 1 < network->layer_count ? (double)at->activations[j] : 0.0;
    const double scores[] = {count, count * size, size, random};
    return scores[criterion_index];
}

static void keys_keep_the_order_of_scores(void **state)
{
    (void)state;
    const size_t widths[] = {9, 7, 5, 3};
    espalier_network *network = fixture_network(widths, 4, 1, 20);
    network->layers[1].weights[0] = -0.0f;
    for (size_t c = 0; criterion_at(c); c++) {
        const criterion *one = criterion_at(c);
        criterion_context context = {network, 11, 2};
        uint64_t keys[9], last_key = 0;
        double last = 0.0;
        for (size_t l = 0; l < 2; l++) {
            for (size_t j = 0; j < network->layers[l].outputs; j++) {
                one->keys(&context, l, j, keys);
                for (size_t i = 0; i < network->layers[l].inputs; i++) {
                    uint64_t place = (l ? 63 : 0) + j * network->layers[l].inputs + i;
                    uint32_t words[4];
                    philox(11, random_stream(RANDOM_CRITERION, 2), place / 4, words);
                    double random = (double)words[place % 4] * 0x1p-32;
                    double score = expected_score(network, c, l, j, i, random);
                    assert_true(one->score(keys[i]) == score);
                    assert_true(one->key_bits == 64 || keys[i] >> one->key_bits == 0);
                    if (score != last)
                        assert_int_equal(keys[i] > last_key, score > last);
                    last_key = keys[i];
                    last = score;
                }
            }
        }
    }
    espalier_network_destroy(network);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(table_is_listed_and_found),
        cmocka_unit_test(keys_keep_the_order_of_scores),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
