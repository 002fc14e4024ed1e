#include "admin/server/httptls.h"

#include <QSslCertificate>
#include <QSslKey>
#include <QSslSocket>

namespace Quern::admin {

Result<QSslConfiguration> tlsConfiguration(const QByteArray &certificates, const QSslKey &key)
{
    const QList<QSslCertificate> chain = QSslCertificate::fromData(certificates, QSsl::Pem);
    if (chain.isEmpty())
        return Error(Error::Invalid, QStringLiteral("the certificate cannot be read"));
    if (key.isNull())
        return Error(Error::Invalid, QStringLiteral("the key cannot be read"));
    QSslConfiguration configuration;
    configuration.setLocalCertificateChain(chain);
    configuration.setPrivateKey(key);
    configuration.setProtocol(QSsl::TlsV1_2OrLater);
    configuration.setPeerVerifyMode(QSslSocket::VerifyNone);
    configuration.setAllowedNextProtocols({QSslConfiguration::NextProtocolHttp1_1});
    return configuration;
}

qint64 pendingOutput(const QTcpSocket *socket)
{
    const auto *tls = qobject_cast<const QSslSocket *>(socket);
    return socket ? socket->bytesToWrite() + (tls ? tls->encryptedBytesToWrite() : 0) : 0;
}

} // namespace Quern::admin
