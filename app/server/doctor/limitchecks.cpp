#include "app/server/doctor/limitchecks.h"

#include "app/host/descriptorbudget.h"
#include "app/server/doctor/text.h"

#include <QLocale>

#include <cmath>

namespace Quern::app::doctor {

namespace {

/// What a worker takes with a plugin that keeps little; one of a running server is measured instead.
constexpr qint64 usualWorkerBytes = qint64(24) << 20;
/// What the master takes, clients aside.
constexpr qint64 masterBytes = qint64(48) << 20;
/// More workers than this for each core only make sense for handlers that wait nearly all the time.
constexpr int manyWorkersPerCore = 16;

QString shownBytes(qint64 bytes)
{
    return QLocale::c().formattedDataSize(bytes, 1, QLocale::DataSizeIecFormat);
}

Check openFiles(const config::Settings &settings, const Machine &machine, bool isRunning)
{
    const config::ServerSettings &server = settings.server;
    const QString name = QStringLiteral("open files");
    const std::optional<Machine::Limit> limit = machine.limit("Max open files");
    if (!limit)
        return warning(name, Text::tr("the kernel does not tell how many files may be open"),
                       Text::tr("look at \"ulimit -n\""));
    // A server that starts takes what it may.
    const qint64 allowed = isRunning ? limit->soft : limit->hard;
    const qint64 reserved = reservedDescriptors(settings);
    const qint64 wanted = wantedDescriptors(settings);
    const QString shown = allowed == Machine::unlimited ? Text::tr("any number of") : QString::number(allowed);
    if (allowed >= wanted)
        return well(name,
                    Text::tr("%1 may be open, and max_conn = %2 needs %3").arg(shown).arg(server.maxConn).arg(wanted));
    const QString raise =
        Text::tr("raise the limit: ulimit -n %1 before \"quern start\", or LimitNOFILE=%1 in its service").arg(wanted);
    if (allowed <= reserved)
        return error(name,
                     Text::tr("%1 may be open, and the server needs %2 without any client").arg(shown).arg(reserved),
                     raise);
    const int possible = possibleConnections(settings, allowed);
    return warning(name,
                   Text::tr("%1 may be open, enough for %2 connections; max_conn is %3")
                       .arg(shown)
                       .arg(possible)
                       .arg(server.maxConn),
                   Text::tr("%1; or write max_conn = %2").arg(raise).arg(possible));
}

Check backlog(const config::ServerSettings &server, const Machine &machine)
{
    const QString name = QStringLiteral("backlog");
    const std::optional<qint64> most = machine.kernelNumber(QStringLiteral("net/core/somaxconn"));
    if (most && *most < server.backlog) {
        return warning(
            name, Text::tr("backlog is %1, and net.core.somaxconn cuts it to %2").arg(server.backlog).arg(*most),
            Text::tr("sysctl -w net.core.somaxconn=%1; or write backlog = %2").arg(server.backlog).arg(*most));
    }
    // With SYN cookies the other queue does not turn anybody away.
    const std::optional<qint64> unfinished = machine.kernelNumber(QStringLiteral("net/ipv4/tcp_max_syn_backlog"));
    const bool hasCookies = machine.kernelNumber(QStringLiteral("net/ipv4/tcp_syncookies")).value_or(1) != 0;
    if (unfinished && !hasCookies && *unfinished < server.backlog) {
        return warning(name,
                       Text::tr("SYN cookies are off, and net.ipv4.tcp_max_syn_backlog is %1, below backlog = %2")
                           .arg(*unfinished)
                           .arg(server.backlog),
                       Text::tr("sysctl -w net.ipv4.tcp_syncookies=1"));
    }
    return well(name, most ? Text::tr("%1 for each socket; the kernel allows %2").arg(server.backlog).arg(*most)
                           : Text::tr("%1 for each socket").arg(server.backlog));
}

struct Cores
{
    int count = 1;
    QString shown;
};

/// The least of what affinity and control groups leave.
Cores coresOf(const Machine &machine)
{
    const int allowed = machine.cores().value_or(config::defaultWorkerNum());
    const std::optional<double> granted = machine.grantedCores();
    if (!granted || *granted >= allowed)
        return {allowed, Text::tr("%1 cores").arg(allowed)};
    return {std::max(1, int(std::ceil(*granted))),
            Text::tr("the time of %1 cores, of %2 (control group)").arg(*granted, 0, 'g', 3).arg(allowed)};
}

Check workers(const config::Settings &settings, const Cores &cores)
{
    const QString name = QStringLiteral("worker_num");
    const int workerNum = settings.server.workerNum;
    const QString usual = QStringLiteral("default");
    const bool isChosen = settings.origins.value(QStringLiteral("server.worker_num"), usual) != usual;
    const QString found = Text::tr("%1 for %2").arg(workerNum).arg(cores.shown);
    if ((!isChosen && workerNum > cores.count) || workerNum > manyWorkersPerCore * cores.count)
        return warning(name, found, Text::tr("write worker_num = %1").arg(cores.count));
    return well(name, found);
}

Check reactors(const config::Settings &settings, const Cores &cores)
{
    const QString name = QStringLiteral("reactor_num");
    const int reactorNum = settings.server.reactorNum;
    const QString found = Text::tr("%1 for %2").arg(reactorNum).arg(cores.shown);
    if (reactorNum > cores.count)
        return warning(name, found, Text::tr("write reactor_num = %1").arg(std::max(1, cores.count / 2)));
    return well(name, found);
}

Check memory(const config::ServerSettings &server, const Machine &machine, bool isRunning, qint64 measured)
{
    const QString name = QStringLiteral("memory");
    const std::optional<Machine::Memory> memory = machine.memory();
    if (!memory)
        return warning(name, Text::tr("the kernel does not tell how much memory there is"), Text::tr("mount /proc"));
    const qint64 workerBytes = measured > 0 ? measured : usualWorkerBytes;
    // A reload needs the workers twice. What a running server has is not in what the machine has left, and still is in
    // what its group allows.
    const bool isTakenAlready = isRunning && !memory->isOfGroup;
    const qint64 needed =
        server.workerNum * workerBytes * (isTakenAlready ? 1 : 2) + (isTakenAlready ? 0 : masterBytes);
    const QString found =
        Text::tr("%1 %2; needed are %3, with %4 workers of %5, and twice as many during a reload")
            .arg(shownBytes(memory->bytes),
                 memory->isOfGroup ? Text::tr("allowed (control group)") : Text::tr("available"), shownBytes(needed))
            .arg(server.workerNum)
            .arg(shownBytes(workerBytes));
    if (needed <= memory->bytes)
        return well(name, found);
    const qint64 possible = std::max<qint64>(1, (memory->bytes - masterBytes) / (2 * workerBytes));
    return warning(name, found,
                   server.workerNum > possible
                       ? Text::tr("write worker_num = %1, or give the server more memory").arg(possible)
                       : Text::tr("give the server more memory: MemoryMax= in its service, or more for this machine"));
}

/// For information: nobody needs core files.
Check coreFiles(const Machine &machine)
{
    const QString name = QStringLiteral("core files");
    const std::optional<Machine::Limit> limit = machine.limit("Max core file size");
    if (limit && limit->soft == 0)
        return well(name,
                    Text::tr("off; \"ulimit -c unlimited\" before the start lets a worker that crashes leave one"));
    const QByteArray pattern = machine.kernelText(QStringLiteral("kernel/core_pattern")).value_or("core");
    return well(name, Text::tr("a worker that crashes leaves one: %1").arg(QString::fromLocal8Bit(pattern)));
}

} // namespace

Checks limitChecks(const config::Settings &settings, const Machine &machine, bool isRunning, qint64 workerBytes)
{
    const Cores cores = coresOf(machine);
    return {openFiles(settings, machine, isRunning),
            backlog(settings.server, machine),
            workers(settings, cores),
            reactors(settings, cores),
            memory(settings.server, machine, isRunning, workerBytes),
            coreFiles(machine)};
}

} // namespace Quern::app::doctor
