# Looks at the sources of the plugin <name> before they are compiled.
function(_quern_check_sources name)
    foreach(source IN LISTS ARGN)
        get_filename_component(path "${source}" ABSOLUTE)
        if(source MATCHES "^[A-Z][A-Z_]+$" AND NOT EXISTS "${path}")
            message(FATAL_ERROR "quern_add_plugin(${name}): ${source} is neither a keyword nor a source: the keywords "
                "are SOURCES, LIBRARIES, INSTALL_DIR and NO_INSTALL")
        endif()
        if(NOT source MATCHES "\\.(c|cc|cpp|cxx|h|hh|hpp|hxx)$" OR NOT EXISTS "${path}")
            continue()
        endif()
        file(READ "${path}" text)
        if(NOT text MATCHES "Q_PLUGIN_METADATA *\\([^)]*FILE[ \t\r\n]+\"([^\"]+)\"")
            continue()
        endif()
        get_filename_component(folder "${path}" DIRECTORY)
        get_filename_component(metadata "${CMAKE_MATCH_1}" ABSOLUTE BASE_DIR "${folder}")
        if(NOT EXISTS "${metadata}")
            continue() # in another include folder, or moc says that it is missing
        endif()
        # moc only warns of what it cannot read, and leaves the plugin without metadata.
        file(READ "${metadata}" json)
        string(JSON length ERROR_VARIABLE problem LENGTH "${json}")
        # CMake forgives more than Qt does.
        string(REGEX REPLACE "\"([^\"\\\\]|\\\\.)*\"" "\"\"" bare "${json}")
        if(NOT problem AND NOT bare MATCHES "^[ \t\r\n]*{")
            set(problem "it is no object")
        elseif(NOT problem AND bare MATCHES ",[ \t\r\n]*[]}]")
            set(problem "a comma stands before a closing bracket")
        elseif(NOT problem AND bare MATCHES "/")
            set(problem "JSON has no comments")
        endif()
        if(problem)
            message(FATAL_ERROR "quern_add_plugin(${name}): ${metadata} is not the JSON object that the metadata of a "
                "plugin are: ${problem}")
        endif()
        set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${metadata}")
        # Ninja learns too late that moc has written anew what this source includes.
        set_property(SOURCE "${path}" APPEND PROPERTY OBJECT_DEPENDS "${metadata}")
    endforeach()
endfunction()

# quern_add_plugin(<name> SOURCES <files...> [LIBRARIES <targets...>] [INSTALL_DIR <dir>] [NO_INSTALL])
#   One plugin of a Quern server: the target <name>, a module lib<name>.so that is linked to Quern::Sdk, with moc and
#   rcc switched on. Built to lib/quern/plugins of the build tree, installed to INSTALL_DIR (lib/quern/plugins by
#   default) as component "plugins". The version of the binary interface needs no mention: it is part of
#   QuernHandlerPlugin_iid. Metadata that a source names by Q_PLUGIN_METADATA(… FILE "…") must be a JSON object; an edit
#   of them builds that source anew.
function(quern_add_plugin name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "NO_INSTALL" "INSTALL_DIR" "SOURCES;LIBRARIES")
    if(arg_UNPARSED_ARGUMENTS)
        message(FATAL_ERROR "quern_add_plugin(${name}): unknown arguments: ${arg_UNPARSED_ARGUMENTS}")
    endif()
    if(NOT arg_SOURCES)
        message(FATAL_ERROR "quern_add_plugin(${name}): SOURCES names no file")
    endif()
    if(NOT arg_INSTALL_DIR)
        set(arg_INSTALL_DIR lib/quern/plugins)
    endif()

    _quern_check_sources(${name} ${arg_SOURCES})

    add_library(${name} MODULE ${arg_SOURCES})
    target_link_libraries(${name} PRIVATE Quern::Sdk ${arg_LIBRARIES})
    target_compile_features(${name} PRIVATE cxx_std_20)
    set_target_properties(${name} PROPERTIES
        AUTOMOC ON
        AUTORCC ON
        CXX_VISIBILITY_PRESET hidden
        VISIBILITY_INLINES_HIDDEN ON
        PREFIX lib
        # The same for every configuration of a generator that has several.
        LIBRARY_OUTPUT_DIRECTORY "$<1:${CMAKE_BINARY_DIR}/lib/quern/plugins>"
        # The worker has loaded the SDK already; this serves tools that look at the file alone.
        INSTALL_RPATH "$ORIGIN/../..")
    if(NOT arg_NO_INSTALL)
        install(TARGETS ${name} LIBRARY DESTINATION "${arg_INSTALL_DIR}" COMPONENT plugins)
    endif()
endfunction()

# quern_add_plugin_test(<name> PLUGIN <plugin> SOURCES <files...> [LIBRARIES <targets...>])
#   A Qt Test program, registered with ctest, that holds the sources and libraries which quern_add_plugin(<plugin>) was
#   given: it makes the plugin's class and runs it in a Quern::TestHarness. To be called in the same CMakeLists.txt,
#   after enable_testing().
function(quern_add_plugin_test name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "PLUGIN" "SOURCES;LIBRARIES")
    if(arg_UNPARSED_ARGUMENTS)
        message(FATAL_ERROR "quern_add_plugin_test(${name}): unknown arguments: ${arg_UNPARSED_ARGUMENTS}")
    endif()
    if(NOT arg_SOURCES)
        message(FATAL_ERROR "quern_add_plugin_test(${name}): SOURCES names no file")
    endif()
    if(NOT TARGET "${arg_PLUGIN}")
        message(FATAL_ERROR "quern_add_plugin_test(${name}): PLUGIN names no target: call quern_add_plugin() before")
    endif()
    find_package(Qt6 REQUIRED COMPONENTS Test)

    get_target_property(sources ${arg_PLUGIN} SOURCES)
    get_target_property(libraries ${arg_PLUGIN} LINK_LIBRARIES)
    add_executable(${name} ${arg_SOURCES} ${sources})
    target_link_libraries(${name} PRIVATE ${libraries} Qt6::Test ${arg_LIBRARIES})
    target_compile_features(${name} PRIVATE cxx_std_20)
    set_target_properties(${name} PROPERTIES AUTOMOC ON AUTORCC ON)
    add_test(NAME ${name} COMMAND ${name})
endfunction()
