#pragma once

#include "base/identity.h"

#include <Quern/result.h>

#include <QByteArray>
#include <QByteArrayView>
#include <QString>

#include <chrono>
#include <functional>
#include <optional>

namespace Quern::tasks {

/// The folder where large payloads wait, each in a file for its user alone (mode 600). The deliverer writes a file and
/// names it in the task's record; the store that the record goes to removes it. All calls block for the disk. No state
/// of its own; any thread and any process of the server.
class Spill
{
public:
    explicit Spill(QString folder) : m_folder(std::move(folder)) {}

    /// Makes the folder (mode 700), if it is not there, and gives it and the payloads in it to \a user, or takes them
    /// back where there is none: only root can. Error::Io or Error::Permission with the path and the reason: also if
    /// a link stands there.
    Result<void> prepare(const std::optional<base::Identity> &user = std::nullopt) const;
    /// Writes the payload of task \a id and returns the file's name. When it returns, the file is whole, and survives
    /// the machine's end if \a isDurable. Error::Io with the path and the reason: then nothing is left behind.
    Result<QByteArray> write(quint64 id, QByteArrayView payload, bool isDurable) const;
    /// Error::TooLarge beyond \a longest bytes; Error::NotFound or Error::Io with the path and the reason.
    Result<QByteArray> read(const QByteArray &name, qint64 longest) const;
    /// A file that was not written to outlive the machine does so from now on, as far as its disk allows.
    void synchronize(const QByteArray &name) const;
    /// Bytes; 0 if there is no such file.
    qint64 size(const QByteArray &name) const;
    void remove(const QByteArray &name) const;
    /// Removes the files that \a isNeeded does not claim, and unfinished ones, if they were written \a age ago or
    /// earlier; returns how many. Without an age for the start, before anyone writes.
    int removeLeftovers(const std::function<bool(const QByteArray &name)> &isNeeded,
                        std::chrono::seconds age = std::chrono::seconds(0)) const;

    /// Whether write() makes such names: 16 hexadecimal digits and ".task". No other file is touched.
    static bool isName(QByteArrayView name);

private:
    QByteArray path(const QByteArray &name) const;
    Result<void> give(int folder, uid_t user, gid_t group, bool isClosed) const;

    QString m_folder; ///< absolute
};

} // namespace Quern::tasks
