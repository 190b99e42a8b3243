# What the library stands on, gathered in one interface target. A missing
# optional library drops a feature: a definition tells the code.
add_library(espalier_dependencies INTERFACE)
set(ESPALIER_PC_LIBS "-lm")
set(ESPALIER_PC_REQUIRES "jansson")

find_package(PkgConfig REQUIRED)
pkg_check_modules(JANSSON REQUIRED IMPORTED_TARGET jansson)
target_link_libraries(espalier_dependencies INTERFACE PkgConfig::JANSSON m)

set(THREADS_PREFER_PTHREAD_FLAG ON)
find_package(Threads REQUIRED)
target_link_libraries(espalier_dependencies INTERFACE Threads::Threads)
string(APPEND ESPALIER_PC_LIBS " -pthread")

find_package(ZLIB)
if(ZLIB_FOUND)
  target_compile_definitions(espalier_dependencies INTERFACE ESPALIER_HAVE_ZLIB)
  target_link_libraries(espalier_dependencies INTERFACE ZLIB::ZLIB)
  string(APPEND ESPALIER_PC_REQUIRES " zlib")
endif()

# libxsmm: small matrix products compiled at run time for the exact shapes.
find_path(XSMM_INCLUDE libxsmm.h)
find_library(XSMM_LIBRARY NAMES libxsmm.a xsmm)
if(XSMM_INCLUDE AND XSMM_LIBRARY)
  set(ESPALIER_HAVE_XSMM TRUE)
  target_compile_definitions(espalier_dependencies INTERFACE ESPALIER_HAVE_XSMM)
  target_include_directories(espalier_dependencies SYSTEM INTERFACE ${XSMM_INCLUDE})
  target_link_libraries(espalier_dependencies INTERFACE ${XSMM_LIBRARY} ${CMAKE_DL_LIBS} pthread)
  string(APPEND ESPALIER_PC_LIBS " -lxsmm -ldl -lpthread")
endif()

# OpenBLAS with LAPACKE: fallback products and singular values.
pkg_check_modules(OPENBLAS IMPORTED_TARGET openblas)
find_path(LAPACKE_INCLUDE lapacke.h)
find_library(LAPACKE_LIBRARY lapacke)
if(OPENBLAS_FOUND)
  set(ESPALIER_HAVE_CBLAS TRUE)
  target_compile_definitions(espalier_dependencies INTERFACE ESPALIER_HAVE_CBLAS)
  target_link_libraries(espalier_dependencies INTERFACE PkgConfig::OPENBLAS)
  if(LAPACKE_INCLUDE AND LAPACKE_LIBRARY)
    set(ESPALIER_HAVE_LAPACKE TRUE)
    target_compile_definitions(espalier_dependencies INTERFACE ESPALIER_HAVE_LAPACKE)
    target_include_directories(espalier_dependencies SYSTEM INTERFACE ${LAPACKE_INCLUDE})
    target_link_libraries(espalier_dependencies INTERFACE ${LAPACKE_LIBRARY})
    string(APPEND ESPALIER_PC_LIBS " -llapacke")
  endif()
  # Not as a required package: that one asks for Fortran's library, which only a
  # wholly static program needs.
  list(JOIN OPENBLAS_LDFLAGS " " openblas_flags)
  string(APPEND ESPALIER_PC_LIBS " ${openblas_flags}")
endif()

# libzip: .npz files. libcurl: downloads of data sets. For pkg-config as plain -l flags:
# as required packages they would ask for what only a wholly static program needs.
pkg_check_modules(LIBZIP IMPORTED_TARGET libzip)
if(LIBZIP_FOUND)
  target_compile_definitions(espalier_dependencies INTERFACE ESPALIER_HAVE_LIBZIP)
  target_link_libraries(espalier_dependencies INTERFACE PkgConfig::LIBZIP)
  string(APPEND ESPALIER_PC_LIBS " -lzip")
endif()
pkg_check_modules(CURL IMPORTED_TARGET libcurl)
if(CURL_FOUND)
  target_compile_definitions(espalier_dependencies INTERFACE ESPALIER_HAVE_CURL)
  target_link_libraries(espalier_dependencies INTERFACE PkgConfig::CURL)
  string(APPEND ESPALIER_PC_LIBS " -lcurl")
endif()

# ONNX: protobuf-c, and code made of onnx.proto at build time (cmake/onnx.cmake).
pkg_check_modules(PROTOBUF_C IMPORTED_TARGET libprotobuf-c)
find_program(PROTOC_C protoc-c)
find_path(ONNX_PROTO onnx/onnx.proto)
if(PROTOBUF_C_FOUND AND PROTOC_C AND ONNX_PROTO)
  set(ESPALIER_HAVE_ONNX TRUE)
  target_compile_definitions(espalier_dependencies INTERFACE ESPALIER_HAVE_ONNX)
  target_link_libraries(espalier_dependencies INTERFACE PkgConfig::PROTOBUF_C)
  string(APPEND ESPALIER_PC_LIBS " -lprotobuf-c")
endif()

# popt: the command line only.
pkg_check_modules(POPT IMPORTED_TARGET popt)
