#pragma once

#include <Quern/result.h>

#include <QString>
#include <QUrl>

namespace Quern::console {

/// Where a server is managed: a control socket of this machine, or its management API. A value type.
class ServerAddress
{
public:
    ServerAddress() = default;

    /// The control socket \a path, absolute.
    static ServerAddress ofSocket(const QString &path);
    /// "http://10.0.0.7:5210", with or without "/api/v1"; https, ws and wss as well; a host alone means http and port
    /// 5210; "/run/quern/control.sock", also after "unix:", or the directory that it lies in.
    /// Error::Invalid says what is wrong and how to write it. Of a path it looks at the file system.
    static Result<ServerAddress> parse(const QString &text);
    /// Whether \a text is a path, which parse() takes.
    static bool isPath(const QString &text);

    bool isLocal() const { return m_url.isEmpty(); }
    /// Of the control socket; empty unless isLocal().
    const QString &socketPath() const { return m_socketPath; }
    /// Of the stream: "wss://10.0.0.7:5210/api/v1/stream"; empty if isLocal().
    QUrl streamUrl() const;
    /// Of the API over HTTP: "https://10.0.0.7:5210"; empty if isLocal().
    QString apiUrl() const;
    /// As a person would write it, and parse() reads it: "http://10.0.0.7:5210", "/run/quern/control.sock".
    QString text() const;
    /// What is sent there can be read on the way: plain HTTP to another machine.
    bool isExposed() const;

    bool operator==(const ServerAddress &) const = default;

private:
    QString m_socketPath;
    QUrl m_url; ///< scheme http or https, host and port; nothing else
};

} // namespace Quern::console
