#pragma once

#include <Quern/result.h>

#include <QByteArray>
#include <QSslConfiguration>

namespace Quern::admin {

/// For a server with these \a certificates, its own first, and the private \a key of the first; both in PEM.
/// Error::Invalid says which of them cannot be read.
Result<QSslConfiguration> tlsConfiguration(const QByteArray &certificates, const QByteArray &key);

} // namespace Quern::admin
