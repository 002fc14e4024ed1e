#include "admin-gui/actions/commandtext.h"

#include "admin/protocol/endpoints.h"
#include "admin/protocol/methods.h"

#include <QJsonDocument>
#include <QRegularExpression>
#include <QStringList>
#include <QUrlQuery>

#include <algorithm>

namespace Quern::console {

namespace {

using namespace Qt::Literals::StringLiterals;
namespace Methods = admin::Methods;

/// As one word of a POSIX shell.
QString quoted(const QString &word)
{
    static const QRegularExpression plain(QStringLiteral("\\A[A-Za-z0-9_./:@%+=,-]+\\z"));
    if (plain.match(word).hasMatch())
        return word;
    QString text = word;
    return u'\'' + text.replace(u'\'', "'\\''"_L1) + u'\'';
}

QString compact(const QJsonObject &json)
{
    return QString::fromUtf8(QJsonDocument(json).toJson(QJsonDocument::Compact));
}

/// The words of a command that the command line has for this alone; empty: it has none.
QStringList ownCommand(QStringView method, const QJsonObject &params)
{
    if (method == Methods::serverReload)
        return {u"reload"_s};
    if (method == Methods::serverStop)
        return {u"stop"_s};
    if (method == Methods::cronRun || method == Methods::cronPause || method == Methods::cronResume)
        return {u"cron"_s, method.mid(5).toString(), params["job"_L1].toString()};
    if (method == Methods::logSetLevel)
        return {u"logs"_s, u"--set-level"_s, params["levels"_L1].toString()};
    if (method == Methods::taskRetry || method == Methods::taskDrop) {
        QStringList words{u"tasks"_s, method.mid(5).toString()};
        const QString scope = params["scope"_L1].toString();
        if (scope == "one"_L1)
            return words << params["id"_L1].toString();
        words << u"--all"_s;
        return scope == "named"_L1 ? words << u"--name"_s << params["name"_L1].toString() : words;
    }
    return {};
}

QString localCommand(const QString &configFile, QStringView method, const QJsonObject &params)
{
    QStringList words = ownCommand(method, params);
    if (words.isEmpty()) {
        words = {u"call"_s, method.toString()};
        if (!params.isEmpty())
            words << compact(params);
    }
    words.prepend(u"quern"_s);
    if (!configFile.isEmpty())
        words << u"-c"_s << configFile;
    std::transform(words.begin(), words.end(), words.begin(), quoted);
    return words.join(u' ');
}

/// The endpoint that calls \a method with what it fixes, such as {"on": true} of a drain.
const admin::Endpoint *endpointOf(QStringView method, const QJsonObject &params)
{
    for (const admin::Endpoint &endpoint : admin::endpoints()) {
        if (endpoint.method != method || !endpoint.part.isEmpty())
            continue;
        bool fits = true;
        for (auto it = endpoint.fixed.begin(); it != endpoint.fixed.end(); ++it)
            fits = fits && params.value(it.key()) == it.value();
        if (fits)
            return &endpoint;
    }
    return nullptr;
}

QString remoteCommand(const ServerAddress &address, QStringView method, const QJsonObject &params)
{
    const admin::Endpoint *endpoint = endpointOf(method, params);
    if (!endpoint)
        return {};
    QString path = endpoint->path;
    QUrlQuery query;
    QJsonObject rest = params;
    for (auto it = endpoint->fixed.begin(); it != endpoint->fixed.end(); ++it)
        rest.remove(it.key());
    for (const admin::EndpointParameter &parameter : endpoint->parameters) {
        const QString name = parameter.name;
        const QJsonValue given = rest.take(name);
        QString value = given.toVariant().toString();
        if (const QJsonValue encoded = given.toObject().value("base64"_L1); encoded.isString()) {
            value = encoded.toString();
            query.addQueryItem(u"encoding"_s, u"base64"_s);
        }
        if (parameter.place == admin::EndpointParameter::Place::Path)
            path.replace(u'{' + name + u'}', QString::fromLatin1(QUrl::toPercentEncoding(value)));
        else if (!value.isEmpty())
            query.addQueryItem(name, QString::fromLatin1(QUrl::toPercentEncoding(value)));
    }
    if (!query.isEmpty())
        path += u'?' + query.toString(QUrl::FullyEncoded);
    QString command = u"curl -H \"Authorization: Bearer $TOKEN\""_s;
    if (endpoint->verb != admin::Endpoint::Verb::Get)
        command += " -X "_L1 + admin::verbName(endpoint->verb);
    if (!rest.isEmpty())
        command += " -H 'Content-Type: application/json' -d "_L1 + quoted(compact(rest));
    return command + u' ' + quoted(address.apiUrl() + path);
}

} // namespace

QString commandText(const ServerAddress &address, const QString &configFile, QStringView method,
                    const QJsonObject &params)
{
    return address.isLocal() ? localCommand(configFile, method, params) : remoteCommand(address, method, params);
}

} // namespace Quern::console
