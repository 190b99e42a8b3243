/* Dead neurons against taking them out one after another until none is left. */
#include "net/dead.h"

#include "net/networks.h"

/* Neurons without an incoming weight and neurons without an outgoing one lose
 * all their weights, in any layer, until nothing changes. */
static void strip(espalier_network *network)
{
    for (bool changed = true; changed;) {
        changed = false;
        for (size_t l = 0; l + 1 < network->layer_count; l++) {
            network_layer *here = &network->layers[l], *next = here + 1;
            for (size_t j = 0; j < here->outputs; j++) {
                size_t in = 0, out = 0;
                for (size_t i = 0; i < here->inputs; i++)
                    in += here->mask[j * here->inputs + i];
                for (size_t o = 0; o < next->outputs; o++)
                    out += next->mask[o * next->inputs + j];
                if (!in == !out)
                    continue;
                memset(here->mask + j * here->inputs, 0, here->inputs);
                for (size_t o = 0; o < next->outputs; o++)
                    next->mask[o * next->inputs + j] = 0;
                changed = true;
            }
        }
    }
}

static void test_fixed_point(void **state)
{
    (void)state;
    draws d = {7, 0};
    size_t dead = 0, alive = 0;
    for (int round = 0; round < 1000; round++) {
        espalier_network *network = draw_network(&d, 5 + draw_below(&d, 40));
        uint8_t states[64], live[16];
        memset(states, 9, sizeof states);
        assert_true(dead_state_count(network) < sizeof states);
        dead_find(network, states);
        strip(network);
        const uint8_t *next = states;
        for (size_t l = 0; l + 1 < network->layer_count; l++) {
            espalier_network_live(network, l, live);
            for (size_t j = 0; j < network->layers[l].outputs; j++, next++) {
                assert_int_equal(*next == NEURON_ALIVE, live[j]);
                dead += !live[j];
                alive += live[j];
            }
        }
        assert_int_equal(next - states, dead_state_count(network));
        assert_int_equal(*next, 9);
        espalier_network_destroy(network);
    }
    assert_true(dead > 1000 && alive > 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_fixed_point)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
