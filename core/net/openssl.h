#pragma once

#include <QString>

#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <memory>

namespace Quern::net {

struct OpenSslDeleter
{
    void operator()(BIO *object) const { BIO_free(object); }
    void operator()(EVP_PKEY *object) const { EVP_PKEY_free(object); }
    void operator()(SSL *object) const { SSL_free(object); }
    void operator()(SSL_CTX *object) const { SSL_CTX_free(object); }
    void operator()(X509 *object) const { X509_free(object); }
};

using BioHandle = std::unique_ptr<BIO, OpenSslDeleter>;
using KeyHandle = std::unique_ptr<EVP_PKEY, OpenSslDeleter>;
using SslHandle = std::unique_ptr<SSL, OpenSslDeleter>;
using SslContextHandle = std::unique_ptr<SSL_CTX, OpenSslDeleter>;
using CertificateHandle = std::unique_ptr<X509, OpenSslDeleter>;

/// What went wrong last in this thread, in OpenSSL's words, such as "ee key too small". Empties its list of errors:
/// what is left there would be taken for the error of the next call.
QString takeOpenSslError();

} // namespace Quern::net
