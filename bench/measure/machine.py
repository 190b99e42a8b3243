"""Where and with what is measured: the machine, the build, and which peers are there."""
import datetime
import json
import os
import pathlib
import platform
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
PEERS = ROOT / "bench" / "peers"
PYTHON = "/usr/bin/python3"  # Debian's, which sees Debian's python3-torch and python3-sklearn
HANDICAPS = ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")
BLAS_CORES = (None, "SkylakeX", "Zen", "Haswell")
# What every program finds in its environment: choose_blas().
CHOSEN = {}
THREAD_SETTINGS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def environment(threads=None, **more):
    """A clean environment; threads None leaves their number to the program."""
    result = {name: value for name, value in os.environ.items()
              if name not in HANDICAPS + THREAD_SETTINGS
              and not name.startswith(("OMP_", "GOMP_", "KMP_"))}
    if threads:
        result.update({name: str(threads) for name in THREAD_SETTINGS})
    return {**result, **CHOSEN, **more}


def choose_blas(folder):
    """OpenBLAS knows a processor younger than itself for none of its own and takes its oldest
    kernels; PyTorch and scikit-learn then train at half their speed. The kernels with the
    fastest square product are chosen for all programs. Their name."""
    program = folder / "bench" / "bench_blas"
    if not program.exists():
        return "none"
    avx512 = "avx512f" in open("/proc/cpuinfo").read()
    seconds = {}
    for core in BLAS_CORES:
        if avx512 or core != "SkylakeX":
            env = environment(1, **({"OPENBLAS_CORETYPE": core} if core else {}))
            lines = output(program, "size=2048", input="run\nrun\nrun\n", env=env).split("\n")[1:]
            seconds[core] = min(json.loads(line)["seconds"] for line in lines)
    core = min(seconds, key=seconds.get)
    if core:
        CHOSEN["OPENBLAS_CORETYPE"] = core
    return core or "by itself"


def output(*command, **options):
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, **options)
    return done.stdout.strip() if done.returncode == 0 else None


def build(folder):
    """Configures and builds the bench preset there."""
    for command in (["cmake", "--preset", "bench", "-B", folder], ["cmake", "--build", folder]):
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
        if done.returncode != 0:
            raise SystemExit(f"{' '.join(map(str, command))}\n{done.stdout[-4000:]}{done.stderr}")


def processor():
    for line in open("/proc/cpuinfo"):
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.processor() or "unknown"


def caches():
    """Sizes of the first processor's caches, such as "L1 32K, L2 1024K, L3 32768K"."""
    found = {}
    for index in sorted(pathlib.Path("/sys/devices/system/cpu/cpu0/cache").glob("index*")):
        if (index / "type").read_text().strip() != "Instruction":
            found[(index / "level").read_text().strip()] = (index / "size").read_text().strip()
    return ", ".join(f"L{level} {size}" for level, size in found.items())


def facts(folder, blas):
    """What every line of results carries."""
    cache = dict(line.split("=", 1) for line in (folder / "CMakeCache.txt").read_text().split("\n")
                 if "=" in line and not line.startswith(("#", "//")))
    value = {name.split(":")[0]: text for name, text in cache.items()}
    compiler = output(os.path.realpath(value.get("CMAKE_C_COMPILER", "cc")), "--version")
    return {
        "date": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "machine": processor(), "cores": len(os.sched_getaffinity(0)), "caches": caches(),
        "system": f"{platform.system()} {platform.release()}",
        "compiler": compiler.split("\n")[0] if compiler else "unknown",
        "flags": f"{value.get('CMAKE_C_FLAGS', '')} {value.get('CMAKE_C_FLAGS_RELEASE', '')}".strip(),
        "blas": blas,
        "commit": output("git", "-C", ROOT, "rev-parse", "--short", "HEAD") or "unknown",
        "changed": bool(output("git", "-C", ROOT, "status", "--porcelain", "--", "src", "include", "cli")),
    }


def onnxruntime(folder):
    """libonnxruntime of $ONNXRUNTIME_DIR, or of onnxruntime-node in the build folder."""
    here = {"x86_64": "x64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
    given = os.environ.get("ONNXRUNTIME_DIR")
    for place in ([pathlib.Path(given)] if given else []) + [folder / "node_modules", ROOT / "build" / "peers"]:
        found = sorted(place.glob("**/libonnxruntime.so*"))
        found = [path for path in found if "linux" not in path.parts or here in path.parts]
        if found:
            return found[0]
    return None


def peers(folder):
    """Peers by name: something true where it is there, and how to get it."""
    def module(name):
        return output(PYTHON, "-c", f"import {name}; print({name}.__version__)")
    fann = folder / "bench" / "peer_fann"
    return {"torch": (module("torch"), "python3-torch"),
            "sklearn": (module("sklearn"), "python3-sklearn"),
            "fann": (fann if fann.exists() else None, "libfann-dev, then configure anew"),
            "onnxruntime": (onnxruntime(folder), "bench/README.md")}


def data_folder(name="fashion-mnist"):
    """The folder of a named data set, sought where espalier looks."""
    home = os.environ.get("XDG_DATA_HOME", os.path.expanduser("~/.local/share"))
    places = [os.environ.get("ESPALIER_DATA"), os.path.join(home, "espalier"), "/usr/share/datasets"]
    for place in filter(None, places):
        if os.path.isdir(os.path.join(place, name)):
            return os.path.join(place, name)
    raise SystemExit(f"{name} was not found; Debian has it as dataset-{name}")
