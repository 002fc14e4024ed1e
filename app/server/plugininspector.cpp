#include "app/server/plugininspector.h"

#include "app/server/tablesettings.h"
#include "app/server/workersettings.h"
#include "process/childprocess.h"

#include <QEventLoop>

#include <optional>

namespace Quern::app {

namespace {

/// Longer than a child that is told to stop, or killed, can take.
constexpr std::chrono::milliseconds leaveTimeout = std::chrono::seconds(1);

} // namespace

Result<ipc::HelloMessage> inspectPlugins(const QList<ipc::BootMessage::Plugin> &plugins,
                                         const config::Settings &settings, const QList<ipc::BootMessage::Port> &ports)
{
    // Plugins may look up tables when they are installed. These are empty, and gone with the child.
    const Result<tables::SharedTables> tables = tables::SharedTables::create(tableSettings(settings));
    if (!tables)
        return tables.error();
    const process::SupervisorSettings worker = workerSettings(settings, plugins);
    process::ChildSpec spec;
    spec.program = worker.workerProgram;
    spec.plugins = plugins;
    spec.ports = ports;
    // As the ports: who asks for the plugins alone wants to know them whatever the settings make of them.
    if (!ports.isEmpty())
        spec.plan = worker.plan;
    spec.tablesFd = tables->descriptor();
    spec.bootTimeout = worker.startTimeout;
    spec.environment = worker.environment;
    spec.logLevels = base::LogLevels{base::LogLevel::Warning, {}};
    process::ChildProcess child(spec);

    std::optional<Result<ipc::HelloMessage>> outcome;
    QEventLoop loop;
    QObject::connect(&child, &process::ChildProcess::loaded, &loop, [&] {
        outcome = child.manifest();
        child.stop(leaveTimeout);
    });
    QObject::connect(&child, &process::ChildProcess::bootFailed, &loop, [&](const QString &reason) {
        if (!outcome)
            outcome = Error(Error::Invalid, reason);
    });
    QObject::connect(&child, &process::ChildProcess::exited, &loop, [&](const process::ChildExit &exit) {
        if (!outcome)
            outcome = Error(Error::Invalid, process::startFailure(child, exit));
        loop.quit();
    });
    if (const Result<void> begun = child.start(); !begun)
        return begun.error();
    loop.exec();
    return *outcome;
}

} // namespace Quern::app
