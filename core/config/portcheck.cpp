#include "config/portcheck.h"

#include "config/text.h"
#include "config/units.h"

#include <algorithm>

using namespace Qt::Literals::StringLiterals;

namespace Quern::config {

namespace {

struct Size
{
    QString key;
    quint64 bytes;
};

class PortCheck
{
public:
    PortCheck(const WrittenPort &port, Problems &problems) : m_port(port), m_problems(problems) {}

    void run()
    {
        const ServerSettings &settings = m_port.settings;
        const Size head{u"http_head_max_length"_s, settings.httpHeadMaxLength};
        const Size uri{u"http_uri_max_length"_s, settings.httpUriMaxLength};
        const Size package{u"package_max_length"_s, settings.packageMaxLength};
        const Size buffer{u"socket_buffer_size"_s, settings.socketBufferSize};
        const Size high{u"buffer_high_watermark"_s, settings.bufferHighWatermark};
        const Size low{u"buffer_low_watermark"_s, settings.bufferLowWatermark};
        if (uri.bytes > head.bytes)
            refuse(uri, head, unreachable(uri, head));
        if (high.bytes > buffer.bytes)
            refuse(high, buffer, unreachable(high, buffer));
        if (low.bytes >= high.bytes) {
            refuse(low, high,
                   Text::tr("%1 of %2 is not below %3 of %4; write %1 = %5")
                       .arg(low.key, sizeText(low.bytes), high.key, sizeText(high.bytes), sizeText(high.bytes / 2)));
        }
        if (package.bytes > buffer.bytes) {
            refuse(package, buffer,
                   Text::tr("%1 of %2 holds no whole message of %3, %4; write %1 = %4 or more")
                       .arg(buffer.key, sizeText(buffer.bytes), package.key, sizeText(package.bytes)));
        }
        checkCertificate();
        checkVerification();
    }

private:
    static QString unreachable(const Size &lesser, const Size &greater)
    {
        return Text::tr("%1 of %2 cannot be reached within %3 of %4; write %1 = %4 or less")
            .arg(lesser.key, sizeText(lesser.bytes), greater.key, sizeText(greater.bytes));
    }

    /// Told at the line that was written last: one of the two may be a default.
    void refuse(const Size &one, const Size &other, const QString &text)
    {
        const QString &key = line(one.key) > line(other.key) ? one.key : other.key;
        if (line(key) > 0 && !isTold(one.key) && !isTold(other.key))
            m_problems.add(line(key), path(key), text);
    }

    void checkCertificate()
    {
        const auto it = std::find_if(m_port.addresses.begin(), m_port.addresses.end(),
                                     [](const WrittenAddress &written) { return written.address.tls; });
        const QString certificate = u"ssl_cert_file"_s;
        const QString key = u"ssl_key_file"_s;
        if (it == m_port.addresses.end() || isTold(certificate) || isTold(key))
            return;
        const QString mendCertificate = u"ssl_cert_file = \"/etc/ssl/example.org.pem\""_s;
        const QString mendKey = u"ssl_key_file = \"/etc/ssl/example.org.key\""_s;
        if (m_port.settings.sslCertFile.isEmpty()) {
            m_problems.add(it->line, path(u"listen"_s),
                           Text::tr("%1 needs a certificate and its key; write %2 and %3 beside it")
                               .arg(it->shown, mendCertificate, mendKey));
        } else if (m_port.settings.sslKeyFile.isEmpty()) {
            m_problems.add(it->line, path(u"listen"_s),
                           Text::tr("%1 needs the key of its certificate; write %2 beside it").arg(it->shown, mendKey));
        }
    }

    void checkVerification()
    {
        const QString verify = u"ssl_verify_peer"_s;
        const QString signers = u"ssl_client_cert_file"_s;
        const QString &key = line(verify) > line(signers) ? verify : signers;
        if (m_port.settings.sslVerifyPeer == VerifyPeer::None || !m_port.settings.sslClientCertFile.isEmpty() ||
            line(key) == 0 || isTold(verify) || isTold(signers)) {
            return;
        }
        m_problems.add(line(key), path(key),
                       Text::tr("clients' certificates are checked against those of their signers; write %1 = "
                                "\"/etc/ssl/clients.pem\" beside %2")
                           .arg(signers, verify));
    }

    int line(const QString &key) const { return m_port.lines.value(key); }
    QString path(const QString &key) const { return m_port.table + u'.' + key; }
    bool isTold(const QString &key) const { return line(key) > 0 && m_problems.concern(path(key), line(key)); }

    const WrittenPort &m_port;
    Problems &m_problems;
};

} // namespace

void checkPort(const WrittenPort &port, Problems &problems)
{
    PortCheck(port, problems).run();
}

} // namespace Quern::config
