#pragma once

#include <QByteArray>

struct ssl_st;

namespace Quern::net {

/// What was agreed in a TLS handshake.
struct TlsInfo
{
    QByteArray version;    ///< "TLSv1.3"
    QByteArray cipher;     ///< by OpenSSL's name: "TLS_AES_256_GCM_SHA384", "ECDHE-RSA-AES128-GCM-SHA256"
    QByteArray serverName; ///< the host that the client asked for (SNI): its own words; empty if it named none
    QByteArray protocol;   ///< agreed by ALPN; empty if the client offered none
    bool isResumed = false;

    QByteArray clientSubject;     ///< of the client's certificate, as RFC 2253 writes it, in UTF-8; empty without one
    QByteArray clientFingerprint; ///< its SHA-256, 64 lower-case hexadecimal digits; empty without one
    /// The client has a certificate and showed that it is its own, and it leads to an authority.
    bool isClientVerified = false;
};

/// Only once the handshake is done.
TlsInfo tlsInfoOf(const ssl_st *ssl);

} // namespace Quern::net
