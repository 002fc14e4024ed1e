#pragma once

#include <Quern/global.h>
#include <Quern/result.h>

#include <QByteArray>
#include <QExplicitlySharedDataPointer>
#include <QIODevice>
#include <QString>

#include <memory>

namespace Quern {

class RequestPrivate;

/// A file that came in a multipart/form-data body (RFC 7578).
///
/// A large one lies in a file of the server's upload folder, which is removed after the request: moveTo() keeps it.
/// A cheap handle that keeps its request alive; to be used in the thread that called the handler.
class QUERN_EXPORT UploadedFile
{
public:
    /// Whether moveTo() replaces a file.
    enum class Overwrite {
        No,
        Yes,
    };

    /// See Request::files().
    UploadedFile(QExplicitlySharedDataPointer<RequestPrivate> request, qsizetype part);
    UploadedFile(const UploadedFile &other);
    UploadedFile &operator=(const UploadedFile &other);
    ~UploadedFile();

    /// Name of the form's field.
    QString fieldName() const;
    /// The last component of what the client calls the file, 255 bytes at most, without control characters, marks that
    /// turn the direction of writing, and dots in front: a name for a visible file, never a path. ".htaccess" becomes
    /// "htaccess". Empty if nothing is left.
    QString fileName() const;
    /// What the client calls the file, as sent: it may be a path, or lie.
    QString clientFileName() const;
    /// What the client says it is, "image/png" for instance: it may lie. Empty if it says nothing.
    QByteArray contentType() const;
    /// Bytes.
    quint64 size() const;

    /// Whether it lies in a file of its own.
    bool isSpooled() const;
    /// Absolute path of that file; empty if it lies in memory.
    QString path() const;
    /// All of it. Throws std::runtime_error if its file cannot be read.
    QByteArray data() const;
    /// Opened for reading, at its start. Throws std::runtime_error if its file cannot be read.
    std::unique_ptr<QIODevice> open() const;
    /// Makes it a lasting file at the absolute \a target, which the user of this process alone may read. Within a file
    /// system that costs no copy. May be called again, to move it on. What stands at \a target already, be it a
    /// symbolic link, is never followed, and replaced only if \a overwrite says so. Error::Exists if it stays,
    /// Error::Invalid if \a target is not absolute, Error::Io if it cannot be written; the file is then left where it
    /// is.
    Result<void> moveTo(const QString &target, Overwrite overwrite = Overwrite::No);

private:
    QExplicitlySharedDataPointer<RequestPrivate> d;
    qsizetype m_part;
};

} // namespace Quern
