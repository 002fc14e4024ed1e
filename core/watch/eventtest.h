#pragma once

#include "base/filesystem.h"

#include <QBasicTimer>
#include <QHash>
#include <QList>
#include <QObject>
#include <QSet>
#include <QString>
#include <QStringList>

#include <chrono>
#include <functional>

namespace Quern::watch {

class DirectoryEvents;

/// Finds out for each file system whether events tell of the changes in it: a hidden file is made and removed there,
/// and has to be told of. Lives in the thread of its events.
class EventTest final : public QObject
{
    Q_OBJECT
public:
    using FileSystemOf = std::function<std::optional<base::FileSystem>(const QString &directory)>;

    enum class Outcome {
        Open,     ///< it is being tested
        Heard,    ///< events tell
        Believed, ///< nothing can be written there to try it
        Silent,   ///< they do not tell
        Shared,   ///< they do not tell of what others change
    };

    /// What is watched of one file system.
    struct Place
    {
        base::FileSystem system;
        QStringList directories; ///< sorted
        Outcome outcome = Outcome::Open;
        QString file; ///< the last one that was made; empty: none
        bool isTold = false;

        /// Whether files in it have to be looked at again and again, for lack of events.
        bool isPolled() const { return outcome == Outcome::Silent || outcome == Outcome::Shared; }
    };

    /// An event has \a deadline to come. \a events are to be those of all directories that are watched.
    EventTest(DirectoryEvents *events, std::chrono::milliseconds deadline, FileSystemOf fileSystemOf,
              QObject *parent = nullptr);

    /// \a directories are watched from now on. On their file systems the test writes in \a own, if it lies there, and
    /// otherwise in one of them. What is known of a file system stays so while something in it is watched.
    void setDirectories(const QSet<QString> &directories, const QString &own);
    /// To be watched besides.
    QSet<QString> furtherDirectories() const;
    /// Tests what has not been yet. All directories have to be watched by now; ended() follows if there is something
    /// new to know.
    void begin();

    bool isPolled(const QString &directory) const;
    bool isShared(const QString &directory) const;
    bool isPolled(quint64 device) const;
    /// Those that others can change without this system being told.
    QSet<quint64> sharedDevices() const;
    bool has(Outcome outcome) const;
    /// What has come to be known since it was last asked for.
    QList<Place> takeNews();

Q_SIGNALS:
    void ended();

protected:
    void timerEvent(QTimerEvent *event) override;

private:
    void eventHappened(const QString &path);
    void makeFile(Place &place) const;
    bool isWaiting() const;

    DirectoryEvents *m_events;
    const std::chrono::milliseconds m_deadline;
    const FileSystemOf m_fileSystemOf;
    QString m_own;
    quint64 m_ownDevice = 0;
    QHash<quint64, Place> m_places;    ///< by device
    QHash<QString, quint64> m_devices; ///< of the directories
    QBasicTimer m_timer;
};

} // namespace Quern::watch
