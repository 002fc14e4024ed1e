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
QString sniCertificatesText(const QMap<QString, CertificateFiles> &certificates);

bool isTlsProtocol(const QString &text);

/// Whether \a text may be the name of a protocol that ALPN chooses: RFC 7301 §3.1, ASCII alone.
bool isAlpnProtocol(const QString &text);

} // namespace Quern::config
