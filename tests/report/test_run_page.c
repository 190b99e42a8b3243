/* The page of a run: every section, the numbers in the plots' tables, what is left out
 * where a folder lacks something, and folders that are none. */
#define _POSIX_C_SOURCE 200809L
#include "tests/base/test_allocator.h"
#include "tests/commas.h"
#include "tests/report/run_made.h"

#include "espalier/report.h"

static const char folder[] = "run-page.tmp";

static int set_up(void **state)
{
    (void)state;
    run_make(folder);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    run_remove(folder);
    return 0;
}

/* A file of the folder as a text to free(). */
static char *content(const char *name)
{
    char path[256];
    size_t count;
    snprintf(path, sizeof path, "%s/%s", folder, name);
    char *bytes = (char *)get_file(path, &count);
    bytes[count] = '\0';
    return bytes;
}

static char *page_of(espalier_report_summary *summary)
{
    espalier_error error = {0};
    const espalier_status status = espalier_report_write(folder, NULL, NULL, summary, &error);
    assert_string_equal(error.message, "");
    assert_int_equal(status, ESPALIER_OK);
    return content("report.html");
}

static void assert_sections(const char *html, const char *ids)
{
    char found[256] = "";
    for (const char *at = html; (at = strstr(at, "<section id=\"")); at++) {
        const char *id = at + strlen("<section id=\"");
        const size_t length = strlen(found);
        snprintf(found + length, sizeof found - length, "%s%.*s", length ? " " : "",
                 (int)strcspn(id, "\""), id);
    }
    assert_string_equal(found, ids);
}

static void assert_content(const char *name, const char *expected)
{
    char *bytes = content(name);
    assert_string_equal(bytes, expected);
    free(bytes);
}

static void assert_holds(const char *name, const char *part)
{
    char *bytes = content(name);
    if (!strstr(bytes, part))
        fail_msg("%s does not hold: %s", name, part);
    free(bytes);
}

static void everything(void **state)
{
    static const char *const said[] = {
        "so &lt;small&gt; 6-5-4-3",
        "<code>espalier train</code>, version 0.1.0, seed 7.",
        "70.00 %</span> <span class=\"arrow\">→</span> <span class=\"after\">80.00 %",
        "5-4</span> <span class=\"arrow\">→</span> <span class=\"after\">3-4",
        "62</span> <span class=\"arrow\">→</span> <span class=\"after\">42",
        "10.00 points higher",
        "Epoch 2: a &lt;note&gt;",
        "5.00 points less accurate than before it (step 1)",
        "A&amp;B",
        "3 of 5 neurons of the first layer have weights left, and 6 of 6 pixels",
        "The 2 neurons that went in step 1",
        "<td class=\"right\">80.00 %</td></tr>", /* the precision of the first class */

        ">2 → 2<"};
    espalier_report_summary summary = {0};
    (void)state;
    char *html = page_of(&summary);
    assert_sections(html, "training layers counts spectra weights images classes ledger settings");
    for (size_t i = 0; i < sizeof said / sizeof *said; i++)
        if (!strstr(html, said[i]))
            fail_msg("not on the page: %s", said[i]);
    /* accuracy, loss; live, sparsity; 2 of counts; 2 of spectra; 3 x 2 heat maps; 4 pictures;
     * recall */
    assert_int_equal(summary.figures, 19);
    assert_int_equal(summary.drawn, 0);
    assert_null(strstr(html, "<small>"));
    assert_null(strstr(html, "nan"));
    assert_null(strstr(html, "http"));
    free(html);
}

static void tables_of_the_plots(void **state)
{
    (void)state;
    free(page_of(NULL));
    assert_content("plots/accuracy.csv", "epoch,training,validation\n1,0.5,0.55\n2,0.6,0.5\n");
    assert_content("plots/live.csv", "epoch,layer 0,layer 1\n0,1,1\n1,0.6,1\n2,0.6,1\n");
    assert_content("plots/sparsity.csv",
                   "epoch,layer 0,layer 1,layer 2\n0,0,0,0\n1,0.4,0.4,0\n2,0.4,0.4,0\n");
    assert_content("plots/counts-layer-0.csv",
                   "rank,step 1 stays,step 1 goes,step 1 cut\n1,0.9,,\n2,0.8,,\n3,0.7,,\n"
                   "4,,0.1,0.1\n5,,0.05,\n");
    assert_content("plots/counts-layer-1.csv", "rank,step 1 stays,step 1 goes,step 1 cut\n1,0.7,,\n"
                                               "2,0.6,,\n3,0.5,,\n4,0.4,,\n");
    assert_content("plots/spectrum-layer-0.csv",
                   "index,begin,before step 1,after step 1\n1,2,2,1\n2,1,1,0.5\n");
    assert_content("plots/recall.csv",
                   "class,before,after\nA&B,0.75,1\ntwo,0.666666667,0.666666667\n"
                   "three,0.666666667,0.666666667\n");
    assert_content("plots/pixels-readers.csv", "3,3,3\n3,3,3\n");
    assert_holds("plots/accuracy.gp", "\nset xtics 1\n"); /* of few epochs none has a half */
    assert_holds("plots/recall.gp", "set ytics ('A&B' 0, 'two' 1, 'three' 2)");
    assert_holds("plots/spectrum-layer-0.gp", "($1<=2 && column(2)>0 ? column(2) : NaN) with lines ");
}

