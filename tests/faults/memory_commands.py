"""What tests/faults/memory.py runs: commands on small inputs, each with what it leaves behind."""
import http.server
import json
import math
import pathlib
import shutil
import struct
import subprocess
import sys
import threading
import zipfile

TESTS = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(TESTS / "cli"))
from arrays import npy, write_npz  # noqa: E402


class Command:
    """Arguments; files that it writes; folders that it changes, each with the one that it begins as
    (None = it is not there); its exit code; what is run after a failure, to see that all goes on; what
    a library may say instead of that it has no memory."""

    def __init__(self, arguments, *outputs, folders=None, code=0, again=None, advice=False, says="memory"):
        self.arguments, self.outputs, self.folders, self.code = arguments.split(), outputs, folders or {}, code
        self.again = (again or arguments).split() if self.folders else None
        self.says = says
        self.advice = advice  # a last line is left out where it cannot be worked out


NET = "--hidden 8,5 --epochs 2 --early-stop never --quiet --threads 1"
# What libcurl may call want of memory.
UNREACHABLE = r"memory|Could not resolve host|getaddrinfo\(\) thread failed"
PRUNE = "--prune 40% --steps 1 --trigger epoch --every 1"
FROM = "train few -o out --from given --epochs 1 --early-stop never --quiet --threads 1"
RUN = {"folders": {"run": None}, "again": "train --resume run --quiet"}
STUDY = "study few -o run --hidden 4,3 --epochs 2 --sparsities 50% --seeds 1 --steps 1 --jobs 1 --quiet"


def train(options, data="few", **more):
    return Command(f"train {data} -o out {NET} {options}", "out", **more)


def study(options, **more):
    return Command(f"{STUDY} {options}", folders={"run": None}, **more)


