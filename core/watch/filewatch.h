#pragma once

#include "watch/directoryevents.h"
#include "watch/eventtest.h"
#include "watch/filescan.h"
#include "watch/plan.h"
#include "watch/writers.h"

#include <QBasicTimer>
#include <QDeadlineTimer>
#include <QHash>
#include <QObject>
#include <QSet>
#include <QString>
#include <QStringList>

#include <chrono>
#include <memory>
#include <optional>

namespace Quern::watch {

/// What a test may put in the place of the system.
struct WatchSystem
{
    std::unique_ptr<DirectoryEvents> events = std::make_unique<DirectoryEvents>();
    EventTest::FileSystemOf fileSystemOf = base::fileSystemOf;
};

/// Tells which files of a plan have changed, once for a burst of changes, and once they are complete. It looks at files
/// only, and never into them. Looking may block: it lives in a thread of its own.
class FileWatch final : public QObject
{
    Q_OBJECT
public:
    struct Times
    {
        /// Nothing must have happened for this long before it is looked for what has; but it is once in a poll.
        std::chrono::milliseconds quiet{300};
        /// A file is complete if two looks this far apart see the same, and nobody has it open for writing, however
        /// long that takes. Where no event tells of changes, they are as far apart as poll.
        std::chrono::milliseconds settle{200};
        /// What is complete does not wait for longer than this for what is not, unless that is needed: a reload would
        /// take it as well.
        std::chrono::milliseconds patience{10'000};
        /// Where the system tells of no changes it is looked for them this often.
        std::chrono::milliseconds poll{2000};
        /// Where it is believed to tell of them, and nothing could be written to try it.
        std::chrono::milliseconds slowPoll{10'000};
        /// An event of a test has to come within this.
        std::chrono::milliseconds test{1000};
        /// Where the system does not say who has a file open, who has written to it is believed to have gone after
        /// this.
        std::chrono::milliseconds longestPause{20'000};
    };

    explicit FileWatch(const Times &times, WatchSystem system = {}, QObject *parent = nullptr);
    FileWatch() : FileWatch(Times()) {}

    /// Watches \a plan from now on. What is there of it is known; of what was watched before a change that has not been
    /// told yet is told still.
    void watch(const WatchPlan &plan);

Q_SIGNALS:
    /// Sorted; a file that has gone is among them.
    void changed(const QStringList &files);
    /// Whether some files are looked at again and again now, since no events tell of their changes.
    void pollingChanged(bool on);

protected:
    void timerEvent(QTimerEvent *event) override;

private:
    /// How long what is complete waits for what is not.
    enum class Waiting { ForNobody, ForAWhile, ForAsLongAsItTakes };
    /// By when a file that is not complete ought to be, and whether the log has told that it takes longer.
    struct Late
    {
        QDeadlineTimer deadline;
        bool isTold = false;
    };

    /// Whether something that happens to \a path may change the next scan.
    bool concerns(const QString &path, bool isDirectory = false) const;
    /// Begins with what is there of the plan.
    void know();
    void eventHappened(const QString &path, DirectoryEvents::What what);
    /// Whether \a path is written for so long that nobody waits for it any more.
    bool isLate(const QString &path) const;
    /// Looks in a moment, instead of when it was to be.
    void expect(std::chrono::milliseconds moment);
    void look();
    /// Scans, and watches the directories that there are now.
    FileScan scan();
    /// What is not told of by events in \a scan, and why.
    QHash<QString, QString> deafIn(const FileScan &scan) const;
    /// By the log, what of \a scan is looked at in another way than the rest, or not at all.
    void tellExceptions(const FileScan &scan);
    void startPoll();
    void testEnded();
    QString outcomeText(const EventTest::Place &place) const;
    bool isPolled(const QString &file, const FileScan &scan) const;
    bool isBeingWritten(const QString &file, const FileStamp &stamp) const;
    bool isDifferent(const FileStamp &now, const FileStamp &told) const;
    QStringList differences(const FileScan &scan) const;
    /// What has been unknown since the plan is known now, where it can be looked at by \a scan.
    void learn(const FileScan &scan);
    /// What the others do for \a file, which is not complete. It is one of \a late then.
    Waiting waitingFor(const QString &file, QHash<QString, Late> &late);
    void tell(const QStringList &files);
    /// When \a file will have been for long enough as it is by \a scan.
    QDeadlineTimer steadyBy(const QString &file, const FileScan &scan) const;

    const Times m_times;
    DirectoryEvents *const m_events;
    EventTest m_test;
    WatchPlan m_plan;
    WatchPlan m_names;       ///< it, and every name of what it ignores, at the last look
    WatchPlan m_planBefore;  ///< the same of the plan by which what is in m_told was watched
    bool m_isKnown = false;  ///< what was there of the plan from the beginning
    QSet<QString> m_unknown; ///< but for what lies here
    FileScan m_seen;         ///< by the last look
    FileStamps m_told;       ///< what has been told of, or was there from the beginning
    Writers m_writers{m_times.longestPause};
    QHash<QString, QString> m_deaf;          ///< what no events tell of, and why
    QSet<QString> m_unsure;                  ///< what could not be looked at
    QHash<QString, QDeadlineTimer> m_steady; ///< when what differs will have been as it is for long enough
    QBasicTimer m_timer;
    QBasicTimer m_poll;
    std::chrono::milliseconds m_pollInterval{0};
    bool m_isWatched = true; ///< the system watches everything that it was asked to
    bool m_isPolling = false;
    std::optional<QDeadlineTimer> m_patience;         ///< since what is complete waits for what is not
    std::chrono::steady_clock::time_point m_lookAt;   ///< when the timer ends
    std::chrono::steady_clock::time_point m_burstEnd; ///< by when it is looked, whatever else happens
    bool m_isBurst = false;                           ///< something has happened since the last look
    QHash<QString, Late> m_late;
    bool m_isLimitTold = false; ///< that there is more than may be looked at, by the log
};

} // namespace Quern::watch