/* The last of three steps comes after the last epoch: the end is that of the network it left. */
static void ends_with_a_step(void **state)
{
    static const char *const said[] = {
        "After 3 epochs, before the last pruning step, the validation accuracy was 70.00 %; its best was ",
        "lower than before it (step 1); 1 of 2 steps with an epoch before and after cost nothing.",
        "The last pruning step (step 3) came after the last epoch, so nothing was learnt after it",
        "left has a validation accuracy of 50.00 %.",
        "The last points are of the network after the last of them."};
    (void)state;
    run_put(folder, "log.jsonl",
            "{\"event\":\"epoch\",\"epoch\":1,\"training_accuracy\":0.6,\"validation_accuracy\":0.65}\n"
            "{\"event\":\"prune\",\"step\":0,\"epoch\":1,\"training_accuracy\":0.6}\n"
            "{\"event\":\"epoch\",\"epoch\":2,\"training_accuracy\":0.6,\"validation_accuracy\":0.55}\n"
            "{\"event\":\"prune\",\"step\":1,\"epoch\":2,\"training_accuracy\":0.6}\n"
            "{\"event\":\"epoch\",\"epoch\":3,\"training_accuracy\":0.6,\"validation_accuracy\":0.7}\n"
            "{\"event\":\"prune\",\"step\":2,\"epoch\":3,\"training_accuracy\":0.6}\n");
    char *html = page_of(NULL);
    for (size_t i = 0; i < sizeof said / sizeof *said; i++)
        if (!strstr(html, said[i]))
            fail_msg("not on the page: %s", said[i]);
    free(html);
    assert_content("plots/accuracy.csv",
                   "epoch,training,validation\n1,0.6,0.65\n2,0.6,0.55\n3,0.6,0.7\n3,0.6,0.5\n");
    assert_content("plots/loss.csv", "epoch,training,validation\n1,,\n2,,\n3,,\n3,0.9,0.95\n");
    run_take(folder, "result.json");
    run_take(folder, "evaluation.json");
    html = page_of(NULL); /* it goes on, perhaps */
    assert_null(strstr(html, "after the last epoch"));
    assert_non_null(strstr(html, "on this page: what is confused with what (<code>evaluation.json</code>); "
                                 "activation counts at each step (<code>counts</code> in the log).<"));
    free(html);
}

/* --keep best: the network of an earlier epoch. */
static void left_is_not_the_last(void **state)
{
    (void)state;
    run_put(folder, "result.json", "{\"accuracy\":{\"validation\":0.55}}");
    char *html = page_of(NULL);
    assert_non_null(strstr(html, "the validation accuracy was 50.00 %; its best was 55.00 % in epoch 1."));
    assert_non_null(strstr(html, "The network that the run left has 55.00 %."));
    free(html);
}

/* Cuts between batches: what one of them cost is not known, and is not said. */
static void cuts_within_epochs(void **state)
{
    (void)state;
    run_put(folder, "log.jsonl",
            "{\"event\":\"epoch\",\"epoch\":1,\"training_accuracy\":0.8}\n"
            "{\"event\":\"prune\",\"step\":0,\"epoch\":2,\"training_accuracy\":null}\n"
            "{\"event\":\"epoch\",\"epoch\":2,\"training_accuracy\":0.5}\n"
            "{\"event\":\"prune\",\"step\":1,\"epoch\":3,\"training_accuracy\":null}\n"
            "{\"event\":\"epoch\",\"epoch\":3,\"training_accuracy\":0.7}\n"
            "{\"event\":\"epoch\",\"epoch\":4,\"training_accuracy\":0.75}\n");
    char *html = page_of(NULL);
    assert_null(strstr(html, "cost accuracy"));
    assert_null(strstr(html, "than before it"));
    assert_non_null(strstr(html, "in epochs 2 to 3. Accuracy"));
    assert_non_null(strstr(html, "training accuracy was 80.00 % in epoch 1, the last before the "
                                 "first cut, and 75.00 % at the end"));
    assert_non_null(strstr(html, "its first pruning step, within epoch 2,"));
    free(html);
}

