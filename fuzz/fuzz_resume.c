/* resume.json, from which --resume takes a run's command line: it is read whole, with what
 * the run's files were, or refused with exit code 1 or 2. The command itself is not run. */
#define _GNU_SOURCE
#include <fcntl.h>

#include "fuzz_folder.h"
#include "resume.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Refusals go where nobody reads them; libFuzzer's own lines keep stderr. The file names a
 * folder to work in, from which the fuzzer comes back. */
static int nowhere = -1, standard_error = -1, home = -1;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
    standard_error = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
    home = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (nowhere < 0 || standard_error < 0 || home < 0)
        abort();
    return 0;
}

static void take_up(const char *folder)
{
    option_set *set = calloc(1, sizeof *set);
    run_settings *settings = calloc(1, sizeof *settings);
    if (!set || !settings)
        abort();
    resume run;
    set->command = "train";
    settings->resume = folder;
    const int code = resume_open(set, settings, &run);
    if (code != EXIT_NONE && code != EXIT_FAILED && code != EXIT_USAGE)
        abort();
    for (int i = 0; code == EXIT_NONE && i < run.argc; i++)
        if (!run.argv[i])
            abort();
    if (code == EXIT_NONE && (run.argc < 1 || run.argv[run.argc]))
        abort();
    if (code == EXIT_NONE) {
        resume_override(&run, settings);
        resume_initial(&run);
        resume_before(&run);
        resume_check_inputs(&run, NULL);
    }
    resume_close(&run);
    free(settings);
    free(set);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const names[] = {RESUME_FACTS};
    char folder[64];
    fuzz_folder_make(folder, NULL);
    fuzz_folder_fill(folder, names, 1, data, size);
    if (dup2(nowhere, STDERR_FILENO) < 0)
        abort();
    take_up(folder);
    if (dup2(standard_error, STDERR_FILENO) < 0 || fchdir(home) != 0)
        abort();
    fuzz_folder_remove(folder);
    return 0;
}
