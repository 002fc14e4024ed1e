#include "net/tlscontext.h"

#include "net/tlscertificate.h"
#include "net/tlsticketkeys.h"

#include <QCryptographicHash>
#include <QRegularExpression>

#include <openssl/err.h>

#include <algorithm>
#include <array>
#include <utility>

namespace Quern::net {

namespace {

/// What Mozilla calls "intermediate", without the slow DHE.
constexpr auto modernCiphers =
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:"
    "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305";
/// TLS 1.0 and 1.1 have neither AEAD nor SHA-256 in signatures: OpenSSL allows them on its lowest level alone.
constexpr auto oldCiphers = ":ECDHE-ECDSA-AES128-SHA:ECDHE-RSA-AES128-SHA:ECDHE-ECDSA-AES256-SHA:ECDHE-RSA-AES256-SHA:"
                            "AES128-SHA:AES256-SHA:@SECLEVEL=0";

struct VersionRow
{
    TlsVersion version;
    int number;
    quint64 exclusion;
};

constexpr std::array<VersionRow, 4> versionRows = {{
    {TlsVersion::Tls10, TLS1_VERSION, SSL_OP_NO_TLSv1},
    {TlsVersion::Tls11, TLS1_1_VERSION, SSL_OP_NO_TLSv1_1},
    {TlsVersion::Tls12, TLS1_2_VERSION, SSL_OP_NO_TLSv1_2},
    {TlsVersion::Tls13, TLS1_3_VERSION, SSL_OP_NO_TLSv1_3},
}};

Error mistake(const QString &text)
{
    return Error(Error::Invalid, text);
}

Result<void> setVersions(SSL_CTX *context, TlsVersions versions)
{
    if (!versions)
        return mistake(QStringLiteral("no version of TLS is allowed; allow TLSv1.2 and TLSv1.3"));
    int lowest = 0;
    int highest = 0;
    quint64 exclusions = 0;
    for (const VersionRow &row : versionRows) {
        if (versions.testFlag(row.version)) {
            lowest = lowest ? lowest : row.number;
            highest = row.number;
        } else {
            exclusions |= row.exclusion;
        }
    }
    SSL_CTX_set_options(context, exclusions);
    // The system's openssl.cnf may have set other bounds.
    if (SSL_CTX_set_min_proto_version(context, lowest) != 1 || SSL_CTX_set_max_proto_version(context, highest) != 1)
        return mistake(
            QStringLiteral("this OpenSSL has not all of the allowed versions of TLS; allow TLSv1.2 and TLSv1.3"));
    return {};
}

bool hasSuite(const SSL_CTX *context, const QByteArray &name)
{
    const STACK_OF(SSL_CIPHER) *ciphers = SSL_CTX_get_ciphers(context);
    for (int i = 0; i < sk_SSL_CIPHER_num(ciphers); ++i) {
        if (name == SSL_CIPHER_get_name(sk_SSL_CIPHER_value(ciphers, i)))
            return true;
    }
    return false;
}

Result<void> setCiphers(SSL_CTX *context, const TlsOptions &options)
{
    const bool wantsOld = options.versions.testAnyFlags(TlsVersion::Tls10 | TlsVersion::Tls11);
    QByteArray ciphers = options.ciphers.toUtf8();
    if (ciphers.isEmpty())
        ciphers = modernCiphers + QByteArray(wantsOld ? oldCiphers : "");
    if (SSL_CTX_set_cipher_list(context, ciphers.constData()) != 1) {
        return mistake(
            QStringLiteral("the ciphers \"%1\" name none that OpenSSL has for TLS 1.2 (%2); \"openssl ciphers -v\" "
                           "lists them")
                .arg(options.ciphers, takeOpenSslError()));
    }
    if (wantsOld && SSL_CTX_get_security_level(context) > 0) {
        return mistake(
            QStringLiteral("OpenSSL speaks TLSv1 and TLSv1.1 on security level 0 only; add \":@SECLEVEL=0\" to "
                           "the ciphers, or do not allow these versions"));
    }
    return {};
}

Result<void> setCipherSuites(SSL_CTX *context, const QString &cipherSuites)
{
    if (cipherSuites.isEmpty())
        return {};
    const QByteArray suites = cipherSuites.toUtf8();
    const bool isWellFormed = SSL_CTX_set_ciphersuites(context, suites.constData()) == 1;
    ERR_clear_error();
    for (const QByteArray &suite : suites.split(':')) {
        // OpenSSL passes over a name that it does not know.
        if (!isWellFormed || !hasSuite(context, suite)) {
            return mistake(QStringLiteral("\"%1\" is no cipher suite of TLS 1.3 that OpenSSL has; \"openssl ciphers -s "
                                          "-tls1_3\" lists them, and \":\" stands between two")
                               .arg(QString::fromUtf8(suite)));
        }
    }
    return {};
}

Result<void> setCertificate(SSL_CTX *context, const TlsCertificateFiles &files, const TlsCertificate &material)
{
    bool fits = SSL_CTX_use_certificate(context, material.certificate.get()) == 1;
    for (size_t i = 0; fits && i < material.issuers.size(); ++i)
        fits = SSL_CTX_add1_chain_cert(context, material.issuers[i].get()) == 1;
    if (!fits || SSL_CTX_use_PrivateKey(context, material.key.get()) != 1) {
        return mistake(
            QStringLiteral("%1: OpenSSL refuses the certificate (%2); a new one with a key of 2048 bits RSA, or "
                           "of curve P-256, will do")
                .arg(files.chain, takeOpenSslError()));
    }
    return {};
}

Result<QByteArray> lengthsAndNames(const QByteArrayList &protocols)
{
    QByteArray list;
    for (const QByteArray &protocol : protocols) {
        if (protocol.isEmpty() || protocol.size() > 255) {
            return mistake(QStringLiteral("a protocol to agree on has %1 bytes; write 1 to 255, such as \"http/1.1\"")
                               .arg(protocol.size()));
        }
        list.append(char(protocol.size())).append(protocol);
    }
    return list;
}

bool isHostName(const QString &name)
{
    static const QRegularExpression pattern(
        QStringLiteral(
            "\\A(\\*\\.)?([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?\\.)*[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?\\z"),
        QRegularExpression::CaseInsensitiveOption);
    return name.size() <= 253 && pattern.match(name).hasMatch();
}

} // namespace

/// What all hosts of a context share.
struct TlsContext::Material
{
    TlsAuthorities authorities;
    /// A session is resumed where clients are verified in the same way, and nowhere else: it saves verifying them.
    QByteArray sessionContext;
};

void TlsContext::Free::operator()(ssl_ctx_st *context) const
{
    SSL_CTX_free(context);
}

TlsContext::TlsContext() = default;
TlsContext::~TlsContext() = default;

Result<std::shared_ptr<const TlsContext>> TlsContext::create(const TlsOptions &options, TlsSubject *culprit)
{
    const std::shared_ptr<TlsContext> context(new TlsContext);
    TlsSubject unwanted;
    TlsSubject &subject = culprit ? *culprit : unwanted;
    subject = {TlsSubject::Protocols, {}};
    Result<QByteArray> protocols = lengthsAndNames(options.protocols);
    if (!protocols)
        return protocols.error();
    context->m_protocols = *protocols;
    context->m_asksForCertificates = options.clientCertificates != ClientCertificates::Unwanted;

    Material material;
    QCryptographicHash hash(QCryptographicHash::Sha256);
    hash.addData(QByteArray::number(int(options.clientCertificates)) + ' ' + QByteArray::number(options.verifyDepth));
    if (options.clientCertificates != ClientCertificates::Unwanted) {
        subject = {TlsSubject::Authorities, {}};
        if (options.clientAuthorities.isEmpty()) {
            return mistake(
                QStringLiteral("clients are to show certificates, and no file says which authorities may have "
                               "signed them; give a PEM file with the certificates of these authorities"));
        }
        Result<TlsAuthorities> authorities = readAuthorities(options.clientAuthorities);
        if (!authorities)
            return authorities.error();
        material.authorities = std::move(*authorities);
        hash.addData(material.authorities.pem);
    }
    material.sessionContext = hash.result();
    static_assert(SSL_MAX_SID_CTX_LENGTH >= 32);

    Result<Handle> handle = context->build(options.certificate, options, material, subject);
    if (!handle)
        return handle.error();
    context->m_default = std::move(*handle);
    const Result<void> added = context->addHosts(options, material, subject);
    if (!added)
        return added.error();
    return std::shared_ptr<const TlsContext>(context);
}

Result<void> TlsContext::addHosts(const TlsOptions &options, const Material &material, TlsSubject &subject)
{
    for (auto host = options.hosts.cbegin(); host != options.hosts.cend(); ++host) {
        subject = {TlsSubject::Host, host.key()};
        if (!isHostName(host.key())) {
            return mistake(QStringLiteral("\"%1\" is no host that a client can ask for; write \"example.org\" or "
                                          "\"*.example.org\", and other letters than a to z as \"xn--…\"")
                               .arg(host.key()));
        }
        Result<Handle> handle = build(host.value(), options, material, subject);
        if (!handle)
            return handle.error();
        m_hostContexts.push_back(std::move(*handle));
        m_hosts.insert(host.key().toLatin1().toLower(), m_hostContexts.back().get());
    }
    return {};
}

Result<TlsContext::Handle> TlsContext::build(const TlsCertificateFiles &files, const TlsOptions &options,
                                             const Material &material, TlsSubject &subject)
{
    const QString host = subject.option == TlsSubject::Host ? subject.host : QString();
    ERR_clear_error();
    Handle handle(SSL_CTX_new(TLS_server_method()));
    SSL_CTX *context = handle.get();
    if (!context)
        return Error(Error::Internal, QStringLiteral("OpenSSL does not start: %1").arg(takeOpenSslError()));
    subject = {TlsSubject::Versions, {}};
    if (const Result<void> done = setVersions(context, options.versions); !done)
        return done.error();
    subject = {TlsSubject::Ciphers, {}};
    if (const Result<void> done = setCiphers(context, options); !done)
        return done.error();
    subject = {TlsSubject::CipherSuites, {}};
    if (const Result<void> done = setCipherSuites(context, options.cipherSuites); !done)
        return done.error();
    subject = {TlsSubject::Certificate, host};
    Result<TlsCertificate> certificate = readCertificate(files, subject);
    if (!certificate)
        return certificate.error();
    subject = {TlsSubject::Certificate, host};
    const Result<void> fits = setCertificate(context, files, *certificate);
    if (!fits)
        return fits.error();
    for (const TlsWarning &warning : std::as_const(certificate->warnings)) {
        const bool isTold = std::any_of(m_warnings.cbegin(), m_warnings.cend(),
                                        [&warning](const TlsWarning &told) { return told.text == warning.text; });
        if (!isTold)
            m_warnings.append(warning);
    }

    SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
    if (options.prefersServerCiphers)
        SSL_CTX_set_options(context, SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
    // Without released buffers an idle connection holds two records, 33 KB, more. A chain is sent as its file has it:
    // the authorities of the clients do not complete it.
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                  SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_NO_AUTO_CHAIN);

    // Sessions live in tickets alone: nothing to bound, and nothing for reactors to share.
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_session_id_context(context,
                                   reinterpret_cast<const unsigned char *>(material.sessionContext.constData()),
                                   unsigned(material.sessionContext.size()));
    if (options.hasSessionTickets) {
        TlsTicketKeys::useFor(context);
    } else {
        SSL_CTX_set_options(context, SSL_OP_NO_TICKET);
        SSL_CTX_set_num_tickets(context, 0);
    }

    if (options.clientCertificates != ClientCertificates::Unwanted) {
        for (const CertificateHandle &authority : material.authorities.certificates) {
            X509_STORE_add_cert(SSL_CTX_get_cert_store(context), authority.get());
            SSL_CTX_add_client_CA(context, authority.get());
        }
        const bool isRequired = options.clientCertificates == ClientCertificates::Required;
        SSL_CTX_set_verify(context, SSL_VERIFY_PEER | (isRequired ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0), nullptr);
        SSL_CTX_set_verify_depth(context, options.verifyDepth);
    }
    if (!m_protocols.isEmpty())
        SSL_CTX_set_alpn_select_cb(context, chooseProtocol, this);
    if (!options.hosts.isEmpty()) {
        SSL_CTX_set_tlsext_servername_callback(context, chooseHost);
        SSL_CTX_set_tlsext_servername_arg(context, this);
    }
    return handle;
}

ssl_st *TlsContext::newServer() const
{
    return SSL_new(m_default.get());
}

ssl_ctx_st *TlsContext::hostContext(QByteArrayView name) const
{
    QByteArray host = name.toByteArray().toLower();
    if (host.endsWith('.'))
        host.chop(1);
    if (ssl_ctx_st *exact = m_hosts.value(host))
        return exact;
    const qsizetype dot = host.indexOf('.');
    return dot > 0 ? m_hosts.value('*' + host.sliced(dot)) : nullptr;
}

int TlsContext::chooseHost(ssl_st *ssl, int *, void *context)
{
    const char *name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
    ssl_ctx_st *host = name ? static_cast<const TlsContext *>(context)->hostContext(name) : nullptr;
    if (!host)
        return SSL_TLSEXT_ERR_NOACK;
    return SSL_set_SSL_CTX(ssl, host) ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

int TlsContext::chooseProtocol(ssl_st *, const unsigned char **chosen, unsigned char *size,
                               const unsigned char *offered, unsigned int offeredSize, void *context)
{
    const QByteArray &own = static_cast<const TlsContext *>(context)->m_protocols;
    unsigned char *match = nullptr;
    const int outcome = SSL_select_next_proto(&match, size, reinterpret_cast<const unsigned char *>(own.constData()),
                                              unsigned(own.size()), offered, offeredSize);
    *chosen = match;
    return outcome == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

} // namespace Quern::net
