#include "net/tlsinfo.h"

#include "net/openssl.h"

namespace Quern::net {

namespace {

QByteArray subjectOf(const X509 *certificate)
{
    const BioHandle text(BIO_new(BIO_s_mem()));
    X509_NAME_print_ex(text.get(), X509_get_subject_name(certificate), 0, XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB);
    char *bytes = nullptr;
    const long size = BIO_get_mem_data(text.get(), &bytes);
    return QByteArray(bytes, size);
}

QByteArray fingerprintOf(const X509 *certificate)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned int size = 0;
    if (X509_digest(certificate, EVP_sha256(), digest, &size) != 1)
        return {};
    return QByteArray(reinterpret_cast<const char *>(digest), qsizetype(size)).toHex();
}

} // namespace

TlsInfo tlsInfoOf(const ssl_st *ssl)
{
    TlsInfo info;
    info.version = SSL_get_version(ssl);
    info.cipher = SSL_CIPHER_get_name(SSL_get_current_cipher(ssl));
    info.serverName = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
    const unsigned char *protocol = nullptr;
    unsigned int size = 0;
    SSL_get0_alpn_selected(ssl, &protocol, &size);
    info.protocol = QByteArray(reinterpret_cast<const char *>(protocol), qsizetype(size));
    info.isResumed = SSL_session_reused(ssl) == 1;
    if (const X509 *certificate = SSL_get0_peer_certificate(ssl)) {
        info.clientSubject = subjectOf(certificate);
        info.clientFingerprint = fingerprintOf(certificate);
        info.isClientVerified = SSL_get_verify_result(ssl) == X509_V_OK;
    }
    return info;
}

} // namespace Quern::net