static void older_folder(void **state)
{
    (void)state;
    run_take(folder, "before.safetensors");
    run_take(folder, "evaluation.json");
    run_put(folder, "config.json", "{\"command\":\"train\",\"widths\":[6,5,4,3]}");
    run_put(folder, "log.jsonl",
            "{\"event\":\"epoch\",\"epoch\":1,\"training_accuracy\":0.5}\n"
            "{\"event\":\"prune\",\"step\":0,\"epoch\":1,\"sparsity\":0.3}\n");
    char *html = page_of(NULL);
#ifdef ESPALIER_HAVE_CBLAS
    assert_sections(html, "training layers spectra weights ledger settings");
    assert_non_null(strstr(html, "<code>--spectra</code>"));
#endif
    assert_non_null(strstr(html, "<code>before.safetensors</code>"));
    assert_non_null(strstr(html, "<code>evaluation.json</code>"));
    assert_non_null(strstr(html, "in the log). Runs of this version keep them."));
    assert_non_null(strstr(html, "older version"));
    assert_null(strstr(html, "nan"));
    free(html);
}

static void run_that_did_not_end(void **state)
{
    static const char *const gone[] = {"config.json", "result.json", "evaluation.json",
                                       "before.safetensors", "model.safetensors"};
    (void)state;
    for (size_t i = 0; i < sizeof gone / sizeof *gone; i++)
        run_take(folder, gone[i]);
    run_put(folder, "log.jsonl",
            "{\"event\":\"epoch\",\"epoch\":1,\"training_accuracy\":0.5}\n{\"ev");
    char *html = page_of(NULL);
    assert_sections(html, "training");
    assert_non_null(strstr(html, "is not whole"));
    assert_non_null(strstr(html, "has not ended"));
    free(html);
}

/* Values of other kinds, lists that are too short: no number is better than a wrong one. */
static void odd_values(void **state)
{
    (void)state;
    run_put(folder, "config.json", "{\"image\":[2,\"x\"],\"class_names\":\"none\",\"options\":[]}");
    run_put(folder, "evaluation.json",
            "{\"before\":3,\"after\":{\"test\":{\"confusion\":[[1],7]}}}");
    run_put(folder, "result.json", "{\"target\":\"much\"}");
    run_put(folder, "log.jsonl",
            "{\"event\":\"epoch\"}\n{\"event\":\"prune\",\"layers\":[1,2,3],\"step\":\"x\"}\n"
            "{\"event\":\"counts\",\"inputs_counted\":0,\"layers\":[{\"counts\":[1]},3]}\n"
            "{\"event\":\"counts\",\"layers\":[]}\n"
            "{\"event\":\"spectrum\",\"when\":\"after\",\"step\":3000000000000,\"layers\":[{},4]}\n"
            "{\"event\":\"spectrum\"}\n{\"event\":\"note\",\"note\":5}\n");
    free(page_of(NULL));
}

