#include "watch/filewatch.h"

#include "watch/filenames.h"
#include "watch/log.h"

#include <QTimerEvent>

#include <algorithm>
#include <tuple>
#include <utility>

namespace Quern::watch {

Q_LOGGING_CATEGORY(logWatch, "quern.watch", QtInfoMsg)

namespace {

QString seconds(std::chrono::milliseconds time)
{
    return QString::number(std::chrono::duration<double>(time).count());
}

/// Without those that lie in others of them.
QStringList outermost(const QStringList &directories)
{
    QStringList outer;
    for (const QString &directory : directories) {
        if (std::none_of(outer.begin(), outer.end(),
                         [&](const QString &each) { return directory.startsWith(each + u'/'); }))
            outer.append(directory);
    }
    return outer;
}

} // namespace

FileWatch::FileWatch(const Times &times, WatchSystem system, QObject *parent)
    : QObject(parent)
    , m_times(times)
    , m_events(system.events.release())
    , m_test(m_events, times.test, std::move(system.fileSystemOf), this)
{
    m_events->setParent(this);
    connect(m_events, &DirectoryEvents::happened, this, &FileWatch::eventHappened);
    connect(m_events, &DirectoryEvents::lost, this, [this] { expect(m_times.quiet); });
    connect(&m_test, &EventTest::ended, this, &FileWatch::testEnded);
}

void FileWatch::watch(const WatchPlan &plan)
{
    m_plan = plan;
    m_isLimitTold = false;
    m_seen = scan();
    FileStamps told = m_seen.files;
    for (auto before = m_told.constBegin(); before != m_told.constEnd(); ++before) {
        if (concerns(before.key()))
            told.insert(before.key(), before.value());
    }
    m_told = std::move(told);
    if (!differences(m_seen).isEmpty())
        expect(m_times.settle);
}

bool FileWatch::concerns(const QString &path, bool isDirectory) const
{
    if (m_seen.entries.contains(path))
        return true;
    return m_seen.reaches(path) && (isDirectory ? m_plan.takesDirectory(path) : m_plan.takesFile(path));
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
    if (!concerns(path, what == DirectoryEvents::What::Directory))
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
                                                        "directories or %2 files; name fewer in reload.paths, or "
                                                        "leave some out by reload.excluded_dirs")
                                             .arg(FileScan::MostDirectories)
                                             .arg(FileScan::MostFiles);
    }
    const QSet<QString> directories = scan.directories();
    m_test.setDirectories(directories, m_plan.own);
    const Result<void> watched = m_events->setDirectories(directories + m_test.furtherDirectories());
    if (watched)
        m_test.begin();
    else if (m_isWatched)
        qCWarning(logWatch).noquote() << QStringLiteral("%1; files are looked at every %2 s instead")
                                             .arg(watched.error().message(), seconds(m_times.poll));
    m_isWatched = bool(watched);
    startPoll();
    return scan;
}

void FileWatch::startPoll()
{
    const bool isPolling =
        !m_isWatched || m_test.has(EventTest::Outcome::Silent) || m_test.has(EventTest::Outcome::Shared);
    std::chrono::milliseconds interval(0);
    if (isPolling)
        interval = m_times.poll;
    else if (m_test.has(EventTest::Outcome::Believed))
        interval = m_times.slowPoll;
    if (std::exchange(m_pollInterval, interval) != interval) {
        m_poll.stop();
        if (interval.count() > 0)
            m_poll.start(int(interval.count()), this);
    }
    if (std::exchange(m_isPolling, isPolling) != isPolling)
        Q_EMIT pollingChanged(isPolling);
}

void FileWatch::testEnded()
{
    const QList<EventTest::Place> news = m_test.takeNews();
    for (const EventTest::Place &place : news) {
        if (m_plan.isLogged)
            qCInfo(logWatch).noquote() << outcomeText(place);
    }
    // Those that were watched for the test alone are watched no more.
    std::ignore = m_events->setDirectories(m_seen.directories());
    startPoll();
}

QString FileWatch::outcomeText(const EventTest::Place &place) const
{
    // Others are watched as well, for what lies in them may be replaced as a whole.
    QSet<QString> holders = m_seen.trees;
    for (auto file = m_seen.files.constBegin(); file != m_seen.files.constEnd(); ++file)
        holders.insert(directoryOf(file.key()));
    QStringList directories;
    std::copy_if(place.directories.begin(), place.directories.end(), std::back_inserter(directories),
                 [&holders](const QString &directory) { return holders.contains(directory); });
    const QString names = namesOf(outermost(directories.isEmpty() ? place.directories : directories));
    switch (place.outcome) {
    case EventTest::Outcome::Shared:
        return QStringLiteral("looked at every %1 s: %2 (%3: no event tells of what is changed elsewhere)")
            .arg(seconds(m_times.poll), names, place.system.sharedType);
    case EventTest::Outcome::Silent:
        return QStringLiteral("looked at every %1 s: %2 (no event has told of the test file %3 within %4 s)")
            .arg(seconds(m_times.poll), names, place.file, seconds(m_times.test));
    case EventTest::Outcome::Believed:
        return QStringLiteral("watched by events, and looked at every %1 s: %2 (no file can be made there to try them)")
            .arg(seconds(m_times.slowPoll), names);
    default:
        return QStringLiteral("watched by events: %1").arg(names);
    }
}

bool FileWatch::isPolled(const QString &file, const FileScan &scan) const
{
    // A link may lead to another file system than its own.
    const auto stamp = scan.files.constFind(file);
    return !m_isWatched || m_test.isPolled(directoryOf(file)) ||
           (stamp != scan.files.constEnd() && m_test.isPolled(stamp->device));
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
    QHash<QString, QDeadlineTimer> steady;
    std::chrono::milliseconds moment = m_times.poll;
    for (const QString &file : different) {
        const QDeadlineTimer each = steadyBy(file, now);
        if (each.hasExpired() && !m_beingWritten.contains(file))
            complete.append(file);
        else
            moment = std::min(moment, std::max(m_times.settle, std::chrono::milliseconds(each.remainingTime())));
        steady.insert(file, each);
    }
    m_steady = std::move(steady);
    // What a new directory got before it was watched has left no event.
    const bool isSettled = complete.size() == different.size() && now.directories() == directories;
    if (now.directories() != directories)
        moment = m_times.settle;
    m_seen = std::move(now);
    if (!isSettled && !m_patience.hasExpired()) {
        expect(moment);
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
        expect(moment);
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

QDeadlineTimer FileWatch::steadyBy(const QString &file, const FileScan &scan) const
{
    const auto now = scan.files.constFind(file);
    const auto before = m_seen.files.constFind(file);
    const bool isThere = now != scan.files.constEnd();
    const bool wasThere = before != m_seen.files.constEnd();
    if (isThere != wasThere || (isThere && *now != *before))
        return QDeadlineTimer(isPolled(file, scan) ? m_times.poll : m_times.settle);
    return m_steady.value(file);
}

} // namespace Quern::watch
