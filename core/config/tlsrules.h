#pragma once

#include "config/rules.h"

#include <QMap>
#include <QString>

namespace Quern::config {

/// false, true or "optional".
void readVerifyPeer(const Reading &reading, VerifyPeer &verify);
QString verifyPeerText(VerifyPeer verify);

/// A table of host names, each with a table of ssl_cert_file and ssl_key_file. What is wrong is told to \a reading, and
/// left out.
QMap<QString, CertificateFiles> readSniCertificates(const Reading &reading);
/// Writes down where each file of \a entry, a table of host names, stands: in \a origins, below \a path as
/// sniPath() names it.
void addSniOrigins(const QString &path, const TomlEntry &entry, const QString &fileName,
                   QMap<QString, QString> &origins);
/// "server.ssl_sni_certs.\"example.org\".ssl_key_file" of "server.ssl_sni_certs".
QString sniPath(const QString &path, const QString &host, const QString &key);
QString sniCertificatesText(const QMap<QString, CertificateFiles> &certificates);

bool isTlsProtocol(const QString &text);

/// Whether \a text may be the name of a protocol that ALPN chooses: RFC 7301 §3.1, ASCII alone.
bool isAlpnProtocol(const QString &text);

} // namespace Quern::config
