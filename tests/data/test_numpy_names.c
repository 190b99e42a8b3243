/* Which array is which: the usual names, in any case and joined, and what is left over. */
#include "data/numpy_names.h"
#include "test.h"

static void expect(const char *name, numpy_part part, numpy_kind kind, const char *base)
{
    numpy_role role = numpy_role_of(name);
    if (role.part != part || role.kind != kind || strcmp(role.base, base) != 0)
        fail_msg("%s: found part %d, kind %d, base '%s'", name, (int)role.part, (int)role.kind,
                 role.base);
}

static void test_usual_names(void **state)
{
    (void)state;
    static const char *const values[] = {"x_train", "X_train", "train_x", "xtrain", "trainX",
                                         "train_images", "training-images", "train_data",
                                         "Train_Features", "train.imgs", "inputs_train"};
    static const char *const labels[] = {"y_train", "Y_train", "train_y", "ytrain", "trainy",
                                         "train_labels", "train_label", "training-labels",
                                         "train_target", "train_targets", "TRAINLABELS"};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++)
        expect(values[i], NUMPY_TRAINING, NUMPY_VALUES, "");
    for (size_t i = 0; i < sizeof labels / sizeof *labels; i++)
        expect(labels[i], NUMPY_TRAINING, NUMPY_LABELS, "");
    expect("x_test", NUMPY_TEST, NUMPY_VALUES, "");
    expect("test_labels", NUMPY_TEST, NUMPY_LABELS, "");
    expect("t10k-images", NUMPY_TEST, NUMPY_VALUES, "");
    expect("val_images", NUMPY_VALIDATION, NUMPY_VALUES, "");
    expect("y_valid", NUMPY_VALIDATION, NUMPY_LABELS, "");
    expect("X", NUMPY_WHOLE, NUMPY_VALUES, "");
    expect("y", NUMPY_WHOLE, NUMPY_LABELS, "");
    expect("data", NUMPY_WHOLE, NUMPY_VALUES, "");
    expect("target", NUMPY_WHOLE, NUMPY_LABELS, "");
    expect("features", NUMPY_WHOLE, NUMPY_VALUES, "");
    expect("labels", NUMPY_WHOLE, NUMPY_LABELS, "");
    expect("target_names", NUMPY_WHOLE, NUMPY_CLASS_NAMES, "");
}

static void test_other_words(void **state)
{
    (void)state;
    expect("kmnist-train-imgs", NUMPY_TRAINING, NUMPY_VALUES, "kmnist");
    expect("kmnist-train-labels", NUMPY_TRAINING, NUMPY_LABELS, "kmnist");
    expect("fault_Report_labels", NUMPY_WHOLE, NUMPY_LABELS, "fault_Report");
    expect("fault_Report", NUMPY_WHOLE, NUMPY_NO_KIND, "fault_Report");
    expect("x_train_mean", NUMPY_TRAINING, NUMPY_VALUES, "mean");
    expect("contest_train_images", NUMPY_TRAINING, NUMPY_VALUES, "contest");
    expect("test_train_x", NUMPY_TRAINING, NUMPY_VALUES, ""); /* the last one counts */
    expect("xx", NUMPY_WHOLE, NUMPY_NO_KIND, "xx");
    expect("datay", NUMPY_WHOLE, NUMPY_NO_KIND, "datay");
    expect("arr_0", NUMPY_WHOLE, NUMPY_NO_KIND, "arr_0");
    expect("", NUMPY_WHOLE, NUMPY_NO_KIND, "");
    expect("__", NUMPY_WHOLE, NUMPY_NO_KIND, "");
}

static void test_long_names(void **state)
{
    (void)state;
    char name[1000];
    memset(name, 'q', sizeof name);
    name[10] = '_';
    name[sizeof name - 1] = '\0';
    numpy_role role = numpy_role_of(name);
    assert_int_equal(strlen(role.base), NUMPY_BASE_BYTES - 1);
    name[NUMPY_BASE_BYTES - 1] = '\0';
    assert_string_equal(role.base, name);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_usual_names),
        cmocka_unit_test(test_other_words),
        cmocka_unit_test(test_long_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
