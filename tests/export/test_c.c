/* C programs as they are written: compiled, run, compared with what the library computes;
 * and what is refused. */
#define _POSIX_C_SOURCE 200809L
#include "espalier/export.h"

#include "base/test_allocator.h"
#include "base/test_files.h"
#include "export/c_drawn.h"

#define FOLDER "test_c_programs"

enum { PROGRAMS = 36 };

static const char flags[] = "-std=c99 -Wall -Wextra -Wpedantic -Werror -Wconversion "
                            "-Wsign-conversion -Wshadow -Wdouble-promotion -Wmissing-prototypes "
                            "-O1 -fsanitize=address,undefined -fno-sanitize-recover=all";

/* Every program with its self-test, and a main that calls all of them. */
static void write_main(void)
{
    FILE *file = fopen(FOLDER "/main.c", "w");
    assert_non_null(file);
    for (int i = 0; i < PROGRAMS; i++)
        fprintf(file, "int p%d_self_test(void);\n", i);
    fputs("#include <stdio.h>\nint main(void)\n{\n    int bad = 0;\n", file);
    for (int i = 0; i < PROGRAMS; i++)
        fprintf(file, "    if (p%d_self_test()) {\n        puts(\"p%d\");\n        bad = 1;\n    }\n",
                i, i);
    fputs("    return bad;\n}\n", file);
    assert_int_equal(fclose(file), 0);
}

static void write_program(draws *d, int i)
{
    const bool bytes = i % 5 < 2;
    char path[64], name[16];
    espalier_network *network = draw_whole(d, (size_t)i, bytes);
    espalier_dataset *data = draw_rows(d, network, bytes);
    espalier_export_options options = espalier_export_options_defaults();
    espalier_error error = {0};
    options.type = (espalier_export_type)(i % ESPALIER_EXPORT_TYPE_COUNT);
    options.speed = i / 3 % 2;
    options.probabilities = options.type == ESPALIER_EXPORT_FLOAT && i % 2;
    options.data = data;
    options.test_vectors = DRAWN_TEST;
    snprintf(name, sizeof name, "p%d", i);
    options.name = name;
    snprintf(path, sizeof path, FOLDER "/p%d.c", i);
    if (espalier_network_export(network, path, &options, &error) != ESPALIER_OK)
        fail_msg("%s", error.message);
    espalier_dataset_destroy(data);
    espalier_network_destroy(network);
}

static void test_programs(void **state)
{
    (void)state;
    static char command[PROGRAMS * 64 + 600];
    draws d = {2024, 0};
    if (system("cc --version >/dev/null 2>&1"))
        skip();
    int length = snprintf(command, sizeof command, "cd " FOLDER " && cc %s main.c", flags);
    for (int i = 0; i < PROGRAMS; i++) {
        write_program(&d, i);
        length += snprintf(command + length, sizeof command - (size_t)length,
                           " -DP%d_NO_MAIN p%d.c p%d_test.c", i, i, i);
    }
    write_main();
    snprintf(command + length, sizeof command - (size_t)length, " -o all && ./all");
    assert_int_equal(system(command), 0);
}

/* ---- errors ----------------------------------------------------------- */

static void refused(const espalier_network *network, const char *path,
                    const espalier_export_options *options, espalier_status status,
                    const char *message)
{
    espalier_error error = {0};
    assert_int_equal(espalier_network_export(network, path, options, &error), status);
    if (!strstr(error.message, message))
        fail_msg("expected '%s', found '%s'", message, error.message);
    assert_int_equal(access(path, F_OK), -1);
}

