#include "watch/eventtest.h"

#include "base/filedescriptor.h"
#include "watch/directoryevents.h"

#include <QFile>
#include <QTimerEvent>

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <utility>

namespace Quern::watch {

EventTest::EventTest(DirectoryEvents *events, std::chrono::milliseconds deadline, FileSystemOf fileSystemOf,
                     QObject *parent)
    : QObject(parent)
    , m_events(events)
    , m_deadline(deadline)
    , m_fileSystemOf(std::move(fileSystemOf))
{
    connect(m_events, &DirectoryEvents::happened, this, &EventTest::eventHappened);
}

void EventTest::setDirectories(const QSet<QString> &directories, const QString &own)
{
    QHash<quint64, Place> places;
    m_devices.clear();
    for (const QString &directory : directories) {
        const std::optional<base::FileSystem> system = m_fileSystemOf(directory);
        if (!system)
            continue;
        m_devices.insert(directory, system->device);
        Place &place = places[system->device];
        place.system = *system;
        place.directories.append(directory);
    }
    for (Place &place : places) {
        place.directories.sort();
        const auto known = m_places.constFind(place.system.device);
        if (known != m_places.constEnd() && known->system == place.system) {
            place.outcome = known->outcome;
            place.file = known->file;
            place.isTold = known->isTold;
        } else if (!place.system.sharedType.isEmpty()) {
            place.outcome = Outcome::Shared;
        }
    }
    m_places = std::move(places);
    const std::optional<base::FileSystem> ownSystem = m_fileSystemOf(own);
    m_own = ownSystem ? own : QString();
    m_ownDevice = ownSystem ? ownSystem->device : 0;
}

QSet<QString> EventTest::furtherDirectories() const
{
    const auto place = m_places.constFind(m_ownDevice);
    if (m_own.isEmpty() || place == m_places.constEnd() || place->outcome != Outcome::Open)
        return {};
    return {m_own};
}

void EventTest::begin()
{
    bool isNew = false;
    for (Place &place : m_places) {
        if (place.outcome == Outcome::Open && place.file.isEmpty())
            makeFile(place);
        else if (place.isTold || place.outcome == Outcome::Open)
            continue;
        isNew = true;
    }
    if (isNew)
        m_timer.start(isWaiting() ? int(m_deadline.count()) : 0, this);
}

void EventTest::makeFile(Place &place) const
{
    QStringList candidates = place.directories;
    if (!m_own.isEmpty() && m_ownDevice == place.system.device)
        candidates.prepend(m_own);
    for (const QString &directory : std::as_const(candidates)) {
        const QByteArray name = QFile::encodeName(directory);
        // One that cannot be read cannot be watched.
        if (::access(name.constData(), R_OK | W_OK | X_OK) != 0)
            continue;
        QByteArray path = (name == "/" ? QByteArray() : name) + "/.quern-watch-XXXXXX";
        const base::FileDescriptor file(::mkostemp(path.data(), O_CLOEXEC));
        if (!file.isValid())
            continue;
        // Its events wait to be read: nothing is left behind, whatever happens next.
        ::unlink(path.constData());
        place.file = QFile::decodeName(path);
        return;
    }
    place.outcome = Outcome::Believed;
}

void EventTest::eventHappened(const QString &path)
{
    const bool wasWaiting = isWaiting();
    for (Place &place : m_places) {
        if (place.outcome == Outcome::Open && place.file == path)
            place.outcome = Outcome::Heard;
    }
    if (!wasWaiting || isWaiting())
        return;
    m_timer.stop();
    Q_EMIT ended();
}

void EventTest::timerEvent(QTimerEvent *event)
{
    if (event->timerId() != m_timer.timerId())
        return;
    // On a busy machine they may lie there unread.
    m_events->read();
    if (!m_timer.isActive())
        return;
    m_timer.stop();
    for (Place &place : m_places) {
        if (place.outcome == Outcome::Open && !place.file.isEmpty())
            place.outcome = Outcome::Silent;
    }
    Q_EMIT ended();
}

bool EventTest::isWaiting() const
{
    return std::any_of(m_places.begin(), m_places.end(),
                       [](const Place &place) { return place.outcome == Outcome::Open && !place.file.isEmpty(); });
}

bool EventTest::isPolled(const QString &directory) const
{
    const auto device = m_devices.constFind(directory);
    return device != m_devices.constEnd() && isPolled(*device);
}

bool EventTest::isPolled(quint64 device) const
{
    const auto place = m_places.constFind(device);
    return place != m_places.constEnd() && place->isPolled();
}

bool EventTest::isShared(const QString &directory) const
{
    const auto device = m_devices.constFind(directory);
    return device != m_devices.constEnd() && sharedDevices().contains(*device);
}

QSet<quint64> EventTest::sharedDevices() const
{
    QSet<quint64> devices;
    for (const Place &place : m_places) {
        if (place.outcome == Outcome::Shared)
            devices.insert(place.system.device);
    }
    return devices;
}

bool EventTest::has(Outcome outcome) const
{
    return std::any_of(m_places.begin(), m_places.end(),
                       [outcome](const Place &place) { return place.outcome == outcome; });
}

QList<EventTest::Place> EventTest::takeNews()
{
    QList<Place> news;
    for (Place &place : m_places) {
        if (place.outcome != Outcome::Open && !std::exchange(place.isTold, true))
            news.append(place);
    }
    std::sort(news.begin(), news.end(),
              [](const Place &one, const Place &other) { return one.directories < other.directories; });
    return news;
}

} // namespace Quern::watch
