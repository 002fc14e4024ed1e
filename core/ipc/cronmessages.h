#pragma once

#include <Quern/result.h>

#include <QByteArray>
#include <QByteArrayView>
#include <QCborArray>
#include <QList>
#include <QString>
#include <QStringList>
#include <QVariantMap>

#include <optional>

namespace Quern::ipc {

/// One [[cron]] entry on its way to the timer process. Null: the entry does not say it, and what the plugin says holds.
struct CronEntry
{
    QString name;        ///< unique
    QString job;         ///< as a plugin registers it; empty if there is a command
    QStringList command; ///< program and arguments; empty if there is a job
    QString directory;   ///< that the command runs in
    qint64 interval = 0; ///< ms; 0: none is given
    QString expression;  ///< empty: none is given
    QString timeZone;    ///< IANA; empty: that of the system, or the plugin's
    QVariantMap parameters;
    std::optional<bool> isImmediate;
    std::optional<int> mostAtATime; ///< runs that may overlap; 1: none
    std::optional<int> missed;      ///< 0 skip, 1 once, 2 catch up
    std::optional<qint64> timeout;  ///< ms; 0: none
    bool isEnabled = true;
    QString place; ///< for people: "quern.toml:12"

    bool operator==(const CronEntry &) const = default;
};

/// How one job is. Of a process that has ended, it is what the next one takes over.
struct CronJobState
{
    QString name;
    QString schedule;          ///< for people: "every 10 ms", "0 3 * * *"
    qint64 next = 0;           ///< when it is due, ms since 1970 UTC; 0: never, since it is paused or stopped
    qint64 last = 0;           ///< when the last run that has ended began, the same; 0: none has
    qint64 duration = 0;       ///< of that run, µs
    QString error;             ///< of that run; empty: it went well
    quint64 runs = 0;          ///< that have ended, failed ones included
    quint64 failures = 0;      ///< of these
    quint64 skipped = 0;       ///< due times without a run
    int underWay = 0;          ///< runs
    bool isPaused = false;     ///< by command
    bool isStopped = false;    ///< by itself, until the next start or reload
    qint64 settledUntil = 0;   ///< ms since 1970 UTC; what was due later and has had no run is due still. 0: unknown
    qint64 grid = 0;           ///< one of the times of its interval, the same; 0: it has none, or unknown
    qint64 interval = 0;       ///< ms; 0: it goes by an expression
    bool isHandedOver = false; ///< told last, by a process that has ended in order

    bool operator==(const CronJobState &) const = default;
};

/// What became of a CronCommand.
struct CronAnswer
{
    quint32 id = 0;               ///< of the command
    std::optional<Error> mistake; ///< why nothing was done; none: it was
};

/// timer process → master: all jobs, and the answers to commands since the last one.
struct CronStateMessage
{
    QList<CronJobState> jobs;
    QList<CronAnswer> answers;

    QByteArray encode() const;
    /// Error::Protocol if it is none.
    static Result<CronStateMessage> decode(QByteArrayView payload);
};

/// master → timer process.
struct CronCommandMessage
{
    /// Part of the wire format: append only.
    enum class Action { RunNow = 1, Pause = 2, Resume = 3 };

    Action action = Action::RunNow;
    quint32 id = 0; ///< for its answer
    QString job;
    qint64 deadline = 0; ///< ns on the monotonic clock; what arrives later is not done, nor answered

    QByteArray encode() const;
    /// Error::Protocol if it is none, or wants what this version does not know.
    static Result<CronCommandMessage> decode(QByteArrayView payload);
};

/// timer process → master: the process groups of the programs that run, so that they end with it however it ends.
/// Shape: i64 each.
struct CronProgramsMessage
{
    QList<qint64> groups;

    QByteArray encode() const;
    /// Error::Protocol if it is none, or names what cannot be the group of a program.
    static Result<CronProgramsMessage> decode(QByteArrayView payload);
};

/// For the Boot message: what a timer process needs to know. Entries that are no maps are left out.
QCborArray toCbor(const QList<CronEntry> &entries);
QCborArray toCbor(const QList<CronJobState> &jobs);
QList<CronEntry> cronEntries(const QCborArray &list);
QList<CronJobState> cronJobStates(const QCborArray &list);

} // namespace Quern::ipc
