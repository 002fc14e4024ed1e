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
    connect(m_events, &DirectoryEvents::lost, this, [this] {
        m_writers.clear();
        expect(m_times.quiet);
    });
    connect(&m_test, &EventTest::ended, this, &FileWatch::testEnded);
}

void FileWatch::watch(const WatchPlan &plan)
{
    if (m_isKnown)
        m_planBefore = m_names;
    m_plan = plan;
    m_isKnown = false;
    m_isLimitTold = false;
    know();
}

void FileWatch::know()
{
    FileScan now = scan();
    if (!now.isSure) {
        expect(m_times.poll);
        return;
    }
    m_isKnown = true;
    FileStamps told;
    for (auto file = now.files.constBegin(); file != now.files.constEnd(); ++file) {
        // What has been watched is as it has been told, and not as it is.
        if (!m_seen.covers(file.key(), m_planBefore))
            told.insert(file.key(), file.value());
    }
    m_unknown = {now.unsure.keyBegin(), now.unsure.keyEnd()};
    m_seen = std::move(now);
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
    if (m_seen.entries.contains(path) || m_seen.passed.contains(path) || m_seen.trees.contains(path))
        return true;
    return m_seen.reaches(path) && (isDirectory ? m_names.takesDirectory(path) : m_names.takesFile(path));
}

void FileWatch::timerEvent(QTimerEvent *event)
{
    if (event->timerId() == m_poll.timerId() && !m_timer.isActive())
        look();
    if (event->timerId() != m_timer.timerId())
        return;
    m_timer.stop();
    m_isBurst = false;
    look();
}

void FileWatch::eventHappened(const QString &path, DirectoryEvents::What what)
{
    if (!concerns(path, what == DirectoryEvents::What::Directory))
        return;
    m_writers.heard(path, what);
    const auto now = std::chrono::steady_clock::now();
    if (m_timer.isActive() && m_lookAt <= now + m_times.quiet && isLate(path))
        return; // who writes without an end puts nothing off
    if (!m_isBurst)
        m_burstEnd = now + m_times.poll;
    m_isBurst = true;
    expect(std::min(m_times.quiet, std::chrono::ceil<std::chrono::milliseconds>(m_burstEnd - now)));
}

bool FileWatch::isLate(const QString &path) const
{
    const auto isIt = [&](const QString &file) { return file == path || m_seen.ends.value(file) == path; };
    for (auto late = m_late.constBegin(); late != m_late.constEnd(); ++late) {
        if (late->deadline.hasExpired() && isIt(late.key()))
            return true;
    }
    return false;
}

void FileWatch::expect(std::chrono::milliseconds moment)
{
    moment = std::max(moment, std::chrono::milliseconds(0));
    m_lookAt = std::chrono::steady_clock::now() + moment;
    m_timer.start(int(moment.count()), this);
}

FileScan FileWatch::scan()
{
    m_names = withEveryName(m_plan);
    FileScan scan = scanFiles(m_names, m_test.sharedDevices(), {m_steady.keyBegin(), m_steady.keyEnd()});
    if (!scan.isSure)
        return scan;
    scan.keep(m_seen);
    if (!scan.isWhole && !std::exchange(m_isLimitTold, true)) {
        qCWarning(logWatch).noquote() << QStringLiteral("not everything is watched for changes: there are more than %1 "
                                                        "directories or %2 files; name fewer in reload.paths, or "
                                                        "leave some out by reload.excluded_dirs")
                                             .arg(FileScan::MostDirectories)
                                             .arg(FileScan::MostFiles);
    }
    const QSet<QString> directories = scan.directories();
    m_test.setDirectories(directories, m_plan.own);
    const Result<void> watched = m_events->setDirectories(directories + m_test.furtherDirectories(), scan.ancestors());
    m_writers.keepIn(directories);
    if (watched)
        m_test.begin();
    else if (m_isWatched)
        qCWarning(logWatch).noquote() << QStringLiteral("%1; files are looked at every %2 s instead")
                                             .arg(watched.error().message(), seconds(m_times.poll));
    m_isWatched = bool(watched);
    tellExceptions(scan);
    startPoll();
    return scan;
}

