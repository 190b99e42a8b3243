/* A model described: as text, side by side with others, as JSON. */
#ifndef CLI_INFO_H
#define CLI_INFO_H

#include "common.h"

typedef struct model_info {
    const char *path;
    char label[256];
    espalier_network *network; /* owned */
    espalier_dataset *rows;    /* it is measured on, as it reads them; owned by the first of those alike */
    size_t alike;              /* that one's index: an earlier model's, or its own */
    bool unscaled;             /* its file does not say how inputs are scaled; where it was measured, the
                                  network has what was taken */
    bool measured;             /* the two below are set */
    double accuracy, nanoseconds;
    double times[16];
} model_info;

void info_print_one(const model_info *model);
void info_print_several(const model_info *models, size_t count);

/* One object for one model, {"models":[…]} for several. EXIT_NONE, or an exit
 * code after a message. */
int info_print_json(const model_info *models, size_t count);

#endif
