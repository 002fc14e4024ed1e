#pragma once

#include "admin/protocol/auditmessages.h"
#include "base/filedescriptor.h"

#include <Quern/result.h>

#include <QObject>

namespace Quern::app {

/// The file that tells who has changed what: one JSON object a line, for its user alone. A full one is kept beside it
/// as PATH.1, in place of the one before. Lives in the admin thread, since a slow disk makes it wait.
class AuditLog final : public QObject
{
    Q_OBJECT
public:
    static constexpr qint64 LargestFile = 10 << 20; ///< bytes

    /// The file is made with the first entry.
    explicit AuditLog(QString path, qint64 largestFile = LargestFile);
    ~AuditLog() override;

    /// Writes \a entry with the next serial. A failure is logged, the first of several in a row. A file that cannot be
    /// renamed grows on, and one of another user's that others may read is written to as it is: both are logged once.
    void append(const admin::AuditEntry &entry);

    Result<admin::AuditPage> read(const admin::AuditQuery &query) const;

private:
    Result<void> write(const QByteArray &line);
    /// Somebody has renamed or removed the file.
    bool hasMoved() const;
    Result<void> open();
    /// Keeps the full file under its other name; write() begins a new one.
    void rotate();
    qint64 lastSerial() const;

    QString m_path;
    qint64 m_largestFile;
    base::FileDescriptor m_file;
    qint64 m_size = 0;
    qint64 m_serial = -1; ///< of the last entry; negative: not known yet
    bool m_hasFailed = false;
    bool m_cannotRotate = false;   ///< and that has been logged
    bool m_isOpenToOthers = false; ///< the same
};

} // namespace Quern::app
