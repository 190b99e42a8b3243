# What the library stands on, gathered in one interface target. An optional library that is
# missing, or named in ESPALIER_WITHOUT, drops a feature: a definition tells the code.
set(optional_libraries libxsmm openblas zlib libzip libcurl onnx)
set(ESPALIER_WITHOUT "" CACHE STRING "optional libraries that are not looked for: ${optional_libraries}")
foreach(name IN LISTS ESPALIER_WITHOUT)
  if(NOT name IN_LIST optional_libraries)
    list(JOIN optional_libraries ", " optional_libraries)
    message(FATAL_ERROR "ESPALIER_WITHOUT: expected some of ${optional_libraries}, found '${name}'")
  endif()
endforeach()
add_library(espalier_dependencies INTERFACE)
set(ESPALIER_PC_LIBS "")
set(ESPALIER_PC_REQUIRES "jansson")

find_package(PkgConfig REQUIRED)
pkg_check_modules(JANSSON REQUIRED IMPORTED_TARGET jansson)
target_link_libraries(espalier_dependencies INTERFACE PkgConfig::JANSSON m)

set(THREADS_PREFER_PTHREAD_FLAG ON)
find_package(Threads REQUIRED)
target_link_libraries(espalier_dependencies INTERFACE Threads::Threads)

if(NOT zlib IN_LIST ESPALIER_WITHOUT)
  find_package(ZLIB)
endif()
if(ZLIB_FOUND)
  target_compile_definitions(espalier_dependencies INTERFACE ESPALIER_HAVE_ZLIB)
  target_link_libraries(espalier_dependencies INTERFACE ZLIB::ZLIB)
  string(APPEND ESPALIER_PC_REQUIRES " zlib")
endif()

# libxsmm: small matrix products compiled at run time for the exact shapes.
find_path(XSMM_INCLUDE libxsmm.h)
find_library(XSMM_LIBRARY NAMES libxsmm.a xsmm)
if(XSMM_INCLUDE AND XSMM_LIBRARY AND NOT libxsmm IN_LIST ESPALIER_WITHOUT)
  set(ESPALIER_HAVE_XSMM TRUE)
  target_compile_definitions(espalier_dependencies INTERFACE ESPALIER_HAVE_XSMM)
  target_include_directories(espalier_dependencies SYSTEM INTERFACE ${XSMM_INCLUDE})
  target_link_libraries(espalier_dependencies INTERFACE ${XSMM_LIBRARY} pthread)
  string(APPEND ESPALIER_PC_LIBS " -lxsmm")
endif()

# Loaded when first needed (src/base/library.h), so not linked with: DEFINITION is the name
# by which the dynamic linker knows FILE.
function(espalier_load_later definition file)
  execute_process(COMMAND ${CMAKE_OBJDUMP} -p ${file} OUTPUT_VARIABLE headers ERROR_QUIET)
  if(headers MATCHES "SONAME +([^ \n]+)")
    set(name ${CMAKE_MATCH_1})
  else()
    get_filename_component(name ${file} NAME)
  endif()
  target_compile_definitions(espalier_dependencies INTERFACE ${definition}="${name}")
endfunction()
target_link_libraries(espalier_dependencies INTERFACE ${CMAKE_DL_LIBS})

# OpenBLAS with its LAPACK: fallback products and singular values.
pkg_check_modules(OPENBLAS IMPORTED_TARGET openblas)
find_library(OPENBLAS_LIBRARY libopenblas${CMAKE_SHARED_LIBRARY_SUFFIX} HINTS ${OPENBLAS_LIBRARY_DIRS})
if(OPENBLAS_FOUND AND OPENBLAS_LIBRARY AND NOT openblas IN_LIST ESPALIER_WITHOUT)
  set(ESPALIER_HAVE_CBLAS TRUE)
  target_compile_definitions(espalier_dependencies INTERFACE ESPALIER_HAVE_CBLAS)
  target_include_directories(espalier_dependencies SYSTEM INTERFACE ${OPENBLAS_INCLUDE_DIRS})
  espalier_load_later(ESPALIER_OPENBLAS_FILE ${OPENBLAS_LIBRARY})
endif()

