# How the project's targets are made: one folder, one target, its own folder published, links PRIVATE.

set(CMAKE_C_STANDARD 11)
set(CMAKE_C_EXTENSIONS ON)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/bin")
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

option(LAB_FUZZ "Build the libFuzzer targets (clang)" OFF)
set(LAB_SANITIZE "" CACHE STRING "Sanitizers for everything, for example address,undefined")

add_compile_options(
    -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith -Wwrite-strings
    -Wundef -Wformat=2 -Wvla -Werror -fno-omit-frame-pointer -D_GNU_SOURCE)
# Bounded printing into a field is how we cut texts; whether gcc sees it depends on the optimiser and on inlining.
add_compile_options($<$<C_COMPILER_ID:GNU>:-Wno-format-truncation>)
if(LAB_SANITIZE)
    add_compile_options(-fsanitize=${LAB_SANITIZE} -fno-sanitize-recover=all)
    add_link_options(-fsanitize=${LAB_SANITIZE})
endif()
if(LAB_FUZZ)
    add_compile_options(-fsanitize=fuzzer-no-link)
endif()

# Adds the folders that exist, in order.
function(lab_add_folders)
    foreach(folder ${ARGN})
        if(EXISTS "${PROJECT_SOURCE_DIR}/${folder}/CMakeLists.txt")
            add_subdirectory(${folder})
        endif()
    endforeach()
endfunction()

# lab_library(NAME LINKS a b …): every .c of this folder but main.c. Ours are linked by name, others by target.
function(lab_library name)
    cmake_parse_arguments(arg "" "" "LINKS" ${ARGN})
    file(GLOB sources CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/*.c")
    list(FILTER sources EXCLUDE REGEX "/main\\.c$")
    add_library(lab-${name} STATIC ${sources})
    target_include_directories(lab-${name} PUBLIC "${CMAKE_CURRENT_SOURCE_DIR}")
    lab_link(lab-${name} ${arg_LINKS})
endfunction()

# All programs without the tests, for who only wants to run.
add_custom_target(programs)

# lab_program(NAME LINKS …): main.c of this folder.
function(lab_program name)
    cmake_parse_arguments(arg "" "" "LINKS" ${ARGN})
    add_executable(${name} main.c)
    lab_link(${name} ${arg_LINKS})
    add_dependencies(programs ${name})
endfunction()

# The thread sanitizer makes everything ten times as slow.
set(LAB_TEST_SECONDS 900)
if(LAB_SANITIZE MATCHES "thread")
    set(LAB_TEST_SECONDS 5400)
endif()

# lab_test(NAME LINKS … [COST seconds]): every .c of this folder is one test executable under ctest. The costliest start
# first, so that none runs alone at the end.
function(lab_test name)
    cmake_parse_arguments(arg "" "COST" "LINKS" ${ARGN})
    if(NOT arg_COST)
        set(arg_COST 0)
    endif()
    file(GLOB sources CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/*.c")
    add_executable(test-${name} ${sources})
    set_target_properties(test-${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/tests")
    lab_link(test-${name} support base ${arg_LINKS} PkgConfig::CUNIT)
    add_test(NAME ${name} COMMAND test-${name})
    set_tests_properties(${name} PROPERTIES TIMEOUT ${LAB_TEST_SECONDS} SKIP_RETURN_CODE 77 COST ${arg_COST}
        ENVIRONMENT "LAB_BIN=${PROJECT_BINARY_DIR}/bin;LAB_SOURCE=${PROJECT_SOURCE_DIR};LAB_SHARED=${PROJECT_SOURCE_DIR}/../shared")
endfunction()

# lab_fuzz(NAME LINKS … [SEEDS file]): every .c of this folder, one of which has LLVMFuzzerTestOneInput. Always a test that
# replays the rows of seeds.txt; with -DLAB_FUZZ=ON (clang) also the libFuzzer program fuzz-NAME.
function(lab_fuzz name)
    cmake_parse_arguments(arg "" "SEEDS" "LINKS" ${ARGN})
    if(NOT arg_SEEDS)
        set(arg_SEEDS seeds.txt)
    endif()
    file(GLOB sources CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/*.c")
    set(replay "${PROJECT_SOURCE_DIR}/tests/fuzz/replay.c")
    add_executable(test-fuzz_${name} ${sources} "${replay}")
    set(programs test-fuzz_${name})
    add_test(NAME fuzz_${name} COMMAND test-fuzz_${name} "${CMAKE_CURRENT_SOURCE_DIR}/${arg_SEEDS}")
    set_tests_properties(fuzz_${name} PROPERTIES TIMEOUT 300)
    if(LAB_FUZZ)
        add_executable(fuzz-${name} ${sources})
        target_link_options(fuzz-${name} PRIVATE -fsanitize=fuzzer)
        list(APPEND programs fuzz-${name})
    endif()
    foreach(program ${programs})
        set_target_properties(${program} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/tests")
        lab_link(${program} base ${arg_LINKS})
    endforeach()
endfunction()

# Links ours (PRIVATE, by short name) and imported targets.
function(lab_link target)
    foreach(link ${ARGN})
        if(link MATCHES "::|^-")
            target_link_libraries(${target} PRIVATE ${link})
        else()
            target_link_libraries(${target} PRIVATE lab-${link})
        endif()
    endforeach()
endfunction()
