#include "app/server/doctor/programchecks.h"

#include "app/server/doctor/text.h"
#include "base/sharedmemory.h"

#include <QDateTime>
#include <QFile>
#include <QFileInfo>
#include <QProcess>
#include <QStandardPaths>
#include <QVersionNumber>

#include <unistd.h>

#include <ctime>

namespace Quern::app::doctor {

namespace {

constexpr std::chrono::milliseconds versionPatience = std::chrono::seconds(5);

Check qtCheck()
{
    const QString name = QStringLiteral("Qt");
    const QString found =
        Text::tr("%1, built with %2").arg(QLatin1StringView(qVersion()), QLatin1StringView(QT_VERSION_STR));
    const QVersionNumber present = QVersionNumber::fromString(QLatin1StringView(qVersion()));
    if (present < QVersionNumber::fromString(QLatin1StringView(QT_VERSION_STR)))
        return error(name, found, Text::tr("install that Qt or a later one, or build Quern anew with this one"));
    return well(name, found);
}

Check sharedMemoryCheck()
{
    const QString name = QStringLiteral("shared memory");
    constexpr std::size_t size = 64 * 1024;
    const Result<base::SharedMemory> memory = base::SharedMemory::create("quern-doctor", size);
    if (!memory) {
        return error(name, memory.error().message(),
                     Text::tr("let the sandbox or container of the server permit memfd_create, ftruncate and mmap"));
    }
    return well(name, Text::tr("memfd works"));
}

Check clockCheck()
{
    const QString name = QStringLiteral("clock");
    timespec steady = {};
    if (::clock_gettime(CLOCK_MONOTONIC, &steady) != 0)
        return error(name, Text::tr("there is no monotonic clock"),
                     Text::tr("let the sandbox of the server permit clock_gettime"));
    const QDateTime now = QDateTime::currentDateTimeUtc();
    constexpr int yearOfThisProgram = 2025;
    if (now.date().year() < yearOfThisProgram) {
        return warning(name, Text::tr("it says %1").arg(now.toString(Qt::ISODate)),
                       Text::tr("set it: timedatectl set-ntp true; or date -s"));
    }
    return well(name, now.toString(Qt::ISODate));
}

Check timeZoneCheck(const QString &zoneInfo)
{
    const QString name = QStringLiteral("time zones");
    const QString chosen = QFile::decodeName(qgetenv("TZ"));
    if (!QFileInfo::exists(zoneInfo + QStringLiteral("/UTC")))
        return warning(name, Text::tr("%1 has no data: times are UTC").arg(zoneInfo),
                       QStringLiteral("apt-get install tzdata"));
    // A rule such as "CET-1CEST" names no file.
    const bool isName = chosen.contains(u'/') && !chosen.startsWith(u':');
    if (isName && !QFileInfo::exists(zoneInfo + u'/' + chosen)) {
        return warning(name, Text::tr("TZ names %1, of which there are no data: times are UTC").arg(chosen),
                       Text::tr("let TZ name a file below %1").arg(zoneInfo));
    }
    return well(name, Text::tr("local time is %1").arg(QDateTime::currentDateTime().timeZoneAbbreviation()));
}

} // namespace

Check workerProgramCheck(const QString &program, const QString &version)
{
    const QString name = QStringLiteral("quern-worker");
    const QString mend = Text::tr("install both programs from one build: cmake --install");
    if (!QFileInfo(program).isFile())
        return error(name, Text::tr("%1 is not there").arg(program), mend);
    if (::access(QFile::encodeName(program).constData(), X_OK) != 0)
        return error(name, Text::tr("this user may not execute %1").arg(program),
                     Text::tr("chmod 755 %1").arg(program));
    QProcess process;
    process.setStandardInputFile(QProcess::nullDevice());
    process.start(program, {QStringLiteral("--version")});
    if (!process.waitForFinished(int(versionPatience.count()))) {
        process.kill();
        process.waitForFinished(1000);
        return error(name, Text::tr("%1 cannot be run, or does not end: %2").arg(program, process.errorString()), mend);
    }
    const QString output = QString::fromLocal8Bit(process.readAllStandardOutput()).trimmed();
    const QString complaint = QString::fromLocal8Bit(process.readAllStandardError()).section(u'\n', 0, 0);
    if (process.exitStatus() != QProcess::NormalExit || process.exitCode() != 0)
        return error(name, Text::tr("%1 fails: %2").arg(program, complaint), mend);
    if (!output.startsWith(QStringLiteral("quern-worker %1,").arg(version)))
        return error(name, Text::tr("%1 is \"%2\", not of version %3").arg(program, output, version), mend);
    return well(name, output.mid(name.size() + 1));
}

Checks foundationChecks(const Machine &machine)
{
    return {qtCheck(), sharedMemoryCheck(), clockCheck(), timeZoneCheck(machine.roots().zoneInfo)};
}

Checks pluginChecks(const QList<PluginPlace> &plugins, const QStringList &installed)
{
    Checks checks;
    for (const PluginPlace &plugin : plugins) {
        const bool isInstalled = !plugin.name.isEmpty();
        const QString name =
            QStringLiteral("plugin ") + (isInstalled ? plugin.name : QFileInfo(plugin.file).fileName());
        if (!QFileInfo(plugin.file).isFile()) {
            checks.append(error(name, Text::tr("%1 is not there").arg(plugin.file),
                                isInstalled ? Text::tr("let name be one of these: %1; or write file = \"…\"")
                                                  .arg(installed.join(QStringLiteral(", ")))
                                            : Text::tr("build it, or correct its path in the settings")));
        } else if (::access(QFile::encodeName(plugin.file).constData(), R_OK) != 0) {
            checks.append(error(name, Text::tr("this user may not read %1").arg(plugin.file),
                                Text::tr("chmod 644 %1").arg(plugin.file)));
        } else {
            checks.append(well(name, plugin.file));
        }
    }
    return checks;
}

Checks jobProgramChecks(const QList<JobProgram> &jobs)
{
    Checks checks;
    for (const JobProgram &job : jobs) {
        if (!QStandardPaths::findExecutable(job.program).isEmpty())
            continue;
        const QString name = QStringLiteral("cron ") + job.job;
        const bool isPath = job.program.contains(u'/');
        if (isPath && QFileInfo(job.program).isFile())
            checks.append(warning(name, Text::tr("this user may not execute %1").arg(job.program),
                                  Text::tr("chmod +x %1").arg(job.program)));
        else
            checks.append(warning(name,
                                  isPath ? Text::tr("%1 is not there").arg(job.program)
                                         : Text::tr("no program is called %1 in PATH").arg(job.program),
                                  Text::tr("install it, or write its path in command")));
    }
    return checks;
}

} // namespace Quern::app::doctor