# libxsmm names a BLAS that espalier never has it call. libxsmmnoblas stands in for it where
# its names stay inside: in the shared library and the programs built here. Who links with the
# static library may use a BLAS, and gets a true one.
find_library(XSMM_NOBLAS_LIBRARY xsmmnoblas)
if(ESPALIER_HAVE_XSMM)
  set(blas_here ${OPENBLAS_LIBRARY})
  if(XSMM_NOBLAS_LIBRARY)
    set(blas_here ${XSMM_NOBLAS_LIBRARY})
  endif()
  set(blas_elsewhere ${blas_here})
  if(ESPALIER_HAVE_CBLAS)
    set(blas_elsewhere PkgConfig::OPENBLAS)
    # Not as a required package: that one asks for Fortran's library, which only a
    # wholly static program needs.
    list(JOIN OPENBLAS_LDFLAGS " " openblas_flags)
    string(APPEND ESPALIER_PC_LIBS " ${openblas_flags}")
  endif()
  target_link_libraries(espalier_dependencies INTERFACE
    $<BUILD_INTERFACE:${blas_here}> $<INSTALL_INTERFACE:${blas_elsewhere}>)
endif()

# libcurl: downloads of data sets.
pkg_check_modules(CURL libcurl)
find_library(CURL_LIBRARY libcurl${CMAKE_SHARED_LIBRARY_SUFFIX} HINTS ${CURL_LIBRARY_DIRS})
if(CURL_FOUND AND CURL_LIBRARY AND NOT libcurl IN_LIST ESPALIER_WITHOUT)
  set(ESPALIER_HAVE_CURL TRUE)
  target_compile_definitions(espalier_dependencies INTERFACE ESPALIER_HAVE_CURL)
  target_include_directories(espalier_dependencies SYSTEM INTERFACE ${CURL_INCLUDE_DIRS})
  espalier_load_later(ESPALIER_CURL_FILE ${CURL_LIBRARY})
endif()

# libzip: .npz files and EMNIST's archive.
pkg_check_modules(LIBZIP libzip)
find_library(LIBZIP_LIBRARY libzip${CMAKE_SHARED_LIBRARY_SUFFIX} HINTS ${LIBZIP_LIBRARY_DIRS})
if(LIBZIP_FOUND AND LIBZIP_LIBRARY AND NOT libzip IN_LIST ESPALIER_WITHOUT)
  set(ESPALIER_HAVE_LIBZIP TRUE)
  target_compile_definitions(espalier_dependencies INTERFACE ESPALIER_HAVE_LIBZIP)
  target_include_directories(espalier_dependencies SYSTEM INTERFACE ${LIBZIP_INCLUDE_DIRS})
  espalier_load_later(ESPALIER_ZIP_FILE ${LIBZIP_LIBRARY})
endif()

# ONNX: protobuf-c, and code made of onnx.proto at build time (cmake/onnx.cmake).
pkg_check_modules(PROTOBUF_C IMPORTED_TARGET libprotobuf-c)
find_program(PROTOC_C protoc-c)
find_path(ONNX_PROTO onnx/onnx.proto)
if(PROTOBUF_C_FOUND AND PROTOC_C AND ONNX_PROTO AND NOT onnx IN_LIST ESPALIER_WITHOUT)
  set(ESPALIER_HAVE_ONNX TRUE)
  target_compile_definitions(espalier_dependencies INTERFACE ESPALIER_HAVE_ONNX)
  target_link_libraries(espalier_dependencies INTERFACE PkgConfig::PROTOBUF_C)
  string(APPEND ESPALIER_PC_LIBS " -lprotobuf-c")
endif()

# Behind those that call them: a static linker looks for what is still missing only.
string(APPEND ESPALIER_PC_LIBS " -pthread -lpthread -ldl -lm")

# popt: the command line only.
pkg_check_modules(POPT IMPORTED_TARGET popt)

# What is there, and what is lost without it.
foreach(feature
    "libxsmm|${ESPALIER_HAVE_XSMM}|fast matrix products"
    "openblas|${ESPALIER_HAVE_CBLAS}|singular values and low rank"
    "zlib|${ZLIB_FOUND}|gzipped data"
    "libzip|${ESPALIER_HAVE_LIBZIP}|.npz files and archives"
    "libcurl|${ESPALIER_HAVE_CURL}|downloads of data sets"
    "onnx|${ESPALIER_HAVE_ONNX}|.onnx files (libprotobuf-c, protoc-c, onnx.proto)")
  string(REPLACE "|" ";" feature "${feature}")
  list(GET feature 0 name)
  list(GET feature 1 there)
  list(GET feature 2 what)
  if(there)
    message(STATUS "${name}: found")
  elseif(name IN_LIST ESPALIER_WITHOUT)
    message(STATUS "${name}: left out; no ${what}")
  else()
    message(STATUS "${name}: NOT FOUND; without it no ${what}")
  endif()
endforeach()
