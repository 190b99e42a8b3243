/* What the names of tensors say, and their order. */
#include "import/state_dict_names.h"

#include "base/memory.h"
#include "test.h"

static void test_names(void **state)
{
    (void)state;
    static const char *const rising[] = {"",      "a",       "a1.w",   "a2.w",   "a10.w", "a10.w1",
                                         "fc2.b", "fc2.w",   "fc010",  "fc11",   "layer.0.weight",
                                         "layer.2.weight",   "layer.10.weight",  "z99999999999999999999",
                                         "z100000000000000000000"};
    for (size_t i = 0; i < sizeof rising / sizeof *rising; i++)
        for (size_t j = 0; j < sizeof rising / sizeof *rising; j++) {
            int order = compare_naturally(rising[i], rising[j]);
            assert_int_equal((order > 0) - (order < 0), (i > j) - (i < j));
        }
    assert_int_not_equal(compare_naturally("a01", "a1"), 0); /* other names all the same */
}

static void test_roles(void **state)
{
    (void)state;
    static const struct {
        const char *name, *key;
        role role;
        bool in_first;
    } names[] = {
        {"fc1.weight", "fc1.", ROLE_WEIGHT, false},
        {"fc1.bias", "fc1.", ROLE_BIAS, false},
        {"module.fc1.weight_orig", "module.fc1.", ROLE_WEIGHT, false},
        {"module.fc1.weight_mask", "module.fc1.", ROLE_WEIGHT_MASK, false},
        {"fc.bias_mask", "fc.", ROLE_BIAS_MASK, false},
        {"params/Dense_0/kernel", "params/Dense_0/", ROLE_WEIGHT, true},
        {"params/Dense_0/bias", "params/Dense_0/", ROLE_BIAS, false},
        {"dense/kernel:0", "dense/:0", ROLE_WEIGHT, true},
        {"dense/bias:0", "dense/:0", ROLE_BIAS, false},
        {"W1", "1", ROLE_WEIGHT, false},
        {"b1", "1", ROLE_BIAS, false},
        {"coefs_0", "_0", ROLE_WEIGHT, true},
        {"intercepts_0", "_0", ROLE_BIAS, false},
        {"Weights", "", ROLE_WEIGHT, false},
        {"rnn.weight_ih_l0", "rnn._l0", ROLE_RECURRENT, false},
        {"rnn.bias_hh_l1_reverse", "rnn._l1_reverse", ROLE_RECURRENT, false},
        {"cell.weight_hh", "cell.", ROLE_RECURRENT, false},
        {"lstm/lstm_cell/recurrent_kernel:0", "lstm/lstm_cell/:0", ROLE_RECURRENT, true},
        {"attn.in_proj_bias", "attn.", ROLE_ATTENTION, false},
        {"weight_ihl", "_ihl", ROLE_WEIGHT, false},
        {"arr_0", "arr_0", ROLE_UNKNOWN, false},
        {"biased", "biased", ROLE_UNKNOWN, false},   /* no word of its own */
        {"webb", "webb", ROLE_UNKNOWN, false},
        {"weight.0.weight", "weight.0.", ROLE_WEIGHT, false}, /* the last one counts */
        {"", "", ROLE_UNKNOWN, false},
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        dict_name found;
        assert_true(dict_name_read(NULL, names[i].name, &found));
        assert_string_equal(found.key, names[i].key);
        assert_int_equal(found.role, names[i].role);
        if (found.role == ROLE_WEIGHT)
            assert_int_equal(found.in_first, names[i].in_first);
        memory_release(NULL, found.key);
    }
}

static void test_digits(void **state)
{
    (void)state;
    static const struct {
        const char *a, *b;
        bool alike;
    } cases[] = {
        {"fc1.weight", "fc2.weight", true}, {"fc9", "fc10", true},       {"a.1.b2", "a.20.b3", true},
        {"a", "a", true},                   {"fc1.w", "fc.w", false},    {"hidden", "extra", false},
        {"fc1", "fc1x", false},             {"fc1x", "fc1", false},      {"1", "2", true},
        {"", "1", false},                   {"a.1b", "a.1c", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(differ_in_digits(cases[i].a, cases[i].b), cases[i].alike);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_roles),
        cmocka_unit_test(test_digits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
