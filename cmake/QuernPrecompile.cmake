# Headers that are compiled once for many targets.
#
# GCC takes a compiled header only where the macros and the flags are those that it was made with. Hence there is one for
# each way of compiling, and a target that is compiled in another way fails with -Winvalid-pch, instead of being slow in
# silence. A compiled header hides a missing #include: the presets asan and fuzz build without.
option(QUERN_PCH "Compile the headers that many sources include once" ON)

set(QUERN_CORE_HEADERS
    <QByteArray> <QByteArrayView> <QCoreApplication> <QDateTime> <QDeadlineTimer> <QDir> <QFile> <QFileInfo> <QHash>
    <QJsonArray> <QJsonDocument> <QJsonObject> <QList> <QLoggingCategory> <QMap> <QObject> <QRegularExpression> <QSet>
    <QString> <QStringList> <QThread> <QTimerEvent> <QVariant> <QVariantMap> <QtEndian>
    <algorithm> <array> <atomic> <chrono> <cstring> <deque> <functional> <limits> <map> <memory> <mutex> <optional>
    <span> <stdexcept> <string> <unordered_map> <utility> <variant> <vector>)
set(QUERN_TEST_HEADERS
    ${QUERN_CORE_HEADERS}
    <QElapsedTimer> <QProcess> <QRandomGenerator> <QSignalSpy> <QTemporaryDir> <QTest> <QTimer> <thread>)

# quern_add_precompiled(<name> HEADERS <headers...> LIBRARIES <targets...> [OPTIONS <compiler options...>])
#   The headers, compiled as a target with these libraries and options is.
function(quern_add_precompiled name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "HEADERS;LIBRARIES;OPTIONS")
    if(NOT QUERN_PCH)
        return()
    endif()
    set(source "${CMAKE_CURRENT_BINARY_DIR}/precompiled_${name}.cpp")
    file(CONFIGURE OUTPUT "${source}" CONTENT "// No code: what counts is the header compiled for it.\n")
    add_library(quern_precompiled_${name} OBJECT "${source}")
    target_link_libraries(quern_precompiled_${name} PRIVATE ${arg_LIBRARIES})
    target_compile_options(quern_precompiled_${name} PRIVATE ${arg_OPTIONS})
    target_precompile_headers(quern_precompiled_${name} PRIVATE ${arg_HEADERS})
    set_target_properties(quern_precompiled_${name} PROPERTIES AUTOMOC OFF)
endfunction()

# quern_precompile(<target> [<name>])
#   Has <target> use what quern_add_precompiled(<name>) compiled: core, unless named.
function(quern_precompile target)
    set(name ${ARGN})
    if(NOT name)
        set(name core)
    endif()
    if(QUERN_PCH)
        target_precompile_headers(${target} REUSE_FROM quern_precompiled_${name})
    endif()
endfunction()
