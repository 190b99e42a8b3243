/* Run folders: whatever result, configuration, evaluation and log hold, there is a page
 * or a message of one line. */
#define _GNU_SOURCE
#include "fuzz_folder.h"

#include "espalier/report.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const names[] = {"result.json", "config.json", "evaluation.json", "log.jsonl"};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char folder[64];
    espalier_error error = {0};
    fuzz_folder_make(folder, NULL);
    fuzz_folder_fill(folder, names, sizeof names / sizeof *names, data, size);
    if (espalier_report_write(folder, NULL, NULL, NULL, &error) != ESPALIER_OK &&
        (error.message[0] == '\0' || strchr(error.message, '\n')))
        abort();
    fuzz_folder_remove(folder);
    return 0;
}
