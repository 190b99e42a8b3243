/* Study folders: whatever the plan and a run's record hold, summary and page are written,
 * or there is a message of one line. */
#define _GNU_SOURCE
#include "fuzz_folder.h"

#include "espalier/report.h"
#include "espalier/study_summary.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const names[] = {"study.json", "runs/a.json", "runs/b.json"};

static void check(espalier_status status, const espalier_error *error)
{
    if (status != ESPALIER_OK && (error->message[0] == '\0' || strchr(error->message, '\n')))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char folder[64];
    espalier_error error = {0};
    fuzz_folder_make(folder, "runs");
    fuzz_folder_fill(folder, names, sizeof names / sizeof *names, data, size);
    check(espalier_study_summarise(folder, NULL, &error), &error);
    check(espalier_report_write(folder, NULL, NULL, NULL, &error), &error);
    fuzz_folder_remove(folder);
    return 0;
}
