#pragma once

#include <QByteArray>
#include <QByteArrayView>
#include <QString>

#include <functional>

namespace Quern::process {

/// What a child prints, as it comes in: to the log by line; or given out as it is, but for the lines of its log.
/// Lives in the thread of its ChildProcess.
class ChildOutput
{
public:
    /// \a role is the child's name in the log. With \a printed nothing is logged but the lines that its log has
    /// written.
    explicit ChildOutput(QString role, std::function<void(const QByteArray &bytes)> printed = {});

    /// \a bytes have come from the child with the process number \a pid. A line that never ends is cut.
    void add(const QByteArray &bytes, qint64 pid);
    /// Nothing more will come: what has no end of line is one, too.
    void finish(qint64 pid);

private:
    void passOn(qint64 pid);
    void logLines(qint64 pid);
    void logLine(qint64 pid, QByteArrayView line) const;

    const QString m_role;
    const std::function<void(const QByteArray &bytes)> m_printed;
    QByteArray m_partialLine;
    bool m_isWithinLine = false; ///< of what is given out
};

} // namespace Quern::process
