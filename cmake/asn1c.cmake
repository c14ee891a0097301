# Generates C from the ASN.1 modules at configure time, into the build folder; nothing generated is committed.
# asn1c 0.9.28 needs mends; they are made on the build's own copy, and the configuration stops when the text that
# they replace is not there any more.

set(LAB_ASN1C_VERSION "0.9.28")

# Replaces every `old` in `file` by `new`; stops unless it was there exactly `count` times.
function(lab_asn1c_mend file old new count)
    file(READ "${file}" text)
    string(REPLACE "${old}" "" without "${text}")
    string(LENGTH "${text}" before)
    string(LENGTH "${without}" after)
    string(LENGTH "${old}" size)
    math(EXPR found "(${before} - ${after}) / ${size}")
    if(NOT found EQUAL count)
        message(FATAL_ERROR "asn1c mend no longer applies: ${file} has ${found} times, not ${count}:\n${old}")
    endif()
    string(REPLACE "${old}" "${new}" text "${text}")
    file(WRITE "${file}" "${text}")
endfunction()

# Mend 1: after a CHOICE of indefinite length the octets 00 xx were read for ever.
function(lab_asn1c_mend_choice skeletons)
    lab_asn1c_mend("${skeletons}/constr_CHOICE.c" "/* UNREACHABLE */" "RETURN(RC_FAIL);" 1)
endfunction()

# Mend 2: the first decode of a type overwrote its own constraint checker, so SIZE checks vanished. The same
# assignment in checkers that only hand on to the base type was a data race.
function(lab_asn1c_mend_constraints folder)
    file(GLOB sources "${folder}/*.c")
    set(mended 0)
    foreach(source ${sources})
        file(READ "${source}" text)
        string(REGEX REPLACE "\ttd->check_constraints = asn_DEF_[A-Za-z0-9_]+\\.check_constraints;\n(\ttd->ber_decoder)"
            "\\1" text2 "${text}")
        string(REGEX REPLACE
            "\ttd->check_constraints = (asn_DEF_[A-Za-z0-9_]+\\.check_constraints);\n\treturn td->check_constraints\\("
            "\treturn \\1(" text2 "${text2}")
        if(text2 MATCHES "check_constraints = ")
            message(FATAL_ERROR "asn1c mend no longer applies: ${source} still replaces its constraint checker")
        endif()
        if(NOT text2 STREQUAL text)
            file(WRITE "${source}" "${text2}")
            math(EXPR mended "${mended} + 1")
        endif()
    endforeach()
    if(mended EQUAL 0)
        message(FATAL_ERROR "asn1c mend no longer applies: no type descriptor inherits its constraint checker")
    endif()
endfunction()

# Mend 3: a SEQUENCE without members is extensible too (every SEQUENCE with members in our modules is).
function(lab_asn1c_mend_empty folder)
    file(GLOB sources "${folder}/*.c")
    set(mended 0)
    foreach(source ${sources})
        file(READ "${source}" text)
        string(REPLACE "\t-1,\t/* Start extensions */\n\t-1\t/* Stop extensions */"
            "\t-1,\t/* Start extensions */\n\t1\t/* Stop extensions */" text2 "${text}")
        if(NOT text2 STREQUAL text)
            file(WRITE "${source}" "${text2}")
            math(EXPR mended "${mended} + 1")
        endif()
    endforeach()
    if(mended EQUAL 0)
        message(FATAL_ERROR "asn1c mend no longer applies: no SEQUENCE without members, or they are extensible now")
    endif()
endfunction()

function(lab_asn1c_find)
    find_program(LAB_ASN1C asn1c)
    if(NOT LAB_ASN1C)
        message(FATAL_ERROR "asn1c is missing (Debian package asn1c)")
    endif()
    execute_process(COMMAND "${LAB_ASN1C}" -v OUTPUT_VARIABLE out ERROR_VARIABLE err)
    if(NOT "${out}${err}" MATCHES "v${LAB_ASN1C_VERSION}[^0-9]")
        message(FATAL_ERROR "asn1c ${LAB_ASN1C_VERSION} is needed; ${LAB_ASN1C} says: ${out}${err}")
    endif()
    get_filename_component(bin "${LAB_ASN1C}" DIRECTORY)
    find_path(LAB_ASN1C_SKELETONS constr_CHOICE.c PATHS "${bin}/../share/asn1c" NO_DEFAULT_PATH REQUIRED)
endfunction()

# Generates into `folder` unless it was made from the same modules by this same script.
function(lab_asn1c_generate folder)
    set(modules ${ARGN})
    set(hash "")
    foreach(file ${modules} "${CMAKE_CURRENT_FUNCTION_LIST_FILE}")
        file(SHA256 "${file}" one)
        string(APPEND hash "${one}\n")
        set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${file}")
    endforeach()
    if(EXISTS "${folder}/made-from")
        file(READ "${folder}/made-from" known)
        if(known STREQUAL hash)
            return()
        endif()
    endif()
    message(STATUS "asn1c: generating from the modules")
    set(skeletons "${folder}-skeletons")
    file(REMOVE_RECURSE "${folder}" "${skeletons}")
    file(COPY "${LAB_ASN1C_SKELETONS}/" DESTINATION "${skeletons}")
    lab_asn1c_mend_choice("${skeletons}")
    file(MAKE_DIRECTORY "${folder}")
    execute_process(
        COMMAND "${LAB_ASN1C}" -S "${skeletons}" -fcompound-names -fincludes-quoted -pdu=all ${modules}
        WORKING_DIRECTORY "${folder}" RESULT_VARIABLE failed OUTPUT_VARIABLE out ERROR_VARIABLE err)
    if(failed)
        message(FATAL_ERROR "asn1c failed:\n${out}${err}")
    endif()
    file(REMOVE "${folder}/converter-sample.c" "${folder}/Makefile.am.sample")
    lab_asn1c_mend_constraints("${folder}")
    lab_asn1c_mend_empty("${folder}")
    file(WRITE "${folder}/made-from" "${hash}")
endfunction()

# lab_asn1_library(NAME module.asn …): a target lab-NAME of generated code; its headers are system headers.
function(lab_asn1_library name)
    lab_asn1c_find()
    list(TRANSFORM ARGN PREPEND "${CMAKE_CURRENT_SOURCE_DIR}/" OUTPUT_VARIABLE modules)
    set(folder "${CMAKE_CURRENT_BINARY_DIR}/generated")
    lab_asn1c_generate("${folder}" ${modules})
    file(GLOB sources "${folder}/*.c")
    add_library(lab-${name} STATIC ${sources})
    target_include_directories(lab-${name} SYSTEM PUBLIC "${folder}")
    # With ASN_DEBUG left alone its arguments are evaluated into a static buffer: slow, and a data race.
    target_compile_options(lab-${name} PRIVATE -w "-DASN_DEBUG(...)=((void)0)")
    target_compile_definitions(lab-${name} PRIVATE _DEFAULT_SOURCE)
    # Its decoders shift signed integers and add nothing to null; both are harmless with our compilers.
    if(LAB_SANITIZE MATCHES "undefined")
        target_compile_options(lab-${name} PRIVATE -fno-sanitize=shift,pointer-overflow)
    endif()
endfunction()