COMMANDS = {
    # ---- training: optimizers, functions, regularisers, ways of pruning and counting
    "train": train(PRUNE),
    "threads": Command("train few -o out --hidden 8,5 --epochs 2 --early-stop never --quiet --threads 2", "out"),
    "adam": train("--optimizer adam --keep best --weight-decay 0.001 --lr-schedule cosine --warmup 1 --activation tanh"),
    "nesterov": train(f"{PRUNE} --optimizer nesterov --activation sigmoid --validation-split random --scaling standard "
                      "--init he-normal --count none --criterion magnitude"),
    "leaky": train(f"{PRUNE} --activation leaky-relu --criterion activation-weight --scope layer --count sample "
                   "--count-window since-prune --lr-schedule step --scaling range"),
    "nuclear": train(f"{PRUNE} --nuclear 0.001 --nuclear-start 0 --nuclear-interval 2 --math openblas"),
    "nuclear-weighted": train("--nuclear-weighted 0.001 --nuclear-start 0 --nuclear-interval 2 --math reference"),
    "cubic": train("--prune 50% --trigger cubic --cubic-epochs 1 --cubic-interval 2 --optimizer momentum "
                   "--count sample-sum --sample 8 --count-window epoch"),
    "one-by-one": train("--prune 40% --scope one-by-one --criterion random --dead drop --trigger accuracy "
                        "--start-accuracy 0% --final-accuracy 1% --validation-split stratified"),
    "authors": train(f"{PRUNE} --dead authors --amounts authors --count sample-zeros --of prunable --min-neurons 2"),
    "kept-dead": train("--prune 60% --steps 1 --trigger once --every 1 --dead keep --min-neurons 0 --validation 0%"),
    "compact-trained": train(f"--prune 70% {PRUNE[12:]} --compact --json"),
    "like": Command("train few -o out --hidden like:given --epochs 1 --early-stop never --quiet --threads 1", "out"),
    "from": Command(f"{FROM} --restart fine-tune --optimizer adam", "out"),
    "from-reinit": Command(f"{FROM} --restart reinit --json", "out"),
    "from-shuffle": Command(f"{FROM} --restart shuffle", "out"),
    "from-rewind": Command(f"{FROM} --restart rewind --initial kept/initial.safetensors", "out"),
    # ---- runs that keep a folder
    "run": train(f"{PRUNE} --run run --spectra --json", **RUN),
    "run-adam": train(f"{PRUNE} --run run --optimizer adam --keep best --compact", **RUN),
    "run-nuclear": train(f"{PRUNE} --run run --nuclear 0.001 --nuclear-start 0 --nuclear-interval 2", **RUN),
    "run-table": train(f"{PRUNE} --run run", "rows.csv", **RUN),
    "resume": Command("train --resume run --quiet", "net", folders={"run": "broken"}),
    # ---- readers of data
    "zipped": train("", "zipped"),
    "table": train("", "rows.csv"),
    "table-holes": train("--missing mean --test 20% --ignore y --categorical x --label kind --decimal comma "
                         "--separator semicolon --comment %", "holes.csv"),
    "table-median": train("--missing median --test-file rows.csv --header yes", "rows.csv"),
    "table-auto": train("--missing auto --test 25% --header auto --separator auto --max-categories 9", "rows.csv"),
    "table-drop": train("--missing drop --decimal comma --separator auto --comment %", "holes.csv"),
    "arrays": train("", "rows.npz"),
    "arrays-deflated": train("", "deflated.npz"),
    "arrays-folder": train("", "arrays"),
    "array-file": train("", "arrays/x_train.npy"),
    # ---- networks that are there
    "prune": Command("prune given -o out --prune 40% --quiet", "out"),
    "prune-data": Command("prune given few -o out --prune 50% --criterion activation-weight --quiet --json "
                          "--threads 1 --compact", "out"),
    "prune-tune": Command(f"prune given few -o out --prune 50% --epochs 2 --steps 2 --trigger epoch --every 1 --quiet "
                          "--threads 1 --early-stop never --run run --spectra", "out", folders={"run": None},
                          again="prune --resume run --quiet"),
    "prune-foreign": Command("prune dict_25.safetensors few -o out --prune 50% --scaling standard --criterion magnitude --quiet "
                             "--threads 1", "out"),
    "eval": Command("eval given few --json"),
    "eval-text": Command("eval given few --split validation --top-k 2 --threads 1"),
    "eval-table": Command("eval tabled rows.csv --split train"),
    "eval-foreign": Command("eval dict_25.safetensors few --scaling range"),
    "predict": Command("predict given few -o out", "out"),
    "predict-table": Command("predict tabled rows.csv"),
    "predict-npy": Command("predict given few -o out.npy --split train --rows 3:20", "out.npy"),
    "predict-array": Command("predict given arrays/x_train.npy --format jsonl -o out", "out"),
    "predict-stream": Command("predict tabled - --format jsonl"),
    "predict-factors": Command("predict factors few -o out", "out"),
    "analyse": Command("analyse given --json"),
    "analyse-both": Command("analyse given --baseline kept/initial.safetensors --csv out", "out"),
    "analyse-factors": Command("analyse factors"),
    "info": Command("info given"),
    "info-data": Command("info given small.safetensors factors --labels one,two,three --data few --json"),
    "info-table": Command("info tabled --json"),
    "info-dicts": Command("info dict_names.safetensors dict_letters.npz dict_list.npz dict_jax.safetensors "
                          "dict_torch_pruned.safetensors dict_unordered.safetensors"),
    "compact": Command("compact given -o out --quiet", "out"),
    "compact-data": Command("compact given -o out --data few --json --threads 1", "out"),
    "lowrank": Command("lowrank given --rank 3,3 -o out --quiet", "out"),
    "lowrank-like": Command("lowrank kept/initial.safetensors few --like given --method svd --factors -o out --json "
                            "--threads 1", "out"),
    "safetensors": Command("export given -o out.safetensors", "out.safetensors", advice=True),
    "safetensors-folded": Command("export given -o out.safetensors --fold-scaling --compact", "out.safetensors",
                                  advice=True),
    "onnx": Command("export given -o out.onnx", "out.onnx", advice=True),
    "onnx-gather": Command("export small.safetensors -o out.onnx --gather --opset 9", "out.onnx", advice=True),
    "c": Command("export given -o out.c --type int8 --data few", "out.c", "out.h", advice=True),
    "c-tests": Command("export tabled -o out.c --type int16 --data rows.csv --test-vectors 3 --name my_net", "out.c",
                       "out.h", "out_test.c", advice=True),
    "c-float": Command("export small.safetensors -o out.c --probabilities --optimize speed --compact", "out.c", "out.h",
                       advice=True),
    "c-factors": Command("export factors -o out.c --quiet", "out.c", "out.h", advice=True),
    "import": Command("eval given.onnx few --json"),
    # ---- data sets
    "data": Command("data info few --json"),
    "data-text": Command("data info zipped --rows 2"),
    "data-table": Command("data info rows.csv"),
    "data-arrays": Command("data info rows.npz --json"),
    "data-list": Command("data list"),
    "data-list-json": Command("data list --json"),
    "data-fetch": Command("data fetch mnist --data-dir fetched --from http://127.0.0.1:9/ --quiet", code=1,
                          says=UNREACHABLE),
    "data-fetched": Command("data fetch mnist --data-dir fetched --from SERVER --quiet", code=1, says=UNREACHABLE),
    # ---- reports
    "report": Command("report kept -o out.html --quiet", "out.html", folders={"kept": "kept.first"}),
    "report-drawn": Command("report kept --gnuplot ./gnuplot", folders={"kept": "kept.first"}),
    "report-table": Command("report kept-table -o out.html --quiet", "out.html", folders={"kept-table": "kept-table.first"}),
    "report-study": Command("report studied --quiet", folders={"studied": "studied.first"}),
    # ---- studies
    "study": study("--criteria magnitude --controls none"),
    "study-again": Command(f"{STUDY} --criteria magnitude --controls none".replace("-o run", "-o studied") + " --json",
                           folders={"studied": "studied.first"}),
    "study-counts": study("--criteria activation --counts training,sample-sum --controls none"),
    "study-criteria": study("--criteria activation-weight --scopes layer --controls random"),
    "study-spectra": study("--criteria magnitude --controls none --spectra"),
    "study-controls": study("--criteria activation --controls rewind,reinit,shuffle,scratch"),
    "study-lowrank": study("--criteria magnitude --controls pca,svd,factors --retrain-epochs 1"),
    "study-nuclear": study("--criteria none --nuclear 0.001 --nuclear-weighted 0.001 --nuclear-start 0 --controls none"),
    "study-table": Command(f"{STUDY} --criteria magnitude --controls none --test 20%".replace("few", "rows.csv"),
                           folders={"run": None}),
    # ---- help, and what is wrong
    "help": Command("help train"),
    "usage": Command("train few -o out --epochz 3", code=2),
    "values": Command("train few -o out --hidden 3,x", code=2),
    "damaged": Command("eval cut.safetensors few", code=1),
    "damaged-data": Command("data info cut.csv", code=1),
}

