"""Rules of src/math/, src/data/, src/net/ and src/import/: products, rows, networks and their files."""
from mutation import of

SANITIZED = {"sanitized": True}

ROWS = [
    # ---- math ----
    *of("src/math/pass.c", "math/test_pass|train/test_step",
        ("softmax-largest", "the largest is taken off before the exponential", "z[j] -= largest;", ";"),
        ("softmax-loss", "the loss is -log of the label's probability", "((double)at_label - largest)", "(double)at_label"),
        ("softmax-gradient", "the derivative is p - 1 at the label", "z[labels[r]] -= scale;", ";"),
        ("softmax-padding", "padding of the derivatives is zero", "            z[j] = 0.0f;\n    }\n    return loss;",
         "            ;\n    }\n    return loss;"),
        ("relu-backward", "no derivative goes through a neuron at zero", "d[j] = y[j] > 0.0f ? d[j] : 0.0f;",
         "d[j] = y[j] >= 0.0f ? d[j] : 0.0f;"),
        ("count-positive", "activated means above zero", "counts[j] += y[j] > 0.0f;", "counts[j] += y[j] >= 0.0f;")),
    *of("src/math/kernels_code.inc", "math/test_kernels|train/test_step",
        ("kernel-mask-avx512", "the mask is applied in the update (the widest registers)",
         "_mm512_maskz_mov_ps(bits, (__m512)value)", "(__m512)value"),
        ("kernel-skip-accumulate", "a later piece of a product adds to the earlier ones", "shape.accumulate = true;", ";")),
    *of("src/math/kernels_train_code.inc", "math/test_kernels_train|train/test_sparse",
        ("lists-rest", "the last weights of a list count, too", "sum[v] += weights[e] * column[v];", ";"),
        ("lists-gradient-sum", "chunks of a batch are added up", "g[e + n] = accumulate ? g[e + n] + sum[n] : sum[n];",
         "g[e + n] = sum[n];")),
    *of("src/math/kernels_predict_code.inc", "math/test_kernels_predict|infer/test_predictor",
        ("predict-positive", "negative values behind ReLU are left out (the widest registers)",
         "_mm512_setzero_ps(), _CMP_NLE_UQ)", "_mm512_setzero_ps(), _CMP_NEQ_UQ)"),
        ("predict-dropped", "inputs that compaction took out are left out (the widest registers)",
         "        marked = _mm512_mask_cmpneq_epi32_mask(marked, given, dropped);\n", "        (void)dropped;\n", SANITIZED)),
    # ---- data ----
    *of("src/data/splits.c", "data/test_splits",
        ("split-share", "29 % of 100 rows are 29", "exact + 2.0 * DBL_EPSILON * exact", "exact"),
        ("split-all", "validation never takes all rows", "count < rows ? count : rows - 1", "count"),
        ("split-stratified", "each class gives its own share", "left[labels[order[i]]]--;", ";")),
    *of("src/data/scaling.c", "data/test_scaling",
        ("scaling-training", "scaling is fitted to the training rows alone",
         "    espalier_dataset_rows(d, ESPALIER_TRAINING, row, 1, values);",
         "    espalier_dataset_rows(d, ESPALIER_TEST, row, 1, values);"),
        ("scaling-constant", "a column that is constant, or is but for rounding, is scaled by 0",
         "isfinite((float)factor) ? (float)factor : 0.0f", "(float)factor"),
        ("scaling-bytes", "bytes are divided by 255", "1.0f / 255.0f", "1.0f / 256.0f")),
    *of("src/data/gather.c", "data/test_gather|data/test_dataset",
        ("gather-pair", "a picked column takes its own pair of the scaling",
         "scaling_count == 1 ? 0 : (size_t)columns[c]", "scaling_count == 1 ? 0 : c")),
    *of("src/data/dataset.c", "data/test_dataset|data/test_idx_folder|cli/wrong_input",
        ("data-finite", "NaN and infinity in data are refused", "if (!isfinite(values[i]))", "if (0)")),
    # ---- net ----
    *of("src/net/model_read.c", "net/test_model_read",
        ("model-newer", "a newer format is refused", "version && number > MODEL_FORMAT_NEWEST", "0"),
        ("model-shape", "layers must fit each other",
         "l > 0 && shape[1] != in->parts[l - 1].of[MODEL_WEIGHT]->shape[0]", "0", SANITIZED),
        ("model-kept", "maps must rise and stay below the width", "list[i] >= *width || (i > 0 && list[i] <= list[i - 1])", "0"),
        ("model-counts", "counts of some layers only are no counts", "if (!is_counted(in))", "if (0)")),
    # ---- import ----
]
