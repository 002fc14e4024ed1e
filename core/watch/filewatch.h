#pragma once

#include "watch/directoryevents.h"
#include "watch/filescan.h"

#include <QBasicTimer>
#include <QDeadlineTimer>
#include <QObject>
#include <QSet>
#include <QString>
#include <QStringList>

#include <chrono>

namespace Quern::watch {

/// Tells which files of a plan have changed, once for a burst of changes, and once they are complete. It looks at files
/// only, and never into them. Looking may block: it lives in a thread of its own.
class FileWatch final : public QObject
{
    Q_OBJECT
public:
    struct Times
    {
        /// Nothing must have happened for this long before it is looked for what has.
        std::chrono::milliseconds quiet{300};
        /// A file is complete if two looks this far apart see the same, and nobody who wrote to it has it open.
        std::chrono::milliseconds settle{200};
        /// What is complete does not wait for what is not for longer than this.
        std::chrono::milliseconds patience{10'000};
        /// Where the system tells of no changes it is looked for them this often.
        std::chrono::milliseconds poll{2000};
    };

    explicit FileWatch(const Times &times, QObject *parent = nullptr);
    explicit FileWatch(QObject *parent = nullptr) : FileWatch(Times(), parent) {}

    /// Watches \a plan from now on. What is there of it is known; of what was watched before a change that has not been
    /// told yet is told still.
    void watch(const WatchPlan &plan);

Q_SIGNALS:
    /// Sorted; a file that has gone is among them.
    void changed(const QStringList &files);

protected:
    void timerEvent(QTimerEvent *event) override;

private:
    void eventHappened(const QString &path, DirectoryEvents::What what);
    /// Looks in a moment, again from the beginning of that moment.
    void expect(std::chrono::milliseconds moment);
    void look();
    /// Scans, and watches the directories that there are now.
    FileScan scan();
    QStringList differences(const FileScan &scan) const;
    bool isComplete(const QString &file, const FileScan &scan) const;

    const Times m_times;
    DirectoryEvents m_events;
    WatchPlan m_plan;
    FileScan m_seen;              ///< by the last look
    FileStamps m_told;            ///< what has been told of, or was there from the beginning
    QSet<QString> m_beingWritten; ///< written to, and not closed since
    QBasicTimer m_timer;
    QBasicTimer m_poll;
    QDeadlineTimer m_patience;  ///< from the first change that has not been told
    bool m_isLimitTold = false; ///< that there is more than may be looked at, by the log
};

} // namespace Quern::watch
