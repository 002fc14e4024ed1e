#pragma once

#include <Quern/result.h>

#include <QByteArrayList>
#include <QFlags>
#include <QHash>
#include <QList>
#include <QMap>
#include <QString>

#include <memory>
#include <vector>

struct ssl_ctx_st;
struct ssl_st;

namespace Quern::net {

enum class TlsVersion : quint8 { Tls10 = 1, Tls11 = 2, Tls12 = 4, Tls13 = 8 };
Q_DECLARE_FLAGS(TlsVersions, TlsVersion)
Q_DECLARE_OPERATORS_FOR_FLAGS(TlsVersions)

/// Whether clients are to have certificates. One that does not lead to an authority ends the handshake in any case.
enum class ClientCertificates : quint8 {
    Unwanted, ///< not asked for
    Optional,
    Required,
};

/// A certificate of the server: PEM files, which may be the same one.
struct TlsCertificateFiles
{
    QString chain; ///< the certificate, and behind it those of its issuers
    QString key;   ///< not encrypted
};

/// How a listener speaks TLS.
struct TlsOptions
{
    TlsCertificateFiles certificate; ///< for clients that name no host, or one that is not in hosts
    /// By the name that the client asks for (SNI): "example.org", or "*.example.org" for one label in place of the
    /// star.
    QMap<QString, TlsCertificateFiles> hosts;

    ClientCertificates clientCertificates = ClientCertificates::Unwanted;
    QString clientAuthorities; ///< PEM file, needed to verify clients
    int verifyDepth = 9;       ///< certificates between the client's and an authority's, at most

    TlsVersions versions = TlsVersion::Tls12 | TlsVersion::Tls13;
    QString ciphers;      ///< up to TLS 1.2, as ciphers(1) writes them; empty: those with forward secrecy and AEAD
    QString cipherSuites; ///< of TLS 1.3; empty: OpenSSL's
    bool prefersServerCiphers = true; ///< the order of the server decides, and not the client's

    /// Protocols to agree on (ALPN), the preferred one first, each of 1 to 255 bytes. A client that offers others only
    /// is refused (RFC 7301 §3.2); one that offers none is not. Empty: what clients offer is ignored.
    QByteArrayList protocols;
    bool hasSessionTickets = true; ///< clients that come back save a part of the handshake
};

/// Reads the private key in a PEM file, of whatever kind it is: OpenSSL's own object, an EVP_PKEY that the caller owns.
/// Error::Invalid names the file and the mend.
Result<Qt::HANDLE> readPrivateKey(const QString &path);

/// One of TlsOptions: what an error or a warning is about.
struct TlsSubject
{
    enum Option : quint8 { Certificate, Key, Host, Authorities, Versions, Ciphers, CipherSuites, Protocols };

    Option option = Certificate;
    QString host; ///< of Certificate and Key: one of TlsOptions::hosts; empty: what others get
};

/// For people: a certificate that has expired or will within 30 days, a key that others can read.
struct TlsWarning
{
    TlsSubject subject;
    QString text; ///< names the file
};

/// Certificates, keys and rules for TLS, read once. A listener that gets a new one uses it for new connections; each
/// connection keeps its own alive. Any thread: reactors share it.
class TlsContext
{
public:
    /// Reads all files. Error::Invalid names the file, or the option, and the mend; \a culprit gets the option then.
    static Result<std::shared_ptr<const TlsContext>> create(const TlsOptions &options, TlsSubject *culprit = nullptr);

    ~TlsContext();
    Q_DISABLE_COPY_MOVE(TlsContext)

    /// A file that several hosts have is told of once.
    const QList<TlsWarning> &warnings() const { return m_warnings; }
    /// Whether clients are asked for certificates.
    bool asksForCertificates() const { return m_asksForCertificates; }

    /// A new server side; the caller frees it, before this context goes. Null if memory has run out.
    ssl_st *newServer() const;

private:
    struct Free
    {
        void operator()(ssl_ctx_st *context) const;
    };
    using Handle = std::unique_ptr<ssl_ctx_st, Free>;
    struct Material;

    TlsContext();
    // Each sets subject to what it looks at.
    Result<void> addHosts(const TlsOptions &options, const Material &material, TlsSubject &subject);
    Result<Handle> build(const TlsCertificateFiles &files, const TlsOptions &options, const Material &material,
                         TlsSubject &subject);
    ssl_ctx_st *hostContext(QByteArrayView name) const;

    static int chooseHost(ssl_st *ssl, int *alert, void *context);
    static int chooseProtocol(ssl_st *ssl, const unsigned char **chosen, unsigned char *size,
                              const unsigned char *offered, unsigned int offeredSize, void *context);

    Handle m_default;
    QHash<QByteArray, ssl_ctx_st *> m_hosts; ///< by name in lower case; into m_hostContexts
    std::vector<Handle> m_hostContexts;
    QByteArray m_protocols; ///< each behind its length
    bool m_asksForCertificates = false;
    QList<TlsWarning> m_warnings;
};

} // namespace Quern::net
