#include "config/tlsrules.h"

#include "config/text.h"
#include "config/tomltext.h"

#include <QDir>
#include <QRegularExpression>
#include <QVariantMap>

#include <algorithm>

namespace Quern::config {

namespace {

const QString certificateKey = QStringLiteral("ssl_cert_file");
const QString keyKey = QStringLiteral("ssl_key_file");

bool isServedHost(const QString &name)
{
    // RFC 1123 §2.1, and a star for the first label: RFC 6125 §6.4.3.
    static const QRegularExpression form(QStringLiteral(
        "\\A(\\*\\.)?[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?(\\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)*\\z"));
    constexpr qsizetype longest = 253;
    return name.size() <= longest && form.match(name).hasMatch();
}

/// Reads one host after the other.
class SniReader
{
public:
    explicit SniReader(const Reading &reading) : m_reading(reading) {}

    void read(const TomlEntry &host)
    {
        const QString name = host.key.toLower();
        if (!isServedHost(name)) {
            refuse(host.line, Text::tr("%1 is no host name; write one such as \"example.org\" or \"*.example.org\"")
                                  .arg(shownString(host.key)));
        } else if (m_certificates.contains(name)) {
            refuse(host.line, Text::tr("%1 is listed twice; remove one").arg(quotedToml(name)));
        } else if (!host.value.isTable()) {
            refuse(host.line, Text::tr("%1 must be a table, not %2; write [%3]")
                                  .arg(quotedToml(name), host.value.shown(), heading(name)));
        } else {
            readFiles(host, name);
        }
    }

    const QMap<QString, CertificateFiles> &certificates() const { return m_certificates; }

private:
    void readFiles(const TomlEntry &host, const QString &name)
    {
        CertificateFiles files;
        for (const TomlEntry &entry : host.value.entries) {
            if (entry.value.isTable()) {
                refuse(entry.line, Text::tr("a host name stands in quotes; write [%1]")
                                       .arg(heading(name + u'.' + entry.key.toLower())));
                return;
            }
            if (entry.key == certificateKey)
                readPath(entry, files.certificate);
            else if (entry.key == keyKey)
                readPath(entry, files.key);
            else
                m_reading.problems.addUnknownKey(entry.line, path() + u'.' + tomlKey(entry.key), entry.key,
                                                 {certificateKey, keyKey});
        }
        for (const QString &key : {certificateKey, keyKey}) {
            const bool isThere = std::any_of(host.value.entries.begin(), host.value.entries.end(),
                                             [&key](const TomlEntry &entry) { return entry.key == key; });
            if (!isThere)
                refuse(host.line,
                       Text::tr("%1 has no %2; write it below [%3]").arg(quotedToml(name), key, heading(name)));
        }
        if (!files.certificate.isEmpty() && !files.key.isEmpty())
            m_certificates.insert(name, files);
    }

    void readPath(const TomlEntry &entry, QString &file) const
    {
        const QString text = entry.value.scalar.toString();
        if (entry.value.isString() && !text.isEmpty() && !hasControlCharacter(text)) {
            file = QDir::cleanPath(QDir(m_reading.directory).absoluteFilePath(text));
            return;
        }
        const Reading own{path(), entry.key, entry.value, m_reading.directory, m_reading.problems};
        own.refuse(Text::tr("a path in quotes"), quotedToml(QStringLiteral("/etc/ssl/example.org.pem")));
    }

    void refuse(int line, const QString &text) const { m_reading.refuseAt(line, text); }
    QString path() const { return m_reading.table + u'.' + m_reading.name; }
    QString heading(const QString &host) const { return path() + u'.' + quotedToml(host); }

    const Reading &m_reading;
    QMap<QString, CertificateFiles> m_certificates;
};

} // namespace

void readVerifyPeer(const Reading &reading, VerifyPeer &verify)
{
    const TomlValue &value = reading.value;
    const QString word = value.scalar.toString().toLower();
    if (value.type == TomlValue::Type::Boolean)
        verify = value.scalar.toBool() ? VerifyPeer::Required : VerifyPeer::None;
    else if (value.isString() && value.scalar.toString() == u"optional")
        verify = VerifyPeer::Optional;
    else
        reading.refuse(Text::tr("true, false or \"optional\""),
                       word == u"true" || word == u"required" ? QStringLiteral("true") : verifyPeerText(verify));
}

QString verifyPeerText(VerifyPeer verify)
{
    switch (verify) {
    case VerifyPeer::None:
        return QStringLiteral("false");
    case VerifyPeer::Optional:
        return QStringLiteral("\"optional\"");
    case VerifyPeer::Required:
        return QStringLiteral("true");
    }
    Q_UNREACHABLE();
}

QMap<QString, CertificateFiles> readSniCertificates(const Reading &reading)
{
    if (!reading.value.isTable()) {
        reading.refuse(Text::tr("a table of host names"),
                       QStringLiteral("{ \"example.org\" = { ssl_cert_file = \"site.pem\", ssl_key_file = "
                                      "\"site.key\" } }"));
        return {};
    }
    SniReader reader(reading);
    for (const TomlEntry &host : reading.value.entries)
        reader.read(host);
    return reader.certificates();
}

void addSniOrigins(const QString &path, const TomlEntry &entry, const QString &fileName,
                   QMap<QString, QString> &origins)
{
    for (const TomlEntry &host : entry.value.entries) {
        for (const TomlEntry &file : host.value.entries)
            origins.insert(sniPath(path, host.key.toLower(), file.key), originText(fileName, file));
    }
}

QString sniPath(const QString &path, const QString &host, const QString &key)
{
    return path + u'.' + quotedToml(host) + u'.' + key;
}

QString sniCertificatesText(const QMap<QString, CertificateFiles> &certificates)
{
    QVariantMap hosts;
    for (auto it = certificates.begin(); it != certificates.end(); ++it)
        hosts.insert(it.key(), QVariantMap{{certificateKey, it->certificate}, {keyKey, it->key}});
    return toTomlText(hosts);
}

bool isTlsProtocol(const QString &text)
{
    return text == u"TLSv1.2" || text == u"TLSv1.3";
}

bool isAlpnProtocol(const QString &text)
{
    constexpr qsizetype longest = 255;
    return !text.isEmpty() && text.size() <= longest &&
           std::all_of(text.begin(), text.end(), [](QChar c) { return c > QChar(0x20) && c <= QChar(0x7e); });
}

} // namespace Quern::config