QHash<QString, QString> FileWatch::deafIn(const FileScan &scan) const
{
    QHash<QString, QString> deaf;
    const QHash<QString, QString> &unwatched = m_events->unwatched();
    for (auto directory = unwatched.constBegin(); directory != unwatched.constEnd(); ++directory) {
        if (!scan.isUnsure(directory.key()))
            deaf.insert(directory.key(), directory.value());
    }
    for (const QString &file : scan.mounted)
        deaf.insert(file, QStringLiteral("it is mounted by itself: events of its changes go elsewhere"));
    if (!scan.hasAllLinks)
        deaf.insert(
            QStringLiteral("where further links lead"),
            QStringLiteral("there are more than %1 in the directories of reload.paths").arg(FileScan::MostLinks));
    return deaf;
}

void FileWatch::tellExceptions(const FileScan &scan)
{
    QStringList unsure;
    for (auto path = scan.unsure.constBegin(); path != scan.unsure.constEnd(); ++path) {
        if (!m_unsure.contains(path.key()))
            unsure.append(path.key());
    }
    unsure.sort();
    if (!unsure.isEmpty())
        qCWarning(logWatch).noquote() << QStringLiteral(
                                             "changes of %1 cannot be seen: %2; it is tried again every %3 s")
                                             .arg(namesOf(unsure), scan.unsure.value(unsure.constFirst()),
                                                  seconds(m_times.poll));
    m_unsure = {scan.unsure.keyBegin(), scan.unsure.keyEnd()};
    const QHash<QString, QString> deaf = deafIn(scan);
    for (auto path = deaf.constBegin(); path != deaf.constEnd(); ++path) {
        if (m_plan.isLogged && !m_deaf.contains(path.key()))
            qCInfo(logWatch).noquote()
                << QStringLiteral("looked at every %1 s: %2 (%3)").arg(seconds(m_times.poll), path.key(), path.value());
    }
    m_deaf = deaf;
}

void FileWatch::startPoll()
{
    const bool isPolling = !m_isWatched || !m_deaf.isEmpty() || !m_unsure.isEmpty() ||
                           m_test.has(EventTest::Outcome::Silent) || m_test.has(EventTest::Outcome::Shared);
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
    std::ignore = m_events->setDirectories(m_seen.directories(), m_seen.ancestors());
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
    const QString directory = directoryOf(scan.ends.value(file, file));
    const auto stamp = scan.files.constFind(file);
    return !m_isWatched || m_deaf.contains(file) || m_deaf.contains(directory) || m_test.isPolled(directoryOf(file)) ||
           (stamp != scan.files.constEnd() && m_test.isPolled(stamp->id.device));
}