static void test_refused(void **state)
{
    (void)state;
    draws d = {3, 0};
    espalier_network *network = make_network((size_t[]){4, 3, 2}, 3);
    espalier_network *wide = make_network((size_t[]){5, 3, 2}, 3);
    espalier_network *many = make_network((size_t[]){4, 3, 6}, 3);
    espalier_dataset *data = draw_rows(&d, network, false);
    espalier_dataset *wide_data = draw_rows(&d, wide, false);
    espalier_dataset *many_data = draw_rows(&d, many, false);
    espalier_export_options o = espalier_export_options_defaults();
    const char *const path = FOLDER "/no.c";
    o.type = ESPALIER_EXPORT_INT8;
    refused(network, path, &o, ESPALIER_ERROR_ARGUMENT,
            "data: expected rows to calibrate the type int8 with, found none");
    o.data = data;
    o.probabilities = true;
    refused(network, path, &o, ESPALIER_ERROR_ARGUMENT, "probabilities: expected the type float");
    o.probabilities = false;
    o.type = ESPALIER_EXPORT_TYPE_COUNT;
    refused(network, path, &o, ESPALIER_ERROR_ARGUMENT, "type: no type 3");
    o.type = ESPALIER_EXPORT_FLOAT;
    o.data = wide_data;
    refused(network, path, &o, ESPALIER_ERROR_MISMATCH, "data: expected rows of 4 values");
    o.data = many_data;
    refused(network, path, &o, ESPALIER_ERROR_MISMATCH, "data: expected at most the 2 classes");
    o.data = NULL;
    o.test_vectors = 3;
    refused(network, path, &o, ESPALIER_ERROR_ARGUMENT, "data: expected rows to make test vectors");
    o.test_vectors = 0;
    o.name = "9lives";
    refused(network, path, &o, ESPALIER_ERROR_ARGUMENT, "name: expected a letter, then");
    o.name = NULL;
    espalier_network_weights(network, 1)[1] = INFINITY;
    refused(network, path, &o, ESPALIER_ERROR_NUMERIC, "layer 1: a weight or bias is not a finite number");
    refused(wide, "no_such_folder/a.c", &o, ESPALIER_ERROR_IO, "no_such_folder");
    refused(wide, FOLDER "/a\"b.c", &o, ESPALIER_ERROR_ARGUMENT, "can stand in an #include");
    refused(wide, FOLDER "/stdint.c", &o, ESPALIER_ERROR_ARGUMENT, "not stdint.c");
    espalier_dataset_destroy(data);
    espalier_dataset_destroy(wide_data);
    espalier_dataset_destroy(many_data);
    espalier_network_destroy(network);
    espalier_network_destroy(wide);
    espalier_network_destroy(many);
}

/* Files that are there stay as they are until all are written. */
static void test_no_memory(void **state)
{
    (void)state;
    draws d = {18, 0};
    meter m = {0};
    size_t count;
    espalier_allocator allocator = meter_allocator(&m);
    espalier_network *drawn = draw_network(&d, 60), *network = NULL;
    espalier_dataset *data = draw_rows(&d, drawn, false);
    assert_int_equal(espalier_network_copy(drawn, &allocator, &network, NULL), ESPALIER_OK);
    espalier_export_options o = espalier_export_options_defaults();
    o.data = data;
    o.test_vectors = 2;
    for (int type = 0; type < ESPALIER_EXPORT_TYPE_COUNT; type++) {
        const size_t live = m.live;
        espalier_status status = ESPALIER_ERROR_MEMORY;
        o.type = (espalier_export_type)type;
        put_file(FOLDER "/m.c", "old", 3);
        for (size_t more = 1; status != ESPALIER_OK; more++) {
            uint8_t *bytes = get_file(FOLDER "/m.c", &count);
            assert_int_equal(count, 3);
            free(bytes);
            m.refuse_from = m.requests + more;
            status = espalier_network_export(network, FOLDER "/m.c", &o, NULL);
            assert_true(status == ESPALIER_OK || status == ESPALIER_ERROR_MEMORY);
            assert_int_equal(m.live, live);
        }
        m.refuse_from = 0;
    }
    espalier_dataset_destroy(data);
    espalier_network_destroy(network);
    espalier_network_destroy(drawn);
}

static void test_figures(void **state)
{
    (void)state;
    espalier_network *network = make_network((size_t[]){4, 3, 2}, 3);
    espalier_export_figures figures;
    espalier_export_options o = espalier_export_options_defaults();
    for (size_t l = 0; l < 2; l++)
        for (size_t i = 0; i < network->layers[l].inputs * network->layers[l].outputs; i++)
            network->layers[l].weights[i] = 1.0f;
    o.figures = &figures;
    assert_int_equal(espalier_network_export(network, FOLDER "/f.c", &o, NULL), ESPALIER_OK);
    assert_int_equal(figures.rows, 0);
    assert_int_equal(figures.constant_bytes, 4 * (4 * 3 + 3 + 3 * 2 + 2));
    assert_int_equal(figures.ram_bytes, 4 * 3);
    assert_int_equal(figures.multiply_adds, 4 * 3 + 3 * 2);
    assert_in_range(figures.code_bytes, 100, 1000);
    espalier_network_destroy(network);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_programs),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_no_memory),
        cmocka_unit_test(test_figures),
    };
    if (system("rm -rf " FOLDER " && mkdir " FOLDER))
        return 1;
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    return failed || system("rm -rf " FOLDER);
}
