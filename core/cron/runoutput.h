#pragma once

#include <QByteArray>
#include <QByteArrayView>
#include <QString>

namespace Quern::cron {

/// What the program of one run prints: to the log by line, below the name of the job. Lives in the main thread.
class RunOutput
{
public:
    /// So many bytes of a run are logged; what follows is only counted.
    static constexpr qsizetype mostBytes = 64 * 1024;
    /// Of one line, in bytes; more begins another.
    static constexpr qsizetype longestLine = 4096;

    explicit RunOutput(QString job) : m_job(std::move(job)) {}

    void add(QByteArrayView bytes);
    /// Nothing more will come: what has no end of line is a line, too, and the log tells how much was left out.
    void finish();

private:
    void log(QByteArrayView line) const;

    const QString m_job;
    QByteArray m_line; ///< while it has no end; no longer than longestLine
    qsizetype m_room = mostBytes;
    qint64 m_leftOut = 0; ///< bytes
};

} // namespace Quern::cron
