#pragma once

#include "admin-gui/connection/serveraddress.h"

#include <QHash>
#include <QJsonObject>
#include <QObject>

#include <chrono>
#include <functional>

namespace Quern::console {

/// Where the tokens of servers are kept: in the keychain of the desktop, or, where none runs and the user wants it, in
/// a file that only this user can read. While the console runs, also in memory. Lives in the main thread, and does not
/// wait: a keychain may ask the user for a password first.
class TokenStore final : public QObject
{
    Q_OBJECT
public:
    enum class Keep {
        Keychain,
        PrivateFile, ///< in plain text, mode 0600
        Memory,      ///< until the console is closed
    };

    /// A keychain that has not answered by then is none. It may ask the user to unlock it first, which takes its time.
    static constexpr std::chrono::seconds Timeout{60};

    using QObject::QObject;

    /// The token of \a address; empty if none is known. Error::Unavailable: the keychain does not answer, and no token
    /// is known otherwise.
    void read(const ServerAddress &address, std::function<void(const Result<QString> &token)> done);
    /// What is kept of it elsewhere is forgotten. Error::Unavailable: no keychain runs; the token is kept in memory
    /// nevertheless. Error::Io: the file cannot be read or written.
    void write(const ServerAddress &address, const QString &token, Keep keep,
               std::function<void(const Result<void> &outcome)> done);
    /// From everywhere.
    void remove(const ServerAddress &address);

    /// Of the private file.
    static QString filePath();

private:
    static Result<QJsonObject> tokensInFile();
    static QString fromFile(const QString &key);
    static Result<void> toFile(const QString &key, const QString &token);

    QHash<QString, QString> m_memory; ///< by ServerAddress::text()
};

} // namespace Quern::console
