#pragma once

#include <QByteArray>
#include <QString>

namespace Worklab {

/// A file to which all processes add lines, each in one piece: what has run stands in it, whatever becomes of the
/// process afterwards. Any thread.
class Journal
{
public:
    Journal() = default;
    ~Journal();
    Q_DISABLE_COPY_MOVE(Journal)

    /// Without \a path nothing is written.
    void open(const QString &path);
    void write(const QByteArray &line) const;

private:
    int m_fd = -1;
};

} // namespace Worklab
