#include "config/adminrules.h"

#include "config/listenreader.h"
#include "config/text.h"
#include "config/tomltext.h"

#include <QRegularExpression>

#include <algorithm>

using namespace Qt::Literals::StringLiterals;

namespace Quern::config {

namespace {

const QString hostForm = QStringLiteral("[a-z0-9]([a-z0-9-]*[a-z0-9])?(\\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*");

class AdminCheck
{
public:
    AdminCheck(const TomlEntry &written, const Settings &settings, Problems &problems)
        : m_written(written)
        , m_settings(settings)
        , m_problems(problems)
    {
    }

    void run()
    {
        const QList<WrittenAddress> addresses = writtenAdminAddresses(m_written.value, m_settings);
        if (m_problems.concern(u"admin.listen"_s))
            return;
        for (const WrittenAddress &address : addresses)
            checkAddress(address);
        checkCertificateUse();
    }

private:
    void checkAddress(const WrittenAddress &written)
    {
        const ListenAddress &address = written.address;
        if (address.kind == ListenAddress::Unix) {
            refuse(written.line, u"listen"_s,
                   Text::tr("%1 is a Unix socket, and who has an account here has the command line; write listen = "
                            "\"127.0.0.1:5210\"")
                       .arg(written.shown));
        } else if (address.tls) {
            checkCertificate(written);
        } else if (!address.isLoopback() && !m_settings.server.adminInsecureRemote) {
            refuse(written.line, u"listen"_s,
                   Text::tr("%1 would send tokens over the network as plain text; write \"tls:\" before it, or "
                            "insecure_remote = true if something else protects it")
                       .arg(written.shown));
        }
    }

    void checkCertificate(const WrittenAddress &written)
    {
        if (m_problems.concern(u"admin.tls_cert_file"_s) || m_problems.concern(u"admin.tls_key_file"_s))
            return;
        if (m_settings.server.adminTlsCertFile.isEmpty()) {
            refuse(written.line, u"listen"_s,
                   Text::tr("%1 needs a certificate and its key; write tls_cert_file = \"/etc/ssl/example.org.pem\" "
                            "and tls_key_file = \"/etc/ssl/example.org.key\" beside it")
                       .arg(written.shown));
        } else if (m_settings.server.adminTlsKeyFile.isEmpty()) {
            refuse(written.line, u"listen"_s,
                   Text::tr("%1 needs the key of its certificate; write tls_key_file = \"/etc/ssl/example.org.key\" "
                            "beside it")
                       .arg(written.shown));
        }
    }

    /// A certificate without TLS means that TLS was forgotten.
    void checkCertificateUse()
    {
        const QList<ListenAddress> &listen = m_settings.server.adminListen;
        if (std::any_of(listen.begin(), listen.end(), [](const ListenAddress &address) { return address.tls; }))
            return;
        for (const TomlEntry &entry : m_written.value.entries) {
            const bool isFile = entry.key == u"tls_cert_file" || entry.key == u"tls_key_file";
            if (!isFile || entry.value.scalar.toString().isEmpty())
                continue;
            refuse(entry.line, entry.key,
                   Text::tr("is about TLS, which no address of the API speaks; write \"tls:\" before an address of its "
                            "listen"));
            return;
        }
    }

    void refuse(int line, const QString &key, const QString &text)
    {
        const QString path = u"admin."_s + key;
        if (!m_problems.concern(path, line))
            m_problems.add(line, path, text);
    }

    const TomlEntry &m_written;
    const Settings &m_settings;
    Problems &m_problems;
};

} // namespace

bool isHostName(const QString &text)
{
    static const QRegularExpression form(u"\\A"_s + hostForm + u"\\z"_s);
    constexpr qsizetype longest = 253;
    return text.size() <= longest && form.match(text).hasMatch();
}

bool isOrigin(const QString &text)
{
    static const QRegularExpression form(u"\\Ahttps?://("_s + hostForm +
                                         u"|\\[[0-9a-f:.]+\\])(:[1-9][0-9]{0,4})?\\z"_s);
    constexpr qsizetype longest = 300;
    return text.size() <= longest && form.match(text).hasMatch();
}

QList<WrittenAddress> writtenAdminAddresses(const TomlValue &table, const Settings &settings)
{
    if (!settings.server.adminEnable)
        return {};
    if (const TomlValue *listen = table.find(u"listen"))
        return writtenAddresses(*listen, settings.directory);
    const TomlValue *enable = table.find(u"enable");
    const ListenAddress &own = settings.server.adminListen.constFirst();
    return {{own, enable ? enable->line : 0, quotedToml(own.text)}};
}

void checkAdmin(const TomlEntry &written, const Settings &settings, Problems &problems)
{
    if (settings.server.adminEnable)
        AdminCheck(written, settings, problems).run();
}

} // namespace Quern::config
