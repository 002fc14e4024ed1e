#include "admin-gui/connection/serveraddress.h"

#include <QCoreApplication>
#include <QDir>
#include <QFileInfo>
#include <QHostAddress>

namespace Quern::console {

namespace {

using namespace Qt::Literals::StringLiterals;

constexpr int standardPort = 5210;
constexpr auto socketName = "control.sock"_L1;
constexpr auto apiPath = "/api/v1"_L1;

struct Text
{
    Q_DECLARE_TR_FUNCTIONS(Quern::console::ServerAddress)
};

Error wrong(const QString &text)
{
    return Error(Error::Invalid, Text::tr("\"%1\" is no address of a server: write http://HOST:PORT, "
                                          "https://HOST:PORT, or the path of a control socket")
                                     .arg(text));
}

QString withoutUnix(const QString &text)
{
    const QString rest = text.trimmed();
    return rest.startsWith("unix:"_L1) ? rest.mid(5) : rest;
}

} // namespace

ServerAddress ServerAddress::ofSocket(const QString &path)
{
    ServerAddress address;
    address.m_socketPath = QDir::cleanPath(path);
    return address;
}

bool ServerAddress::isPath(const QString &text)
{
    const QString rest = withoutUnix(text);
    return rest.startsWith(u'/') || rest.startsWith(u'.');
}

Result<ServerAddress> ServerAddress::parse(const QString &text)
{
    QString rest = withoutUnix(text);
    if (isPath(rest)) {
        const QFileInfo file(rest);
        return ofSocket(file.isDir() ? QDir(file.absoluteFilePath()).filePath(socketName) : file.absoluteFilePath());
    }
    if (rest.isEmpty())
        return wrong(text);
    if (!rest.contains("://"_L1))
        rest.prepend("http://"_L1);
    QUrl url(rest, QUrl::StrictMode);
    if (url.scheme() == "ws"_L1)
        url.setScheme("http"_L1);
    else if (url.scheme() == "wss"_L1)
        url.setScheme("https"_L1);
    const QString path = url.path();
    const bool isApi = path.isEmpty() || path == "/"_L1 || path == apiPath || path == apiPath + u'/';
    const bool isWeb = url.scheme() == "http"_L1 || url.scheme() == "https"_L1;
    if (!url.isValid() || !isWeb || url.host().isEmpty() || !isApi || url.hasQuery() || url.hasFragment())
        return wrong(text);
    if (!url.userInfo().isEmpty())
        return Error(Error::Invalid, Text::tr("an address has no user or password: a token is asked for"));
    url.setPath(QString());
    if (url.port() < 0)
        url.setPort(standardPort);
    ServerAddress address;
    address.m_url = url;
    return address;
}

QUrl ServerAddress::streamUrl() const
{
    if (isLocal())
        return {};
    QUrl url = m_url;
    url.setScheme(m_url.scheme() == "https"_L1 ? "wss"_L1 : "ws"_L1);
    url.setPath(apiPath + "/stream"_L1);
    return url;
}

QString ServerAddress::apiUrl() const
{
    return m_url.toString();
}

QString ServerAddress::text() const
{
    return isLocal() ? m_socketPath : m_url.toString();
}

bool ServerAddress::isExposed() const
{
    if (isLocal() || m_url.scheme() == "https"_L1)
        return false;
    const QString host = m_url.host();
    return host != "localhost"_L1 && !QHostAddress(host).isLoopback();
}

} // namespace Quern::console
