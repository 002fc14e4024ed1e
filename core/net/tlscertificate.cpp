#include "net/tlscertificate.h"

#include "base/filedescriptor.h"
#include "net/tlscontext.h"

#include <QFile>

#include <openssl/err.h>
#include <openssl/pem.h>

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>

namespace Quern::net {

namespace {

/// The largest bundles of authorities have a quarter of this.
constexpr qint64 maxFileSize = 1024 * 1024;
/// Renewal is late by then: those who do it by themselves begin a month before the end.
constexpr int soonDays = 30;

struct PemFile
{
    QByteArray bytes;
    bool isOpenToOthers; ///< everybody on this machine may read it
};

Error mistake(const QString &path, const QString &text)
{
    return Error(Error::Invalid, QStringLiteral("%1: %2").arg(path, text));
}

/// \a content says what is to be in the file, for the mend.
Result<PemFile> readPem(const QString &path, const QString &content)
{
    // Without blocking: opening a named pipe would wait for somebody to write.
    const base::FileDescriptor fd(::open(QFile::encodeName(path).constData(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    struct stat status = {};
    if (!fd.isValid() || ::fstat(fd.get(), &status) != 0) {
        if (errno == ENOENT)
            return mistake(path,
                           QStringLiteral("there is no such file; give the path of a PEM file with %1").arg(content));
        const QString reason = QString::fromLocal8Bit(std::strerror(errno));
        return mistake(path, QStringLiteral("cannot be read: %1; let the server's user read it").arg(reason));
    }
    if (!S_ISREG(status.st_mode))
        return mistake(path, QStringLiteral("is no plain file; give the path of a PEM file with %1").arg(content));
    if (status.st_size > maxFileSize)
        return mistake(path, QStringLiteral("has more than 1 MiB; give the path of a PEM file with %1").arg(content));
    PemFile file = {QByteArray(status.st_size, Qt::Uninitialized), (status.st_mode & S_IROTH) != 0};
    const ssize_t count = ::pread(fd.get(), file.bytes.data(), size_t(file.bytes.size()), 0);
    if (count < 0) {
        const QString reason = QString::fromLocal8Bit(std::strerror(errno));
        return mistake(path, QStringLiteral("cannot be read: %1").arg(reason));
    }
    file.bytes.truncate(count);
    return file;
}

BioHandle bioOf(const QByteArray &bytes)
{
    return BioHandle(BIO_new_mem_buf(bytes.constData(), int(bytes.size())));
}

/// What a key's file is to hold.
QString privateKeyFile()
{
    return QStringLiteral("the certificate's private key");
}

/// Asked for a passphrase, when there is nobody to type one.
int refusePassphrase(char *, int, int, void *wasAsked)
{
    *static_cast<bool *>(wasAsked) = true;
    return -1;
}

Result<std::vector<CertificateHandle>> certificatesIn(const QString &path, const QByteArray &pem)
{
    ERR_clear_error();
    const BioHandle bio = bioOf(pem);
    std::vector<CertificateHandle> certificates;
    bool wasAsked = false;
    while (X509 *certificate = PEM_read_bio_X509(bio.get(), nullptr, refusePassphrase, &wasAsked))
        certificates.emplace_back(certificate);
    const bool isAtEnd = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
    const QString reason = takeOpenSslError();
    if (!isAtEnd) {
        return mistake(path, QStringLiteral("certificate %1 in it is damaged (%2); copy the file anew")
                                 .arg(certificates.size() + 1)
                                 .arg(reason));
    }
    if (certificates.empty()) {
        return mistake(path, QStringLiteral("holds no certificate in PEM form, which begins with "
                                            "\"-----BEGIN CERTIFICATE-----\"; give such a file"));
    }
    return certificates;
}

Result<KeyHandle> keyIn(const QString &path, const QByteArray &pem)
{
    ERR_clear_error();
    const BioHandle bio = bioOf(pem);
    bool wasAsked = false;
    KeyHandle key(PEM_read_bio_PrivateKey(bio.get(), nullptr, refusePassphrase, &wasAsked));
    const QString reason = takeOpenSslError();
    if (key)
        return key;
    if (wasAsked) {
        return mistake(path,
                       QStringLiteral("the key is encrypted, and nobody is there to type its passphrase; write it "
                                      "without one: openssl pkey -in %1 -out plain.key")
                           .arg(path));
    }
    if (!pem.contains("PRIVATE KEY-----")) {
        return mistake(path, QStringLiteral("holds no private key in PEM form, which begins with "
                                            "\"-----BEGIN PRIVATE KEY-----\"; give such a file"));
    }
    return mistake(path, QStringLiteral("the key in it is damaged (%1); copy the file anew").arg(reason));
}

QString timeOf(const ASN1_TIME *time)
{
    const BioHandle text(BIO_new(BIO_s_mem()));
    ASN1_TIME_print_ex(text.get(), time, ASN1_DTFLGS_ISO8601);
    char *bytes = nullptr;
    const long size = BIO_get_mem_data(text.get(), &bytes);
    return QString::fromLatin1(bytes, size);
}

/// What is to be said of the time that \a certificate is valid; empty if nothing is.
QString warningOfTimes(const QString &path, const X509 *certificate)
{
    const ASN1_TIME *begin = X509_get0_notBefore(certificate);
    const ASN1_TIME *end = X509_get0_notAfter(certificate);
    int days = 0;
    int seconds = 0;
    if (X509_cmp_current_time(end) < 0) {
        return QStringLiteral("%1: the certificate expired at %2; clients will refuse it until it is renewed")
            .arg(path, timeOf(end));
    }
    if (X509_cmp_current_time(begin) > 0) {
        return QStringLiteral("%1: the certificate is valid from %2 on; clients will refuse it until then; look at the "
                              "clock of this machine, too")
            .arg(path, timeOf(begin));
    }
    if (ASN1_TIME_diff(&days, &seconds, nullptr, end) == 1 && days < soonDays)
        return QStringLiteral("%1: the certificate expires at %2; renew it, and reload").arg(path, timeOf(end));
    return {};
}

} // namespace

Result<TlsCertificate> readCertificate(const TlsCertificateFiles &files, TlsSubject &subject)
{
    const TlsSubject ofChain = subject;
    const Result<PemFile> chain = readPem(files.chain, QStringLiteral("the certificate, its issuers behind it"));
    if (!chain)
        return chain.error();
    Result<std::vector<CertificateHandle>> certificates = certificatesIn(files.chain, chain->bytes);
    if (!certificates)
        return certificates.error();
    subject.option = TlsSubject::Key;
    const Result<PemFile> keyFile = readPem(files.key, privateKeyFile());
    if (!keyFile)
        return keyFile.error();
    Result<KeyHandle> key = keyIn(files.key, keyFile->bytes);
    if (!key)
        return key.error();

    TlsCertificate result;
    result.certificate = std::move(certificates->front());
    certificates->erase(certificates->begin());
    result.issuers = std::move(*certificates);
    result.key = std::move(*key);
    if (X509_check_private_key(result.certificate.get(), result.key.get()) != 1) {
        ERR_clear_error();
        return mistake(files.key,
                       QStringLiteral("is not the key of the first certificate in %1; give the key that it was "
                                      "made with, and let the server's certificate stand before its issuers")
                           .arg(files.chain));
    }
    if (const QString warning = warningOfTimes(files.chain, result.certificate.get()); !warning.isEmpty())
        result.warnings.append({ofChain, warning});
    if (keyFile->isOpenToOthers) {
        result.warnings.append(
            {subject, QStringLiteral("%1: every user of this machine can read the private key; chmod 600 keeps it for "
                                     "its owner")
                          .arg(files.key)});
    }
    return result;
}

Result<Qt::HANDLE> readPrivateKey(const QString &path)
{
    const Result<PemFile> file = readPem(path, privateKeyFile());
    if (!file)
        return file.error();
    Result<KeyHandle> key = keyIn(path, file->bytes);
    return key ? Result<Qt::HANDLE>(key->release()) : key.error();
}

Result<TlsAuthorities> readAuthorities(const QString &path)
{
    Result<PemFile> file = readPem(path, QStringLiteral("the certificates of the authorities that sign for clients"));
    if (!file)
        return file.error();
    Result<std::vector<CertificateHandle>> certificates = certificatesIn(path, file->bytes);
    if (!certificates)
        return certificates.error();
    return TlsAuthorities{std::move(file->bytes), std::move(*certificates)};
}

} // namespace Quern::net
