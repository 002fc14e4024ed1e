#include "app/server/terminal.h"

#include <QCoreApplication>
#include <QJsonDocument>
#include <QLocale>

#include <algorithm>
#include <cstdio>

using namespace Qt::Literals::StringLiterals;

namespace Quern::app::terminal {

namespace {

QString tr(const char *text)
{
    return QCoreApplication::translate("Quern::app::terminal", text);
}

QString stateName(admin::WorkerStatus::State state)
{
    switch (state) {
    case admin::WorkerStatus::State::Starting:
        return tr("starting");
    case admin::WorkerStatus::State::Ready:
        return tr("ready");
    case admin::WorkerStatus::State::Draining:
        return tr("draining");
    case admin::WorkerStatus::State::Waiting:
        return tr("waiting");
    case admin::WorkerStatus::State::Fatal:
        break;
    }
    return tr("FATAL");
}

QString duration(std::chrono::milliseconds time)
{
    const qint64 seconds = std::chrono::duration_cast<std::chrono::seconds>(time).count();
    if (seconds < 60)
        return QStringLiteral("%1 s").arg(seconds);
    if (seconds < 3600)
        return QStringLiteral("%1 min %2 s").arg(seconds / 60).arg(seconds % 60);
    return QStringLiteral("%1 h %2 min").arg(seconds / 3600).arg(seconds % 3600 / 60);
}

/// What a worker has begun is shown from this age on.
bool takesLong(const admin::WorkerStatus &worker)
{
    return worker.oldest > std::chrono::seconds(1);
}

QString workerLine(const QString &who, const admin::WorkerStatus &worker)
{
    QString line = QStringLiteral("  %1 %2 %3 %4 %5 %6 %7 %8")
                       .arg(who)
                       .arg(worker.pid, 8)
                       .arg(worker.generation, 10)
                       .arg(stateName(worker.state), -9)
                       .arg(worker.inFlight, 9)
                       .arg(worker.requests, 12)
                       .arg(QLocale::c().formattedDataSize(worker.rssBytes, 1, QLocale::DataSizeIecFormat), 10)
                       .arg(worker.successions(), 8);
    QStringList notes;
    if (!worker.lastExit.isEmpty())
        notes << worker.lastExit;
    if (takesLong(worker))
        notes << tr("oldest for %1").arg(duration(worker.oldest));
    if (takesLong(worker) && !worker.work.isEmpty())
        notes << tr("runs %1").arg(printable(worker.work));
    if (!notes.isEmpty())
        line += QStringLiteral("  ") + notes.join(QStringLiteral("; "));
    return line;
}

/// "1234.5 requests/s and 3.0 new connections/s over 10 s, no errors".
QString rateLine(const admin::Rates &rates)
{
    const auto number = [](double value) { return QString::number(value, 'f', value < 100 ? 1 : 0); };
    return tr("Over the last %1: %2 requests/s, %3 new connections/s, %4 errors/s")
        .arg(duration(rates.window), number(rates.requests), number(rates.connections), number(rates.errors));
}

/// When there are many, those that are busy or not as they should be come first, and the rest is counted.
QStringList workerLines(const QList<admin::WorkerStatus> &workers)
{
    constexpr qsizetype mostLines = 10;
    QStringList lines = {tr("  worker      pid generation state     in flight     requests     memory restarts  last "
                            "exit, what takes long")};
    QList<admin::WorkerStatus> shown = workers;
    if (workers.size() > mostLines) {
        const auto isUnusual = [](const admin::WorkerStatus &worker) {
            return worker.state != admin::WorkerStatus::State::Ready || worker.restarts > 0 || worker.inFlight > 0 ||
                   takesLong(worker);
        };
        std::stable_partition(shown.begin(), shown.end(), isUnusual);
        shown.resize(mostLines);
    }
    for (const admin::WorkerStatus &worker : std::as_const(shown))
        lines << workerLine(QString::number(worker.id).rightJustified(6), worker);
    if (workers.size() > shown.size())
        lines << tr("  and %1 more; --json shows them all").arg(workers.size() - shown.size());
    return lines;
}

/// Task workers, timer and custom processes.
QStringList processLines(const QList<admin::WorkerStatus> &processes)
{
    if (processes.isEmpty())
        return {};
    qsizetype width = 7;
    for (const admin::WorkerStatus &process : processes)
        width = std::max(width, process.name.size());
    QStringList lines = {
        u"  "_s + tr("process").leftJustified(width) +
        tr("      pid generation state     in flight         done     memory restarts  last exit, what takes long")};
    for (const admin::WorkerStatus &process : processes)
        lines << workerLine(process.name.leftJustified(width), process);
    return lines;
}

/// What is wrong with kinds of children, and which have a size of their own choice.
QStringList poolLines(const QList<admin::PoolStatus> &pools)
{
    QStringList lines;
    for (const admin::PoolStatus &pool : pools) {
        if (pool.state != admin::PoolStatus::State::Ok) {
            const QString text = pool.state == admin::PoolStatus::State::Failed
                                     ? tr("FAILED: %1, %2 of %3 ready: %4")
                                     : tr("Degraded: %1, %2 of %3 ready: %4");
            lines << text.arg(pool.name).arg(pool.ready).arg(pool.size).arg(printable(pool.reason));
        }
        if (pool.most > pool.least)
            lines << tr("There are %1 %2, between %3 and %4 as they are needed")
                         .arg(pool.size)
                         .arg(pool.name)
                         .arg(pool.least)
                         .arg(pool.most);
    }
    constexpr qsizetype mostLines = 4;
    const qsizetype more = lines.size() - mostLines;
    if (more > 1) {
        lines.resize(mostLines);
        lines << tr("And %1 more; --json shows them all").arg(more);
    }
    return lines;
}

QString localTime(const QDateTime &time)
{
    return time.toLocalTime().toString(u"yyyy-MM-dd HH:mm:ss"_s);
}

QString cronState(const admin::CronJobStatus &job)
{
    if (job.running > 0)
        return tr("running");
    if (job.stopped)
        return tr("stopped");
    if (job.paused)
        return tr("paused");
    return job.next ? localTime(*job.next) : tr("never");
}

QStringList cronLines(const QList<admin::CronJobStatus> &jobs)
{
    if (jobs.isEmpty())
        return {};
    qsizetype width = 4;
    qsizetype scheduleWidth = 8;
    for (const admin::CronJobStatus &job : jobs) {
        width = std::max(width, job.name.size());
        scheduleWidth = std::max(scheduleWidth, job.schedule.size());
    }
    QStringList lines = {
        QString(), u"  "_s + tr("cron").leftJustified(width) + u' ' + tr("schedule").leftJustified(scheduleWidth) +
                       tr(" next                last run                 took     runs failed skipped")};
    for (const admin::CronJobStatus &job : jobs) {
        const QString last = job.last ? localTime(*job.last) : u"-"_s;
        const QString took = job.last ? u"%1 ms"_s.arg(double(job.durationUs) / 1000, 0, 'f', 1) : u"-"_s;
        QString line =
            u"  %1 %2 %3 %4 %5 %6 %7 %8"_s.arg(job.name.leftJustified(width), job.schedule.leftJustified(scheduleWidth))
                .arg(cronState(job), -19)
                .arg(last, -19)
                .arg(took, 10)
                .arg(job.runs, 8)
                .arg(job.failures, 6)
                .arg(job.skipped, 7);
        if (!job.error.isEmpty())
            line += u"  "_s + job.error;
        lines << line;
    }
    return lines;
}

QString reactorLine(const QString &who, const admin::ReactorStatus &reactor)
{
    return tr("%1: %2 connections, %3 requests taken, %4 waiting for a worker")
        .arg(who)
        .arg(reactor.connections)
        .arg(reactor.requests)
        .arg(reactor.queued);
}

QStringList reactorLines(const QList<admin::ReactorStatus> &reactors)
{
    constexpr qsizetype mostLines = 3;
    QStringList lines;
    admin::ReactorStatus sum;
    for (const admin::ReactorStatus &reactor : reactors) {
        lines << reactorLine(tr("Reactor %1").arg(reactor.id), reactor);
        sum.connections += reactor.connections;
        sum.requests += reactor.requests;
        sum.queued += reactor.queued;
    }
    return lines.size() <= mostLines ? lines : QStringList(reactorLine(tr("%1 reactors").arg(reactors.size()), sum));
}

double shareOf(qint64 part, qint64 whole)
{
    return whole > 0 ? double(part) / double(whole) : 0;
}

QString bytes(qint64 count)
{
    return QLocale::c().formattedDataSize(count, 1, QLocale::DataSizeIecFormat);
}

double fillOf(const admin::TableStatus &table)
{
    return shareOf(table.rows, table.size);
}

QString fillLine(const admin::TableStatus &table)
{
    return tr("Table %1: %2 of %3 rows (%4 %), %5")
        .arg(table.name)
        .arg(table.rows)
        .arg(table.size)
        .arg(100.0 * fillOf(table), 0, 'f', 1)
        .arg(bytes(table.memory));
}

double fillOf(const admin::ChannelStatus &channel)
{
    return std::max(shareOf(channel.queueItems, channel.queueCapacity),
                    shareOf(std::max(channel.inputBytes, channel.outputBytes), channel.pipeCapacity));
}

QString fillLine(const admin::ChannelStatus &channel)
{
    QStringList parts;
    if (channel.queueCapacity > 0)
        parts << tr("%1 of %2 items in its queue").arg(channel.queueItems).arg(channel.queueCapacity);
    if (channel.pipeCapacity > 0)
        parts << tr("%1 to it and %2 from it in its pipe, of %3")
                     .arg(bytes(channel.inputBytes), bytes(channel.outputBytes), bytes(channel.pipeCapacity));
    if (channel.printedLost > 0)
        parts << tr("%1 that it printed are lost").arg(bytes(channel.printedLost));
    return tr("Process %1: %2").arg(channel.process, parts.join(QStringLiteral("; ")));
}

/// When there are many, the fullest ones come first, and the rest is counted in the words of \a rest.
template <typename Entry>
QStringList fillLines(QList<Entry> shown, const char *rest)
{
    constexpr qsizetype mostLines = 3;
    const qsizetype count = shown.size();
    if (count > mostLines) {
        std::stable_sort(shown.begin(), shown.end(),
                         [](const Entry &one, const Entry &other) { return fillOf(one) > fillOf(other); });
        shown.resize(mostLines);
    }
    QStringList lines;
    for (const Entry &entry : std::as_const(shown))
        lines << fillLine(entry);
    if (count > shown.size())
        lines.last() += tr(rest).arg(count - shown.size());
    return lines;
}

} // namespace

void say(const QString &text)
{
    std::fputs((text + u'\n').toLocal8Bit().constData(), stdout);
    std::fflush(stdout);
}

bool wroteAll()
{
    return std::fflush(stdout) == 0 && std::ferror(stdout) == 0;
}

void sayJson(const QJsonObject &object)
{
    say(QString::fromUtf8(QJsonDocument(object).toJson(QJsonDocument::Indented)).trimmed());
}

void complain(const QString &text)
{
    std::fputs((QStringLiteral("quern: ") + printable(text) + u'\n').toLocal8Bit().constData(), stderr);
}

QString printable(const QString &text)
{
    QString out;
    for (const QChar c : text) {
        const bool isControl = (c.unicode() < 0x20 && c != u'\n') || (c.unicode() >= 0x7f && c.unicode() < 0xa0);
        if (isControl)
            out += QStringLiteral("\\x%1").arg(c.unicode(), 2, 16, QLatin1Char('0'));
        else
            out += c;
    }
    return out;
}

QStringList taskLines(const admin::TaskStatus &tasks)
{
    QStringList lines = {tr("  tasks        queued    delayed    running dead letters")};
    for (const admin::TaskStoreStatus &store : tasks.stores) {
        lines << QStringLiteral("  %1 %2 %3 %4 %5")
                     .arg(store.name, -8)
                     .arg(store.queued, 10)
                     .arg(store.delayed, 10)
                     .arg(store.running, 10)
                     .arg(store.dead, 12);
    }
    lines << tr("Tasks and events delivered %1, refused %2, done %3, tries that failed %4, tried again %5, given up %6")
                 .arg(tasks.delivered)
                 .arg(tasks.refused)
                 .arg(tasks.done)
                 .arg(tasks.failed)
                 .arg(tasks.retried)
                 .arg(tasks.buried);
    if (!tasks.failure.isEmpty())
        lines << tr("Durable tasks cannot be kept: %1").arg(printable(tasks.failure));
    return lines;
}

QString cronText(const QList<admin::CronJobStatus> &jobs)
{
    return cronLines(jobs).mid(1).join(u'\n');
}

QString statusText(const admin::Status &status)
{
    QStringList lines;
    lines << status.sentence;
    lines << tr("Quern %1, pid %2, up %3, generation %4")
                 .arg(status.version)
                 .arg(status.pid)
                 .arg(duration(status.uptime))
                 .arg(status.generation);
    lines << tr("Settings: %1").arg(status.configFile.isEmpty() ? tr("defaults") : status.configFile);
    QStringList plugins;
    for (const admin::PluginStatus &plugin : status.plugins)
        plugins.append(plugin.name + u' ' + plugin.version);
    lines << tr("Plugins: %1").arg(plugins.join(QStringLiteral(", ")));
    lines << tr("Listening on %1").arg(status.listeners.join(QStringLiteral(", ")));
    if (!status.api.isEmpty())
        lines << tr("Management API at %1").arg(status.api.join(QStringLiteral(", ")));
    if (status.watching)
        lines << (status.polling ? tr("Files are watched, some by looking at them again and again: a change of them "
                                      "reloads the server")
                                 : tr("Files are watched: a change of them reloads the server"));
    if (!status.reloadFailure.isEmpty())
        lines << tr("The last reload failed: %1").arg(printable(status.reloadFailure));
    for (const admin::Rates &rates : status.rates)
        lines << rateLine(rates);
    lines << poolLines(status.pools);
    lines << QString() << workerLines(status.workers) << processLines(status.processes) << cronLines(status.cron)
          << QString();
    lines << reactorLines(status.reactors)
          << fillLines(status.tables,
                       QT_TRANSLATE_NOOP("Quern::app::terminal", ", and %1 tables more; --json shows them all"))
          << fillLines(status.channels,
                       QT_TRANSLATE_NOOP("Quern::app::terminal", ", and %1 processes more; --json shows them all"));
    const admin::Totals &totals = status.totals;
    lines << tr("Refused (503) %1, worker died (502) %2, too late (504) %3, run again %4, given to another worker %5")
                 .arg(totals.refused)
                 .arg(totals.failed)
                 .arg(totals.timedOut)
                 .arg(totals.retried)
                 .arg(totals.redispatched);
    lines << tr("Events of connections %1, given to another worker %2, lost %3")
                 .arg(totals.events)
                 .arg(totals.eventsMoved)
                 .arg(totals.eventsLost);
    if (totals.messages + totals.messagesRefused > 0)
        lines << tr("Messages between processes %1, refused %2").arg(totals.messages).arg(totals.messagesRefused);
    const auto isEmpty = [](const admin::TaskStoreStatus &store) {
        return store.queued + store.delayed + store.running + store.dead == 0;
    };
    const QList<admin::TaskStoreStatus> &stores = status.tasks.stores;
    if (status.tasks.delivered + status.tasks.refused > 0 || !std::all_of(stores.begin(), stores.end(), isEmpty))
        lines << QString() << taskLines(status.tasks);
    return lines.join(u'\n');
}

} // namespace Quern::app::terminal