/* Numbers that cannot be are damage, and are not drawn. */
static void numbers_out_of_range(void **state)
{
    static const struct {
        const char *file, *content, *message;
    } cases[] = {
        {"log.jsonl", "{\"event\":\"begin\"}\n{\"event\":\"epoch\",\"epoch\":-3}\n",
         "log.jsonl: line 2: epoch: expected a whole number, 0 or more, found -3"},
        {"log.jsonl", "{\"event\":\"epoch\",\"epoch\":1,\"training_accuracy\":17.5}\n",
         "log.jsonl: line 1: training_accuracy: expected 0 to 1, found 17.5"},
        {"log.jsonl", "{\"event\":\"prune\",\"epoch\":1,\"sparsity\":-0.1}\n",
         "log.jsonl: line 1: sparsity: expected 0 to 1, found -0.1"},
        {"evaluation.json", "{\"after\":{\"test\":{\"accuracy\":17.5}}}",
         "evaluation.json: after.test.accuracy: expected 0 to 1, found 17.5"},
        {"result.json", "{\"epochs\":2.5}",
         "result.json: epochs: expected a whole number, 0 or more, found 2.5"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        espalier_error error = {0};
        char *whole = content(cases[i].file);
        run_put(folder, cases[i].file, cases[i].content);
        assert_int_equal(espalier_report_write(folder, NULL, NULL, NULL, &error),
                         ESPALIER_ERROR_FORMAT);
        if (!strstr(error.message, cases[i].message))
            fail_msg("expected \"%s\" in \"%s\"", cases[i].message, error.message);
        run_put(folder, cases[i].file, whole);
        free(whole);
    }
}

/* 0.4 of 50 prunable weights are 20; 0.38 of them are one less. */
static void target_that_was_missed(void **state)
{
    (void)state;
    char *html = page_of(NULL);
    assert_null(strstr(html, "target was not reached"));
    free(html);
    run_put(folder, "result.json",
            "{\"target\":0.4,\"sparsity\":{\"all\":0.5,\"prunable\":0.379}}");
    html = page_of(NULL);
    assert_non_null(
        strstr(html, "target was not reached: 40.00 % were asked for, 37.90 % are pruned"));
    free(html);
}

static void output_elsewhere(void **state)
{
    const espalier_report_options options = {.output = "elsewhere.tmp"};
    (void)state;
    assert_int_equal(espalier_report_write(folder, &options, NULL, NULL, NULL), ESPALIER_OK);
    char *html = page_of(NULL);
    size_t count;
    char *other = (char *)get_file("elsewhere.tmp", &count);
    assert_int_equal(count, strlen(html));
    assert_memory_equal(other, html, count); /* and the same folder gives the same bytes */
    free(other);
    free(html);
    remove("elsewhere.tmp");
}

static void no_such_folder(void **state)
{
    espalier_error error = {0};
    (void)state;
    assert_int_equal(espalier_report_write("nowhere.tmp", NULL, NULL, NULL, &error),
                     ESPALIER_ERROR_NOT_FOUND);
    assert_non_null(strstr(error.message, "nowhere.tmp"));
    error = (espalier_error){0};
    assert_int_equal(espalier_report_write("run-page.tmp/log.jsonl", NULL, NULL, NULL, &error),
                     ESPALIER_ERROR_NOT_FOUND);
    assert_non_null(strstr(error.message, "expected the folder of a run or a study, found a file"));
    error = (espalier_error){0};
    run_take(folder, "log.jsonl");
    assert_int_equal(espalier_report_write(folder, NULL, NULL, NULL, &error),
                     ESPALIER_ERROR_NOT_FOUND);
    assert_non_null(strstr(error.message, "log.jsonl"));
    assert_non_null(strstr(error.message, "study.json"));
    assert_int_not_equal(access("run-page.tmp/plots", F_OK), 0);
}

static void plots_that_cannot_be_written(void **state)
{
    espalier_error error = {0};
    (void)state;
    run_put(folder, "plots", "a file in the way");
    assert_int_equal(espalier_report_write(folder, NULL, NULL, NULL, &error), ESPALIER_ERROR_IO);
    assert_non_null(strstr(error.message, "run-page.tmp/plots"));
}

/* Places where memory may run out, closer at the start: nothing leaks, the old page stays. */
static void without_memory(void **state)
{
    (void)state;
    char *old = page_of(NULL);
    for (size_t refuse = 1; refuse < 100000; refuse += 1 + refuse / 6) {
        meter m = {.refuse_from = refuse};
        espalier_allocator allocator = meter_allocator(&m);
        espalier_error error = {0};
        const espalier_status status =
            espalier_report_write(folder, NULL, &allocator, NULL, &error);
        assert_int_equal(m.live, 0);
        char *html = content("report.html");
        assert_string_equal(html, old);
        free(html);
        if (status == ESPALIER_OK) {
            free(old);
            return;
        }
        assert_int_equal(status, ESPALIER_ERROR_MEMORY);
        assert_int_equal(error.status, ESPALIER_ERROR_MEMORY);
    }
    fail();
}

/* In a language with decimal commas, too. */
static void language(void **state)
{
    static const char *const names[] = {"report.html", "plots/loss.csv", "plots/loss.gp",
                                        "plots/accuracy.gp"};
    char *before[4];
    (void)state;
    free(page_of(NULL));
    for (size_t i = 0; i < 4; i++)
        before[i] = content(names[i]);
    const bool commas = commas_begin();
    free(page_of(NULL));
    for (size_t i = 0; i < 4; i++) {
        assert_content(names[i], before[i]);
        free(before[i]);
    }
    assert_true(!commas || commas_now()); /* as it was */
    commas_end();
    if (!commas)
        skip();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(everything, set_up, tear_down),
        cmocka_unit_test_setup_teardown(tables_of_the_plots, set_up, tear_down),
        cmocka_unit_test_setup_teardown(ends_with_a_step, set_up, tear_down),
        cmocka_unit_test_setup_teardown(left_is_not_the_last, set_up, tear_down),
        cmocka_unit_test_setup_teardown(cuts_within_epochs, set_up, tear_down),
        cmocka_unit_test_setup_teardown(older_folder, set_up, tear_down),
        cmocka_unit_test_setup_teardown(run_that_did_not_end, set_up, tear_down),
        cmocka_unit_test_setup_teardown(odd_values, set_up, tear_down),
        cmocka_unit_test_setup_teardown(numbers_out_of_range, set_up, tear_down),
        cmocka_unit_test_setup_teardown(target_that_was_missed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(output_elsewhere, set_up, tear_down),
        cmocka_unit_test_setup_teardown(no_such_folder, set_up, tear_down),
        cmocka_unit_test_setup_teardown(plots_that_cannot_be_written, set_up, tear_down),
        cmocka_unit_test_setup_teardown(without_memory, set_up, tear_down),
        cmocka_unit_test_setup_teardown(language, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
