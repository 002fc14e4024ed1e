#include "origins.h"

#include <QUrl>

#include <stdexcept>

using Quern::Request;

namespace {

constexpr int httpPort = 80;
constexpr int httpsPort = 443;

bool isWebScheme(const QString &scheme)
{
    return scheme == u"http" || scheme == u"https";
}

/// As \a text is usually written: in lower case, without the port that is the scheme's own; empty if it is no origin.
QString tidyOrigin(const QString &text)
{
    const QUrl url(text, QUrl::StrictMode);
    if (!url.isValid() || !isWebScheme(url.scheme()) || url.host().isEmpty() || url.hasQuery() || url.hasFragment() ||
        !url.userInfo().isEmpty() || !url.path().isEmpty())
        return {};
    const int usual = url.scheme() == u"https" ? httpsPort : httpPort;
    QUrl tidy = url;
    tidy.setPort(url.port(usual) == usual ? -1 : url.port());
    return tidy.toString(QUrl::FullyEncoded);
}

/// Whether the page comes from where its request goes. The scheme is the origin's: behind a proxy that nobody trusts
/// the server does not know its own.
bool isSameHost(const QString &origin, const Request &request)
{
    const QString scheme = origin.left(origin.indexOf(u':'));
    return origin == tidyOrigin(scheme + QStringLiteral("://") + QString::fromUtf8(request.host()));
}

} // namespace

Quern::Middleware originCheck(const QStringList &allowed)
{
    return [allowed](Request &request, Quern::Response &response, const Quern::Next &next) {
        const QByteArrayView sent = request.header("Origin");
        const QString origin = tidyOrigin(QString::fromUtf8(sent));
        if (sent.isNull() || (!origin.isEmpty() && (allowed.contains(origin) || isSameHost(origin, request)))) {
            next();
            return;
        }
        response.setStatus(403).text(QStringLiteral("Pages of another host may not take part. To allow it, add the "
                                                    "page's origin to origins in the settings of the chat plugin.\n"));
    };
}

QStringList originsOf(const QVariantMap &settings)
{
    const QString known = QStringLiteral("origins");
    for (auto each = settings.cbegin(); each != settings.cend(); ++each) {
        if (each.key() != known)
            throw std::invalid_argument("settings of the chat plugin: unknown key " + each.key().toStdString() +
                                        "; origins is the only one");
    }
    QStringList origins;
    const QVariant value = settings.value(known, QVariantList());
    bool isRight = value.typeId() == QMetaType::QVariantList;
    const QVariantList items = value.toList();
    for (const QVariant &item : items) {
        origins.append(tidyOrigin(item.toString()));
        isRight = isRight && !origins.last().isEmpty();
    }
    if (!isRight)
        throw std::invalid_argument("settings of the chat plugin: origins must be a list of origins; write "
                                    "origins = [\"https://example.org\"], without a path");
    return origins;
}
