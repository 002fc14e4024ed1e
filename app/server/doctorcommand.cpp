#include "app/server/doctorcommand.h"

#include "admin/protocol/methods.h"
#include "app/server/controlclient.h"
#include "app/server/doctor/certificatechecks.h"
#include "app/server/doctor/childchecks.h"
#include "app/server/doctor/folderchecks.h"
#include "app/server/doctor/limitchecks.h"
#include "app/server/doctor/listenchecks.h"
#include "app/server/doctor/programchecks.h"
#include "app/server/doctor/serverchecks.h"
#include "app/server/doctor/statechecks.h"
#include "app/server/doctor/text.h"
#include "app/server/installation.h"
#include "app/server/master.h"
#include "app/server/pidfile.h"
#include "app/server/plugininspector.h"
#include "app/server/portplan.h"
#include "app/server/settingscheck.h"
#include "app/server/tablesettings.h"
#include "app/server/tasksettings.h"
#include "app/server/terminal.h"
#include "app/server/tlssettings.h"
#include "app/server/tokenfile.h"

#include <QFileInfo>
#include <QJsonArray>
#include <QJsonObject>

#include <algorithm>

namespace Quern::app {

namespace {

using doctor::Check;
using doctor::Checks;
using doctor::Text;

doctor::ServerReport askServer(const config::Settings &settings)
{
    doctor::ServerReport report;
    report.pid = PidFile::holder(Master::pidPath(settings));
    if (!report.isRunning())
        return report;
    ControlClient client;
    const Result<void> connected = client.connectTo(Master::controlPath(settings));
    const Result<QJsonObject> answer = connected ? client.call(admin::Methods::serverStatus) : connected.error();
    report.status = answer ? admin::Status::fromJson(*answer) : answer.error();
    return report;
}

qint64 largestWorker(const doctor::ServerReport &report)
{
    qint64 largest = 0;
    if (report.isRunning() && report.status) {
        for (const admin::WorkerStatus &worker : report.status->workers)
            largest = std::max(largest, worker.rssBytes);
    }
    return largest;
}

QList<doctor::PluginPlace> enabledPlugins(const config::Settings &settings)
{
    QList<doctor::PluginPlace> places;
    for (const config::PluginSettings &plugin : settings.plugins) {
        if (plugin.enabled)
            places.append({plugin.name, plugin.file.isEmpty() ? installation::pluginFile(plugin.name) : plugin.file});
    }
    return places;
}

QList<doctor::JobProgram> jobPrograms(const config::Settings &settings)
{
    QList<doctor::JobProgram> programs;
    for (const config::CronSettings &job : settings.crons) {
        if (job.enabled && !job.command.isEmpty())
            programs.append({job.name, job.command.constFirst()});
    }
    return programs;
}

/// \a line is of what the plugins' worker says of a port.
bool isAboutPort(const QString &line, const QList<ipc::BootMessage::Port> &ports)
{
    return std::any_of(ports.begin(), ports.end(), [&line](const ipc::BootMessage::Port &port) {
        return line.startsWith(QStringLiteral("%1: socket \"%2\": ").arg(port.place, port.name));
    });
}

/// Whether the plugins can be loaded, all together, as a worker would, and register the handlers of \a ports.
Checks loadingChecks(const config::Settings &settings, const QList<ipc::BootMessage::Port> &ports)
{
    const QString name = QStringLiteral("loading plugins");
    const Result<QList<ipc::BootMessage::Plugin>> files = pluginFiles(settings);
    if (!files)
        return {}; // told already
    const Result<ipc::HelloMessage> manifest = inspectPlugins(*files, settings, ports);
    if (manifest)
        return {
            doctor::well(name, Text::tr("%1 load, with %2 routes").arg(files->size()).arg(manifest->routes.size()))};
    Checks checks;
    const QStringList lines = manifest.error().message().split(u'\n', Qt::SkipEmptyParts);
    for (const QString &line : lines) {
        if (isAboutPort(line, ports)) {
            checks.append(doctor::error(QStringLiteral("handlers"), line,
                                        Text::tr("correct the handler, or list the [[plugin]] that registers it")));
            continue;
        }
        checks.append(
            doctor::error(name, line,
                          Text::tr("mend that plugin, or switch it off by enabled = false; \"quern plugin check "
                                   "FILE\" tries it alone")));
    }
    return checks;
}

/// Of one that cannot be read there is nothing to say: nobody needs it.
QString unusedTasks(const config::Settings &settings)
{
    const Result<LeftTasks> left = leftTasks(settings);
    return left && !left->isEmpty() ? left->text() : QString();
}

Checks tokenChecks(const config::Settings &settings)
{
    const QString name = QStringLiteral("tokens");
    if (!settings.server.adminEnable)
        return {};
    const Result<void> checked = checkTokens(settings);
    if (!checked)
        return {doctor::error(name, checked.error().message(),
                              Text::tr("mend that file, or let admin.token_file name another"))};
    const QString file = tokenFile(settings);
    return {doctor::well(name, QFileInfo::exists(file) ? file : Text::tr("%1 will be made").arg(file))};
}

/// \a isRight: nothing in the file has been refused, so that the settings are those that it says.
Checks checksOf(const config::Settings &settings, bool isRight)
{
    const doctor::ServerReport report = askServer(settings);
    const qint64 pid = report.isRunning() ? *report.pid : 0;
    const Machine machine({}, pid);
    Checks checks = doctor::serverChecks(report, QCoreApplication::applicationVersion());
    checks += doctor::pluginChecks(enabledPlugins(settings), installation::pluginNames());
    checks += loadingChecks(settings, isRight ? bootPorts(settings) : QList<ipc::BootMessage::Port>());
    checks += doctor::jobProgramChecks(jobPrograms(settings));
    checks += doctor::listenChecks(settings, machine, pid);
    checks += doctor::certificateChecks(certificateReports(settings));
    checks += doctor::folderChecks(settings.server);
    checks += doctor::childChecks(settings.server, filesOfMaster(settings));
    checks += tokenChecks(settings);
    // A server that runs has its tables already.
    checks += doctor::stateChecks(pid > 0 ? Result<void>() : checkTableMemoryHere(settings),
                                  tryTaskDatabase(settings, pid > 0), unusedTasks(settings));
    checks += doctor::limitChecks(settings, machine, pid > 0, largestWorker(report));
    return checks;
}

/// Each problem of the file is an error of its own. The line says what to write.
Checks settingsErrors(const Error &problems)
{
    Checks checks;
    const QStringList lines = problems.message().split(u'\n', Qt::SkipEmptyParts);
    for (const QString &line : lines)
        checks.append(doctor::error(QStringLiteral("settings"), line,
                                    Text::tr("correct the settings; \"quern config --check\" looks at them alone")));
    return checks;
}

Check settingsFound(const config::Settings &settings)
{
    const QString file = settings.filePath;
    return doctor::well(QStringLiteral("settings"), file.isEmpty() ? Text::tr("no file: the defaults hold") : file);
}

Checks examine(const SettingsReader &readSettings)
{
    Result<config::Settings> settings = readSettings(config::Purpose::StartServer);
    Checks checks = settings ? Checks{settingsFound(*settings)} : settingsErrors(settings.error());
    checks.append(doctor::workerProgramCheck(installation::workerProgram(), QCoreApplication::applicationVersion()));
    checks += doctor::foundationChecks(Machine());
    const bool isRight = settings.ok();
    // What is wrong in the file has its default for the other checks.
    if (!isRight)
        settings = readSettings(config::Purpose::FindServer);
    if (settings)
        checks += checksOf(*settings, isRight);
    std::stable_sort(checks.begin(), checks.end(),
                     [](const Check &a, const Check &b) { return a.outcome < b.outcome; });
    return checks;
}

qsizetype countOf(const Checks &checks, Check::Outcome outcome)
{
    return std::count_if(checks.begin(), checks.end(),
                         [outcome](const Check &check) { return check.outcome == outcome; });
}

QString summaryOf(qsizetype errors, qsizetype warnings)
{
    if (errors == 0 && warnings == 0)
        return Text::tr("All is well.");
    if (errors == 0)
        return Text::tr("Nothing keeps the server from serving; warnings: %1.").arg(warnings);
    return Text::tr("The server cannot start, or cannot serve, as it is: errors: %1, warnings: %2.")
        .arg(errors)
        .arg(warnings);
}

QLatin1StringView outcomeName(Check::Outcome outcome)
{
    using namespace Qt::Literals::StringLiterals;
    switch (outcome) {
    case Check::Outcome::Ok:
        return "ok"_L1;
    case Check::Outcome::Warning:
        return "warning"_L1;
    case Check::Outcome::Error:
        return "error"_L1;
    }
    Q_UNREACHABLE();
}

void printLines(const Checks &checks, const QString &summary)
{
    qsizetype width = 0;
    for (const Check &check : checks)
        width = std::max(width, check.name.size());
    for (const Check &check : checks) {
        terminal::say(QStringLiteral("%1  %2  %3")
                          .arg(outcomeName(check.outcome), -7)
                          .arg(check.name.leftJustified(width), check.found));
        if (!check.mend.isEmpty())
            terminal::say(QString(width + 11, u' ') + QStringLiteral("→ ") + check.mend);
    }
    terminal::say(u'\n' + summary);
}

void printJson(const Checks &checks, const QString &summary)
{
    QJsonArray list;
    for (const Check &check : checks) {
        list.append(QJsonObject{{QStringLiteral("name"), check.name},
                                {QStringLiteral("outcome"), outcomeName(check.outcome)},
                                {QStringLiteral("found"), check.found},
                                {QStringLiteral("mend"), check.mend}});
    }
    const QJsonObject report = {{QStringLiteral("checks"), list}, {QStringLiteral("summary"), summary}};
    terminal::sayJson(report);
}

} // namespace

int runDoctor(const SettingsReader &readSettings, bool json)
{
    const Checks checks = examine(readSettings);
    const qsizetype errors = countOf(checks, Check::Outcome::Error);
    const QString summary = summaryOf(errors, countOf(checks, Check::Outcome::Warning));
    if (json)
        printJson(checks, summary);
    else
        printLines(checks, summary);
    return errors == 0 ? 0 : 1;
}

} // namespace Quern::app