# Networks in the forms of other programs, some at a time.
FORMS = ["any_order batch_norm_images batch_norms beside by_channel casts channels_last clip columns constant_nodes "
         "constant_of_shape flatten",
         "gemm_all keras_binary keras_images leaky linear_pair log_softmax mul_add one_minus prelu raw_double raw_half",
         "reshape_computed reshape_sliced scaler sklearn_binary sklearn_min_max sklearn_numbers sklearn_texts softmax_21 "
         "squeezes sub_div temperature",
         "torch_activations torch_batch_norm torch_factors torch_normalised torch_opset17 torch_opset7 torch_view9 "
         "typed_double typed_half weights_as_inputs whole_numbers"]
for number, names in enumerate(FORMS):
    COMMANDS[f"forms-{number + 1}"] = Command("info " + " ".join(f"{name}.onnx" for name in names.split()))


def tables(place):
    """120 rows of three numbers and a word, in classes a and b; the same as arrays."""
    lines = [f"{i % 7 + (i % 2) * 9},{i % 5}.5,{'east' if i % 3 else 'west'},{'ab'[i % 2]}" for i in range(120)]
    (place / "rows.csv").write_text("\n".join(["x,y,side,kind", *lines]) + "\n")
    (place / "stream.csv").write_text("x,y,side\n" + "\n".join(line.rsplit(",", 1)[0] for line in lines[:40]) + "\n")
    (place / "cut.csv").write_text("\n".join(["x,y,side,kind", *lines[:20], '3,"4']))
    (place / "holes.csv").write_text("% a remark\n" + "\n".join(["x;y;side;kind", *(
        f"{i % 4};{'NA' if i % 9 == 4 else str(i % 5) + ',5'};{'' if i % 11 == 3 else 'ew'[i % 2]};{'ab'[i % 2]}"
        for i in range(120))]) + "\n")
    values = bytes((i * 37 + (i // 25 % 2) * 90) % 256 for i in range(3000))
    labels = bytes(i % 2 for i in range(120))
    arrays = {"x_train": npy("|u1", (120, 25), values), "y_train": npy("|u1", (120,), labels)}
    write_npz(place / "rows.npz", **arrays)
    write_npz(place / "deflated.npz", zipfile.ZIP_DEFLATED, **arrays)
    (place / "arrays").mkdir()
    for name, data in arrays.items():
        (place / "arrays" / f"{name}.npy").write_bytes(data)


def plain(path):
    """Weights by their names alone, without a word on scaling: 25 inputs, 4 neurons, 3 classes."""
    header, data = {}, b""
    for name, shape in {"fc1.weight": [4, 25], "fc1.bias": [4], "fc2.weight": [3, 4], "fc2.bias": [3]}.items():
        count = math.prod(shape)
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [len(data), len(data) + 4 * count]}
        data += struct.pack(f"<{count}f", *((i * 7 % 13 - 6) / 8 for i in range(count)))
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)


class Zeros(http.server.BaseHTTPRequestHandler):
    """MNIST's first file, as far as its size goes: read to its end, compared, and refused."""
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "1648877")
        self.end_headers()
        self.wfile.write(bytes(1648877))

    def log_message(self, *arguments):
        pass

    def handle(self):
        try:
            super().handle()
        except ConnectionError:
            pass


