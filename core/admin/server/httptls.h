#pragma once

#include <Quern/result.h>

#include <QByteArray>
#include <QSslConfiguration>

class QSslKey;
class QTcpSocket;

namespace Quern::admin {

/// For a server with these \a certificates in PEM, its own first, and the private \a key of the first.
/// Error::Invalid says which of them cannot be read.
Result<QSslConfiguration> tlsConfiguration(const QByteArray &certificates, const QSslKey &key);

/// Bytes that \a socket has yet to give to the kernel, those that TLS has encrypted included; 0 of null.
qint64 pendingOutput(const QTcpSocket *socket);

} // namespace Quern::admin
