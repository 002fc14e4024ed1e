#pragma once

#include "net/openssl.h"

#include <Quern/result.h>

#include <QList>

#include <vector>

namespace Quern::net {

struct TlsCertificateFiles;
struct TlsSubject;
struct TlsWarning;

/// A server certificate and what goes with it.
struct TlsCertificate
{
    CertificateHandle certificate;
    std::vector<CertificateHandle> issuers; ///< as they stand in the file; sent behind the certificate
    KeyHandle key;
    QList<TlsWarning> warnings; ///< of a certificate that works, or will work, and looks wrong
};

/// Reads both files. The message of an error names the file and the mend; \a subject, which is about the certificate
/// before, is about the key if that is at fault.
Result<TlsCertificate> readCertificate(const TlsCertificateFiles &files, TlsSubject &subject);

/// A file with certificates of authorities.
struct TlsAuthorities
{
    QByteArray pem; ///< the file as it is
    std::vector<CertificateHandle> certificates;
};

Result<TlsAuthorities> readAuthorities(const QString &path);

} // namespace Quern::net
