#!/usr/bin/env bash
# Builds the tool without any optional library: it learns and prunes, and says what it lacks.
#
#   tests/install/test_without.sh SOURCE_FOLDER
set -eu
source_dir=$(cd "$1" && pwd)
scratch=$(mktemp -d "$PWD/without.XXXXXX")
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"

configure() {
    cmake -S "$source_dir" -B build -G Ninja -DCMAKE_BUILD_TYPE=Debug "-DESPALIER_WITHOUT=$1" >log 2>&1
}

# PATTERN COMMAND…: fails, saying so
lacks() {
    local pattern=$1
    shift
    if "$@" >said 2>&1 || ! grep -q -- "$pattern" said; then
        cat said
        echo "expected to fail with '$pattern': $*" >&2
        exit 1
    fi
}

lacks "expected some of libxsmm, openblas, zlib, libzip, libcurl, onnx, found 'blas'" \
    eval 'configure "zlib;blas" || { tr -s "\n " " " <log; false; }'
configure "libxsmm;openblas;zlib;libzip;libcurl;onnx" || { cat log; exit 1; }
grep -q "onnx: left out" log
cmake --build build --target espalier >log 2>&1 || { cat log; exit 1; }
espalier=build/cli/espalier

{
    echo a,b,class
    for i in $(seq 90); do echo "$((i % 7)),$((i * i % 11)),$((i % 3))"; done
} >rows.csv
printf '\x1f\x8b\x08' >rows.csv.gz
$espalier train rows.csv -o net.safetensors --hidden 8,4 --epochs 3 --prune 50% --quiet --validation 20% \
    --trigger epoch --every 1 --steps 2 --math reference
$espalier predict net.safetensors rows.csv --rows 0:1 >row
lacks "no LAPACK" "$espalier" analyse net.safetensors
lacks "cannot write ONNX files" "$espalier" export net.safetensors -o net.onnx
lacks "no zlib" "$espalier" train rows.csv.gz -o other.safetensors
lacks "no libcurl" env XDG_DATA_HOME="$scratch" "$espalier" data fetch mnist
