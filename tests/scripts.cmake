# Tests that are scripts: the tree's order, documents, examples, installation.
# Order and documents are looked at once, in the plain build with the first
# compiler; the example runs in every build.
find_package(Python3 REQUIRED COMPONENTS Interpreter)

set(small_data ${CMAKE_CURRENT_BINARY_DIR}/small-data)
add_test(NAME data/make_idx COMMAND Python3::Interpreter ${CMAKE_CURRENT_SOURCE_DIR}/make_idx.py ${small_data})
set_tests_properties(data/make_idx PROPERTIES FIXTURES_SETUP small_data)
add_test(NAME examples/train_prune_predict
         COMMAND example_train_prune_predict ${small_data} ${CMAKE_CURRENT_BINARY_DIR}/example.safetensors)
set_tests_properties(examples/train_prune_predict PROPERTIES FIXTURES_REQUIRED small_data
  PASS_REGULAR_EXPRESSION "^[78][0-9]\\.[0-9] % of the weights pruned\n0: 0\\.[5-9].*\n3: 0\\.0" TIMEOUT 300)
add_test(NAME examples/missing_data COMMAND example_train_prune_predict ${CMAKE_CURRENT_BINARY_DIR}/nowhere)
set_tests_properties(examples/missing_data PROPERTIES PASS_REGULAR_EXPRESSION "nowhere")

include(cli/cli.cmake)
include(faults/faults.cmake)
include(hostile/hostile.cmake)

if(ESPALIER_SANITIZE OR NOT CMAKE_C_COMPILER_ID STREQUAL "GNU" OR NOT CMAKE_BUILD_TYPE STREQUAL "Release")
  return()
endif()

# The order of the tree.
set(scripts ${PROJECT_SOURCE_DIR}/scripts)
add_test(NAME order/includes COMMAND Python3::Interpreter ${scripts}/check_includes.py ${PROJECT_SOURCE_DIR})
add_test(NAME order/headers COMMAND ${scripts}/check_headers.sh ${PROJECT_SOURCE_DIR})
add_test(NAME order/text COMMAND Python3::Interpreter ${scripts}/check_text.py ${PROJECT_SOURCE_DIR})
add_test(NAME order/symbols COMMAND Python3::Interpreter ${scripts}/check_symbols.py
         $<TARGET_FILE:espalier_shared> $<TARGET_FILE:espalier_static> $<TARGET_FILE:espalier_internals>
         ${PROJECT_SOURCE_DIR}/include)
add_test(NAME order/objects_to_faults COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/test_bones.sh ${PROJECT_SOURCE_DIR})
add_test(NAME order/judges_documents
         COMMAND Python3::Interpreter ${CMAKE_CURRENT_SOURCE_DIR}/test_run_docs.py ${PROJECT_SOURCE_DIR})

# Rules that are broken on purpose (tests/mutations/): here only that each still fits the tree.
add_test(NAME mutations/table COMMAND Python3::Interpreter -B ${CMAKE_CURRENT_SOURCE_DIR}/mutations/mutate.py
         --check ${PROJECT_BINARY_DIR})

# Installation and the documents, which are tried with what was installed.
add_test(NAME install/used_by_others
         COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/install/test_install.sh ${PROJECT_SOURCE_DIR} ${PROJECT_BINARY_DIR})
set_tests_properties(install/used_by_others PROPERTIES TIMEOUT 300)
add_test(NAME install/without_libraries
         COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/install/test_without.sh ${PROJECT_SOURCE_DIR})
set_tests_properties(install/without_libraries PROPERTIES TIMEOUT 600)

set(prefix ${CMAKE_CURRENT_BINARY_DIR}/prefix)
add_test(NAME docs/prefix COMMAND ${CMAKE_COMMAND} --install ${PROJECT_BINARY_DIR} --prefix ${prefix})
set_tests_properties(docs/prefix PROPERTIES FIXTURES_SETUP prefix)
file(GLOB documents CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/README.md ${PROJECT_SOURCE_DIR}/docs/*.md)
foreach(document ${documents})
  file(STRINGS ${document} runnable REGEX "^```console|^<!-- compile")
  get_filename_component(name ${document} NAME)
  if(runnable)
    add_test(NAME docs/${name} COMMAND Python3::Interpreter ${scripts}/run_docs.py --prefix ${prefix}
             --scratch ${CMAKE_CURRENT_BINARY_DIR}/docs/${name} ${document})
    set_tests_properties(docs/${name} PROPERTIES FIXTURES_REQUIRED prefix TIMEOUT 1200)
  endif()
endforeach()

find_program(MANDOC mandoc)
if(MANDOC AND EXISTS ${PROJECT_SOURCE_DIR}/docs/espalier.1)
  add_test(NAME docs/espalier.1 COMMAND ${MANDOC} -T lint -W warning ${PROJECT_SOURCE_DIR}/docs/espalier.1)
endif()
