# The static library as one object whose inner names are local, as they are in the shared one: a program
# may have its own `svd` or `text_add`. Sanitizers and fuzzers keep books by object, and get all of them.
set(espalier_hidden ${espalier_all})
if(CMAKE_OBJCOPY AND NOT ESPALIER_SANITIZE AND NOT ESPALIER_FUZZ AND NOT CMAKE_C_FLAGS MATCHES "--coverage")
  set(espalier_hidden ${PROJECT_BINARY_DIR}/espalier.o)
  add_custom_command(
    OUTPUT ${espalier_hidden}
    COMMAND ${CMAKE_LINKER} -r -o ${espalier_hidden} ${espalier_all}
    COMMAND ${CMAKE_OBJCOPY} --localize-hidden --wildcard --keep-global-symbol=espalier_* ${espalier_hidden}
    DEPENDS ${espalier_all}
    COMMENT "One object with local names" COMMAND_EXPAND_LISTS VERBATIM)
  set_source_files_properties(${espalier_hidden} PROPERTIES EXTERNAL_OBJECT TRUE GENERATED TRUE)
endif()
