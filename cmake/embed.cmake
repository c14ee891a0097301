# lab_embed(NAME file …): the files' text as C strings in lab-NAME, named after file and ending: style.css is report_style_css
# when it lies in report_html/. Made when the build is configured, anew when a file changes.
function(lab_embed name)
    set(text "/* Made from ${ARGN} */\n")
    foreach(file ${ARGN})
        set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/${file}")
        file(READ "${file}" hex HEX)
        string(REGEX REPLACE "(..)" "0x\\1," bytes "${hex}")
        string(REGEX REPLACE "_html/|[.]" "_" symbol "${file}")
        string(APPEND text "extern const char ${symbol}[];\nconst char ${symbol}[] = { ${bytes}0 };\n")
    endforeach()
    file(CONFIGURE OUTPUT "${CMAKE_CURRENT_BINARY_DIR}/embedded.c" CONTENT "${text}" @ONLY)
    target_sources(lab-${name} PRIVATE "${CMAKE_CURRENT_BINARY_DIR}/embedded.c")
endfunction()
