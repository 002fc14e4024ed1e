#include "watch/filewatch.h"

#include "watch/log.h"

#include <QTimerEvent>

#include <algorithm>
#include <utility>

namespace Quern::watch {

Q_LOGGING_CATEGORY(logWatch, "quern.watch", QtInfoMsg)

FileWatch::FileWatch(const Times &times, QObject *parent) : QObject(parent), m_times(times), m_events(this)
{
    connect(&m_events, &DirectoryEvents::happened, this, &FileWatch::eventHappened);
    connect(&m_events, &DirectoryEvents::lost, this, [this] { expect(m_times.quiet); });
}

void FileWatch::watch(const WatchPlan &plan)
{
    m_plan = plan;
    m_isLimitTold = false;
    m_seen = scan();
    FileStamps told = m_seen.files;
    for (auto before = m_told.constBegin(); before != m_told.constEnd(); ++before) {
        if (m_seen.concerns(before.key()))
            told.insert(before.key(), before.value());
    }
    m_told = std::move(told);
    if (!differences(m_seen).isEmpty())
        expect(m_times.settle);
}

void FileWatch::timerEvent(QTimerEvent *event)
{
    if (event->timerId() == m_poll.timerId() && !m_timer.isActive())
        look();
    if (event->timerId() != m_timer.timerId())
        return;
    m_timer.stop();
    look();
}

void FileWatch::eventHappened(const QString &path, DirectoryEvents::What what)
{
    if (!m_seen.concerns(path) || (m_plan.ignores(path) && !m_seen.entries.contains(path)))
        return;
    if (what == DirectoryEvents::What::Written)
        m_beingWritten.insert(path);
    else
        m_beingWritten.remove(path);
    expect(m_times.quiet);
}

void FileWatch::expect(std::chrono::milliseconds moment)
{
    if (!m_timer.isActive() && m_patience.hasExpired())
        m_patience.setRemainingTime(m_times.patience);
    // Somebody who writes without an end must not keep the others waiting.
    const std::chrono::milliseconds left(std::max<qint64>(m_patience.remainingTime(), 0));
    m_timer.start(int(std::min(moment, left).count()), this);
}

FileScan FileWatch::scan()
{
    FileScan scan = scanFiles(m_plan);
    if (!scan.isWhole && !std::exchange(m_isLimitTold, true)) {
        qCWarning(logWatch).noquote() << QStringLiteral("not everything is watched for changes: there are more than %1 "
                                                        "directories or %2 files; name fewer in reload.paths")
                                             .arg(FileScan::MostDirectories)
                                             .arg(FileScan::MostFiles);
    }
    const Result<void> watched = m_events.setDirectories(scan.directories());
    if (watched) {
        m_poll.stop();
    } else if (!m_poll.isActive()) {
        qCWarning(logWatch).noquote() << QStringLiteral("%1; files are looked at every %2 s instead")
                                             .arg(watched.error().message())
                                             .arg(std::chrono::duration<double>(m_times.poll).count());
        m_poll.start(int(m_times.poll.count()), this);
    }
    return scan;
}

void FileWatch::look()
{
    const QSet<QString> directories = m_seen.directories();
    FileScan now = scan();
    if (!now.isSure) {
        expect(m_times.poll);
        return;
    }
    const QStringList different = differences(now);
    QStringList complete;
    std::copy_if(different.begin(), different.end(), std::back_inserter(complete),
                 [&](const QString &file) { return isComplete(file, now); });
    // What a new directory got before it was watched has left no event.
    const bool isSettled = complete.size() == different.size() && now.directories() == directories;
    m_seen = std::move(now);
    if (!isSettled && !m_patience.hasExpired()) {
        expect(m_times.settle);
        return;
    }
    m_patience.setRemainingTime(0);
    for (const QString &file : std::as_const(complete)) {
        if (const auto stamp = m_seen.files.constFind(file); stamp != m_seen.files.constEnd())
            m_told.insert(file, *stamp);
        else
            m_told.remove(file);
    }
    if (!isSettled) {
        // Whoever has vanished without closing is not waited for again.
        m_beingWritten.clear();
        expect(m_times.settle);
    }
    if (!complete.isEmpty())
        Q_EMIT changed(complete);
}

QStringList FileWatch::differences(const FileScan &scan) const
{
    QStringList files;
    for (auto it = scan.files.constBegin(); it != scan.files.constEnd(); ++it) {
        const auto told = m_told.constFind(it.key());
        if (told == m_told.constEnd() || *told != *it)
            files.append(it.key());
    }
    for (auto it = m_told.constBegin(); it != m_told.constEnd(); ++it) {
        // One that is needed will come.
        if (!scan.files.contains(it.key()) && !m_plan.files.contains(it.key()))
            files.append(it.key());
    }
    files.sort();
    return files;
}

bool FileWatch::isComplete(const QString &file, const FileScan &scan) const
{
    const auto now = scan.files.constFind(file);
    const auto before = m_seen.files.constFind(file);
    if (now == scan.files.constEnd() || before == m_seen.files.constEnd())
        return now == scan.files.constEnd() && before == m_seen.files.constEnd();
    return *now == *before && !m_beingWritten.contains(file);
}

} // namespace Quern::watch
