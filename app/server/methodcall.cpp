#include "app/server/methodcall.h"

#include "admin/protocol/access.h"
#include "admin/protocol/endpoints.h"
#include "admin/protocol/jsonvalues.h"
#include "admin/protocol/message.h"
#include "admin/protocol/methods.h"
#include "config/suggestion.h"

#include <algorithm>

namespace Quern::app {

namespace {

/// What to write in place of a method that is answered by events.
QString insteadOf(QLatin1StringView method)
{
    if (method == admin::Methods::logFollow)
        return MethodCall::tr("write: quern logs --follow");
    if (method == admin::Methods::operationWatch)
        return MethodCall::tr("call operation.read; what begins an operation is followed without being asked");
    return MethodCall::tr("call server.status again and again, or subscribe by the WebSocket of the management API");
}

Error unknown(const QString &method)
{
    QStringList methods;
    for (const admin::MethodAccess &access : admin::methodAccess())
        methods.append(access.method);
    const QString meant = config::nearestWord(method, methods);
    const QString shown = method.left(admin::longestShown);
    return Error(Error::Invalid,
                 meant.isEmpty()
                     ? MethodCall::tr("call: there is no method %1; the guide share/doc/quern/management.md lists them")
                           .arg(shown)
                     : MethodCall::tr("call: there is no method %1; did you mean %2?").arg(shown, meant));
}

} // namespace

Result<MethodCall> MethodCall::parse(const QStringList &words)
{
    if (words.isEmpty())
        return Error(Error::Invalid,
                     tr("write: quern call METHOD [JSON]; the guide share/doc/quern/management.md lists "
                        "the methods with their parameters"));
    const admin::MethodAccess *access = admin::findMethodAccess(words.at(0));
    if (!access)
        return unknown(words.at(0));
    MethodCall call;
    call.method = access->method;
    const std::span<const QLatin1StringView> streamed = admin::streamMethods();
    if (std::find(streamed.begin(), streamed.end(), call.method) != streamed.end())
        return Error(Error::Invalid, tr("call: %1 is answered by events, and this command takes one answer; %2")
                                         .arg(call.method, insteadOf(call.method)));
    if (words.size() > 1) {
        const Result<QJsonObject> params = admin::decodeLine(words.at(1).toUtf8());
        if (!params)
            return Error(Error::Invalid, tr("call: the parameters must be a JSON object, in quotes for the shell, such "
                                            "as '{\"job\": \"nightly\"}': %1")
                                             .arg(params.error().message()));
        call.params = *params;
    }
    const std::span<const admin::Endpoint> endpoints = admin::endpoints();
    call.isLong = std::any_of(endpoints.begin(), endpoints.end(), [&call](const admin::Endpoint &endpoint) {
        return endpoint.method == call.method && endpoint.answer == admin::Endpoint::Answer::Operation;
    });
    return call;
}

} // namespace Quern::app
