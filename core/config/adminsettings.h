#pragma once

#include "config/listenaddress.h"

#include <QList>
#include <QString>
#include <QStringList>

#include <chrono>

namespace Quern::config {

/// The [admin] table: one member a key, with its default. The key's name and range stand in adminkeys.cpp. It is a part
/// of ServerSettings, so that the same rules read both.
struct AdminSettings
{
    bool adminEnable = false; ///< whether the management protocol is spoken over HTTP as well
    QList<ListenAddress> adminListen = {ListenAddress::tcp(QStringLiteral("127.0.0.1"), 5210)};
    bool adminInsecureRemote = false; ///< whether an address that others reach may go without TLS
    QStringList adminHosts;           ///< names that a Host header may have besides loopback and the addresses
    QStringList adminOrigins;         ///< of pages from elsewhere that may ask: "https://ops.example.org"
    QString adminTlsCertFile;         ///< absolute once loaded; set where an address is "tls:…"
    QString adminTlsKeyFile;          ///< the same
    QString adminTokenFile;           ///< absolute once loaded; empty: admin.tokens in the runtime directory
    QString adminAuditLog;            ///< the same; empty: audit.log there
    int adminMaxConnections = 64;
    quint64 adminMaxBody = 1 << 20;                        ///< bytes of one request's body
    std::chrono::milliseconds adminRequestTimeout{10'000}; ///< from a request's first byte to its last

    bool operator==(const AdminSettings &) const = default;
};

} // namespace Quern::config