def serve():
    """The address of a server on this machine."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Zeros)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{server.server_port}/"


GNUPLOT = """#!/bin/sh
name=${2%.gp}
echo '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><g id="a"><path d="M0,0"/></g></svg>' > "$name.svg"
"""


def prepare(program, place, environment, break_off):
    """All the inputs, made by the program where it can. break_off runs a command whose memory gives out."""
    def run(arguments):
        done = subprocess.run([program, *arguments.split()], cwd=place, env=environment, check=False, capture_output=True)
        if done.returncode not in (0, 3):
            raise SystemExit(f"memory.py: {arguments}: {done.stderr.decode()}")

    def images(folder, *options):
        subprocess.run([sys.executable, TESTS / "make_idx.py", place / folder, *options], check=True)

    few = "--rows", "96", "--test-rows", "32", "--side", "5", "--classes", "3"
    images("few", *few)
    images("zipped", *few, "--gzip")
    tables(place)
    (place / "gnuplot").write_text(GNUPLOT)
    (place / "gnuplot").chmod(0o755)
    run(f"train few -o given {NET} --prune 60% --steps 1 --trigger epoch --every 1 --run kept --spectra")
    run(f"train rows.csv -o tabled {NET} {PRUNE} --run kept-table")
    run("compact given -o small.safetensors --quiet")
    run("lowrank given --rank 2,2 --method svd --factors -o factors --quiet")
    run("export given -o given.onnx")
    plain(place / "dict_25.safetensors")
    (place / "cut.safetensors").write_bytes((place / "given").read_bytes()[:900])
    run(f"{STUDY} --criteria magnitude --controls none".replace("-o run", "-o studied"))
    for folder in ("kept", "kept-table", "studied"):
        shutil.copytree(place / folder, place / f"{folder}.first")
    for path in (TESTS / "import/models").iterdir():
        shutil.copy(path, place)
    break_off(f"train few -o net {NET} {PRUNE} --run run".replace("--epochs 2", "--epochs 4"))
    (place / "run").rename(place / "broken")
