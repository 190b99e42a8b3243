"""Rules of src/infer/, src/study/, src/export/, src/report/ and cli/: what comes out, and what a user types."""
from mutation import of

ROWS = [
    # ---- prediction ----
    *of("src/infer/one_row.c", "infer/test_predictor",
        ("one-row-relu", "negative values of the layer before count as zero", "l > 0 && layer[-1].activation == ESPALIER_RELU", "0"),
        ("one-row-scale", "a single row is scaled", "x[c] = (values[c] - shift[c]) * scale[c];", "x[c] = values[c] * scale[c];"),
        ("one-row-shift", "a single row is shifted first", "x[c] = (values[c] - shift[c]) * scale[c];", "x[c] = values[c] * scale[c] - shift[c];")),
    *of("src/infer/many_rows.c", "infer/test_predictor",
        ("many-rows-rest", "rows beyond whole vectors are computed, too", "kernels->skip_gemm(b->rows - whole,", "kernels->skip_gemm(0,"),
        ("many-rows-relu", "ReLU comes after a dense layer of many rows", "        kernels->relu(y, b->rows * layer->stride);", "        ;")),
    *of("src/infer/layout.c", "infer/test_predictor",
        ("fold-shift", "scales go into the weights only where nothing is shifted", "shift[i] != 0.0f || size > most", "size > most"),
        ("fold-column", "a compacted network takes the scales of the columns that it kept", "pairs == 1 ? 0 : kept ? (size_t)kept[i] : i",
         "pairs == 1 ? 0 : i"),
        ("layout-pair", "each column is shifted by its own pair", "p->shift[c] = shift[pairs == 1 ? 0 : c];", "p->shift[c] = shift[0];")),
    *of("src/infer/form.c", "infer/test_form",
        ("form-lists", "lists are taken where they are faster", "many_weight * mean < dense ?", "many_weight * mean > dense ?")),
    *of("src/infer/predictor.c", "infer/test_predictor|infer/test_evaluate",
        ("predict-softmax", "probabilities add up to 1", "(float)(1.0 / sum)", "1.0f"),
        ("predict-tie", "of equal classes the first is told", "values[j] > values[best]", "values[j] >= values[best]")),
    *of("src/infer/evaluate.c", "infer/test_evaluate",
        ("evaluate-top-k", "the label is among the k most probable", "rank_of(z, classes, label) < task->k", "rank_of(z, classes, label) <= task->k"),
        ("evaluate-nan", "a NaN puts the label last", "before += !(z[j] < z[label] || (z[j] == z[label] && j >= label));",
         "before += z[j] > z[label] || (z[j] == z[label] && j < label);"),
        ("evaluate-confusion", "rows of the confusion matrix are labels", "confusion[label * task->classes + task->predicted[r]]++",
         "confusion[task->predicted[r] * task->classes + label]++"),
        ("evaluate-classes", "a data set with more classes is refused", "espalier_dataset_class_count(dataset) > classes", "0", {"sanitized": True})),
    # ---- study ----
    *of("src/study/statistics.c", "study/test_statistics",
        ("t-tails", "Student's t: both tails", "const double a = df / 2.0, ratio", "const double a = df, ratio"),
        ("sd", "the standard deviation has n - 1 in it", "e.sd = sqrt(squares / df);", "e.sd = sqrt(squares / (double)e.count);"),
        ("ci", "the interval is that of the mean", "* e.sd / sqrt((double)e.count)", "* e.sd"),
        ("paired-df", "a pair has n - 1 degrees of freedom", "/ pair.difference.sd, n - 1.0)", "/ pair.difference.sd, n)"),
        ("paired-nan", "equal differences give no p-value from nothing", "pair.difference.sd <= rounding", "0"),
        ("holm-steps", "Holm multiplies by the tests that are left", "(double)(tests - k) * p[next]", "(double)tests * p[next]"),
        ("holm-monotone", "a corrected value is not below that of a smaller one", "least = fmax(least, fmin(1.0,", "least = fmax(0.0, fmin(1.0,")),
    *of("src/study/summary.c", "study/test_summary",
        ("summary-seed", "runs are compared with the dense one of their seed", "run->seed == seed && !run->failed", "!run->failed"),
        ("summary-target", "targets that differ by rounding are one", "fabs(a - b) <= 1e-9 * fmax(fabs(a), fabs(b))", "a == b")),
    # ---- export ----
    # ---- commands ----
    *of("cli/values.c", "cli/values|cli/wrong_input",
        ("value-count", "a count is digits alone", "length == 0 || strspn(text, \"0123456789\") != length", "length == 0"),
        ("value-range", "a count that does not fit is refused", "errno || number > UINT64_MAX", "0",
         {"survives": "strtoull gives the largest number then, which the range of every option refuses"})),
]
