#include "app/server/plugininspector.h"

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
    const process::SupervisorSettings worker = workerSettings(settings, plugins);
    process::ChildSpec spec;
    spec.program = worker.workerProgram;
    spec.plugins = plugins;
    spec.ports = ports;
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