void FileWatch::look()
{
    if (!m_isKnown) {
        know();
        return;
    }
    const QSet<QString> directories = m_seen.directories();
    FileScan now = scan();
    if (!now.isSure) {
        expect(m_times.poll);
        return;
    }
    learn(now);
    const QStringList different = differences(now);
    QStringList complete;
    QHash<QString, QDeadlineTimer> steady;
    QHash<QString, Late> late;
    // An event tells when somebody closes a file; in case it gets lost, it is looked for that from time to time.
    std::chrono::milliseconds moment = m_pollInterval.count() > 0 ? m_pollInterval : m_times.slowPoll;
    Waiting waiting = Waiting::ForNobody;
    for (const QString &file : different) {
        const QDeadlineTimer each = steadyBy(file, now);
        steady.insert(file, each);
        const auto stamp = now.files.constFind(file);
        if (each.hasExpired() && (stamp == now.files.constEnd() || !isBeingWritten(file, *stamp))) {
            complete.append(file);
            continue;
        }
        waiting = std::max(waiting, waitingFor(file, late));
        // Nobody hurries for who goes on writing.
        const std::chrono::milliseconds hurry = late.value(file).deadline.hasExpired() ? m_times.poll : m_times.settle;
        if (!each.hasExpired())
            moment = std::min(moment, std::max(hurry, std::chrono::milliseconds(each.remainingTime())));
    }
    m_steady = std::move(steady);
    m_late = std::move(late);
    // What a new directory got before it was watched has left no event.
    if (now.directories() != directories) {
        waiting = std::max(waiting, Waiting::ForAWhile);
        moment = m_times.settle;
    }
    m_seen = std::move(now);
    if (waiting == Waiting::ForNobody || (waiting == Waiting::ForAWhile && m_patience && m_patience->hasExpired())) {
        m_patience.reset();
        tell(complete);
    } else if (!complete.isEmpty() && waiting == Waiting::ForAWhile) {
        if (!m_patience)
            m_patience = QDeadlineTimer(m_times.patience);
        moment = std::min(moment, std::chrono::milliseconds(std::max<qint64>(m_patience->remainingTime(), 0)));
    }
    if (waiting != Waiting::ForNobody || !m_late.isEmpty())
        expect(moment);
    else if (different.isEmpty())
        m_writers.forgetAll();
}

bool FileWatch::isBeingWritten(const QString &file, const FileStamp &stamp) const
{
    const bool isRemote = m_test.isShared(directoryOf(file)) || m_test.sharedDevices().contains(stamp.id.device);
    return m_writers.isWriting(file, stamp, isRemote);
}

FileWatch::Waiting FileWatch::waitingFor(const QString &file, QHash<QString, Late> &late)
{
    Late each = m_late.value(file, {QDeadlineTimer(m_times.patience), false});
    const bool isNeeded = m_plan.files.contains(file);
    if (isNeeded && each.deadline.hasExpired() && !std::exchange(each.isTold, true))
        qCWarning(logWatch).noquote() << file
                                      << "has been open for writing, or been written to, for a while: the server "
                                         "reloads once that is over";
    late.insert(file, each);
    if (isNeeded)
        return Waiting::ForAsLongAsItTakes;
    return each.deadline.hasExpired() ? Waiting::ForNobody : Waiting::ForAWhile;
}

void FileWatch::tell(const QStringList &files)
{
    for (const QString &file : files) {
        if (const auto stamp = m_seen.files.constFind(file); stamp != m_seen.files.constEnd()) {
            m_told.insert(file, *stamp);
            m_writers.forget(stamp->id);
        } else {
            m_told.remove(file);
        }
    }
    if (!files.isEmpty())
        Q_EMIT changed(files);
}

void FileWatch::learn(const FileScan &scan)
{
    if (m_unknown.isEmpty())
        return;
    const auto wasUnknown = [this](QString path) {
        for (; path != u"/" && !m_unknown.contains(path); path = directoryOf(path)) {
        }
        return m_unknown.contains(path);
    };
    for (auto file = scan.files.constBegin(); file != scan.files.constEnd(); ++file) {
        if (!m_told.contains(file.key()) && wasUnknown(file.key()))
            m_told.insert(file.key(), file.value());
    }
    m_unknown.removeIf([&scan](const QString &path) { return !scan.isUnsure(path); });
}

bool FileWatch::isDifferent(const FileStamp &now, const FileStamp &told) const
{
    // A build that is to be the same whenever it is made has always the same time.
    return !now.isLike(told) || (now.changed != told.changed && m_writers.hasWritten(now.id));
}

QStringList FileWatch::differences(const FileScan &scan) const
{
    QStringList files;
    for (auto it = scan.files.constBegin(); it != scan.files.constEnd(); ++it) {
        const auto told = m_told.constFind(it.key());
        if (told == m_told.constEnd() || isDifferent(*it, *told))
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
    if (isThere != wasThere || (isThere && !now->isLike(*before)))
        return QDeadlineTimer(isPolled(file, scan) ? m_times.poll : m_times.settle);
    return m_steady.value(file);
}

} // namespace Quern::watch
