/* Espalier: train, prune and run small classifiers. All public headers, in the
 * order in which data flows. */
#ifndef ESPALIER_ESPALIER_H
#define ESPALIER_ESPALIER_H

#include "espalier/status.h"
#include "espalier/memory.h"
#include "espalier/npy.h"
#include "espalier/math.h"
#include "espalier/table.h"
#include "espalier/dataset.h"
#include "espalier/describe.h"
#include "espalier/named.h"
#include "espalier/network.h"
#include "espalier/observe.h"
#include "espalier/train.h"
#include "espalier/checkpoint.h"
#include "espalier/regularise.h"
#include "espalier/prune.h"
#include "espalier/predict.h"
#include "espalier/analyse.h"
#include "espalier/report.h"
#include "espalier/import.h"
#include "espalier/export.h"
#include "espalier/study.h"
#include "espalier/study_summary.h"

#endif
