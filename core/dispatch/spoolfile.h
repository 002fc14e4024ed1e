#pragma once

#include "base/filedescriptor.h"
#include "base/identity.h"

#include <Quern/result.h>

#include <QByteArray>
#include <QByteArrayView>
#include <QString>

#include <optional>

namespace Quern::dispatch {

/// A file that holds a part of a request until it has been answered, for its user alone (mode 600). It is removed with
/// this object, unless someone has moved it elsewhere. Writing blocks for the disk. Lives in its reactor thread.
class SpoolFile
{
public:
    /// A new, empty file "quern-upload-<owner>-<random>" in \a directory, made by \a user, if there is one, which only
    /// root can have it be. Error::Io with the directory and the reason.
    static Result<SpoolFile> create(const QString &directory, const QByteArray &owner,
                                    const std::optional<base::Identity> &user = std::nullopt);
    SpoolFile(SpoolFile &&) noexcept;
    SpoolFile &operator=(SpoolFile &&) = delete;
    ~SpoolFile();

    /// Appends \a bytes. Error::Io with the path and the reason: the disk is full, for instance.
    Result<void> write(QByteArrayView bytes);
    /// Nothing more will be written: gives the descriptor back.
    void close() { m_fd.reset(); }

    const QByteArray &path() const { return m_path; } ///< absolute
    quint64 size() const { return m_size; }           ///< bytes

    /// Removes what \a owner, a server that was killed, has left in \a directory.
    static void removeLeftovers(const QString &directory, const QByteArray &owner);

private:
    static Result<SpoolFile> createAs(const base::Identity &user, const QByteArray &folder, const QByteArray &owner);

    SpoolFile(base::FileDescriptor fd, QByteArray path) : m_fd(std::move(fd)), m_path(std::move(path)) {}

    base::FileDescriptor m_fd;
    QByteArray m_path;
    quint64 m_size = 0;
};

} // namespace Quern::dispatch
