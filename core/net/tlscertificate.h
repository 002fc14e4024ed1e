#pragma once

#include "net/openssl.h"

#include <Quern/result.h>

#include <QStringList>

#include <vector>

namespace Quern::net {

struct TlsCertificateFiles;

/// A server certificate and what goes with it.
struct TlsCertificate
{
    CertificateHandle certificate;
    std::vector<CertificateHandle> issuers; ///< as they stand in the file; sent behind the certificate
    KeyHandle key;
    QStringList warnings; ///< of a certificate that works, or will work, and looks wrong
};

/// Reads both files. The message of an error names the file and the mend.
Result<TlsCertificate> readCertificate(const TlsCertificateFiles &files);

/// A file with certificates of authorities.
struct TlsAuthorities
{
    QByteArray pem; ///< the file as it is
    std::vector<CertificateHandle> certificates;
};

Result<TlsAuthorities> readAuthorities(const QString &path);

} // namespace Quern::net
