# quern_add_plugin(<name> SOURCES <files...> [LIBRARIES <targets...>] [INSTALL_DIR <dir>] [NO_INSTALL])
#   One plugin of a Quern server: the target <name>, a module lib<name>.so that is linked to Quern::Sdk, with moc and
#   rcc switched on. Built to lib/quern/plugins of the build tree, installed to INSTALL_DIR (lib/quern/plugins by
#   default) as component "plugins". The version of the binary interface needs no mention: it is part of
#   QuernHandlerPlugin_iid.
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

    add_library(${name} MODULE ${arg_SOURCES})
    target_link_libraries(${name} PRIVATE Quern::Sdk ${arg_LIBRARIES})
    target_compile_features(${name} PRIVATE cxx_std_20)
    set_target_properties(${name} PROPERTIES
        AUTOMOC ON
        AUTORCC ON
        CXX_VISIBILITY_PRESET hidden
        VISIBILITY_INLINES_HIDDEN ON
        PREFIX lib
        LIBRARY_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/lib/quern/plugins"
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
