#pragma once

#include "config/settings.h"

#include <Quern/result.h>

#include <QByteArray>
#include <QString>

namespace SocketTest {

inline const QByteArray telnet("[[socket]]\nlisten = \"127.0.0.1:5201\"\nhandler = \"telnet\"\n");

inline QString message(const Quern::Result<Quern::config::Settings> &settings)
{
    return settings ? QString() : settings.error().message();
}

/// The address of \a toml with TLS, for which [server] has a certificate.
inline QByteArray withTls(QByteArray toml)
{
    return toml.replace("\"127.", "\"tls:127.") + "[server]\nssl_cert_file = \"/x\"\nssl_key_file = \"/x\"\n";
}

} // namespace SocketTest
