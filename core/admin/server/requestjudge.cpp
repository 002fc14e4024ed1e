#include "admin/server/requestjudge.h"

#include "admin/protocol/access.h"
#include "admin/protocol/endpoints.h"

#include <algorithm>
#include <utility>

namespace Quern::admin {

namespace {

using namespace Qt::Literals::StringLiterals;

using Kind = Verdict::Kind;

/// How a browser, which cannot set Authorization for the stream, shows its token: as a subprotocol.
constexpr QByteArrayView tokenProtocol("bearer.");

/// Bytes of a body where nothing is taken from one: some clients send "{}".
constexpr qint64 largestEmptyBody = 64;

bool refuse(Verdict &verdict, Kind kind, int status, const char *code, const QString &message)
{
    verdict.kind = kind;
    verdict.answer = HttpAnswer::ofError(status, code, message);
    if (status == 401)
        verdict.answer.addField("WWW-Authenticate", "Bearer");
    return false;
}

bool refuse(Verdict &verdict, int status, const char *code, const QString &message)
{
    return refuse(verdict, Kind::Refuse, status, code, message);
}

/// Null if there is none.
QByteArray bearerToken(const RequestHead &head)
{
    const QByteArray value = head.value("authorization");
    const qsizetype blank = value.indexOf(' ');
    if (blank < 0 || value.left(blank).toLower() != "bearer")
        return {};
    return value.mid(blank + 1).trimmed();
}

QByteArrayList listOf(const QByteArray &value)
{
    QByteArrayList words;
    for (const QByteArray &word : value.split(','))
        words.append(word.trimmed());
    return words;
}

QByteArray protocolToken(const QByteArrayList &protocols)
{
    for (const QByteArray &protocol : protocols) {
        if (protocol.startsWith(tokenProtocol))
            return protocol.mid(tokenProtocol.size());
    }
    return {};
}

/// Whether \a value is that of Sec-WebSocket-Key: 16 bytes in base64 (RFC 6455 §4.1).
bool isStreamKey(const QByteArray &value)
{
    constexpr qsizetype bytes = 16;
    const auto key = QByteArray::fromBase64Encoding(value, QByteArray::AbortOnBase64DecodingErrors);
    return key && key.decoded.size() == bytes;
}

QByteArray allowText(const QByteArrayList &allowed)
{
    return (allowed + QByteArrayList{"OPTIONS"}).join(", ");
}

} // namespace

RequestJudge::RequestJudge(std::span<const Endpoint> endpoints, HostRules rules, qint64 maxBody)
    : m_endpoints(endpoints)
    , m_rules(std::move(rules))
    , m_maxBody(maxBody)
{
}

Verdict RequestJudge::judge(const RequestHead &head, bool isEncrypted) const
{
    Verdict verdict;
    if (!m_rules.permitsHost(head.host)) {
        refuse(verdict, 421, "permission",
               u"this server is not asked by that name; put it into hosts of [admin], or use its address"_s);
        return verdict;
    }
    if (!permitsOrigin(head, isEncrypted, verdict))
        return verdict;
    const Result<Target> target = Target::parse(head.target);
    if (!target) {
        verdict.answer = HttpAnswer::ofError(target.error());
        return verdict;
    }
    verdict.target = *target;
    const QByteArray path = beginningOf(head.target, '?');
    if (path == streamPath.data() && head.method == "GET")
        return judgeStream(head, std::move(verdict));
    if (head.isUpgrade) {
        refuse(verdict, 400, "invalid", u"WebSocket is spoken at %1 only"_s.arg(streamPath));
        return verdict;
    }
    return judgeEndpoint(head, std::move(verdict));
}

bool RequestJudge::permitsOrigin(const RequestHead &head, bool isEncrypted, Verdict &verdict) const
{
    const QByteArray origin = head.value("origin");
    if (origin.isNull() || m_rules.isSameOrigin(origin, isEncrypted ? "https" : "http", head.host))
        return true;
    if (!m_rules.permitsForeignOrigin(origin)) {
        return refuse(verdict, 403, "permission",
                      u"pages from that origin may not ask; put it into origins of [admin] if they may"_s);
    }
    verdict.origin = origin;
    return true;
}

Verdict RequestJudge::judgeStream(const RequestHead &head, Verdict verdict) const
{
    const QByteArrayList protocols = listOf(head.value("sec-websocket-protocol"));
    const bool isOffered = protocols.contains(streamProtocol.data());
    if (!head.isUpgrade || head.isVersion10 || head.contentLength > 0 ||
        !isStreamKey(head.value("sec-websocket-key"))) {
        refuse(verdict, 426, "invalid", u"this is a WebSocket: ask for it by Upgrade: websocket"_s);
        verdict.answer.addField("Upgrade", "websocket");
    } else if (head.value("sec-websocket-version") != "13") {
        refuse(verdict, 426, "invalid", u"version 13 of WebSocket is spoken here"_s);
        verdict.answer.addField("Sec-WebSocket-Version", "13");
    } else if (!protocols.constFirst().isEmpty() && !isOffered) {
        refuse(verdict, 400, "invalid", u"the subprotocol spoken here is %1"_s.arg(streamProtocol));
    } else {
        const QByteArray bearer = bearerToken(head);
        if (identify(bearer.isNull() ? protocolToken(protocols) : bearer, verdict))
            verdict.kind = Kind::Stream;
    }
    return verdict;
}

Verdict RequestJudge::judgeEndpoint(const RequestHead &head, Verdict verdict) const
{
    EndpointMatch match = findEndpoint(m_endpoints, head.method, verdict.target);
    const bool isDocument = beginningOf(head.target, '?') == documentPath.data();
    if (isDocument)
        match.allowed = {"GET", "HEAD"};
    if (match.allowed.isEmpty()) {
        refuse(verdict, 404, "not-found", u"there is nothing at this path; %1 tells what there is"_s.arg(documentPath));
        return verdict;
    }
    if (head.method == "OPTIONS") {
        if (!permitsBody(head, verdict))
            return verdict;
        verdict.kind = Kind::Preflight;
        verdict.answer.status = 204;
        verdict.answer.fields = {{"Allow", allowText(match.allowed)},
                                 {"Access-Control-Allow-Methods", allowText(match.allowed)},
                                 {"Access-Control-Allow-Headers", "Authorization, Content-Type"}};
        return verdict;
    }
    const bool isDocumentRead = isDocument && match.allowed.contains(head.method);
    if (!match.endpoint && !isDocumentRead) {
        refuse(verdict, 405, "invalid",
               u"this path knows only %1"_s.arg(QString::fromLatin1(match.allowed.join(", "))));
        verdict.answer.addField("Allow", allowText(match.allowed));
        return verdict;
    }
    verdict.endpoint = match.endpoint;
    const bool isPublic = isDocument || match.endpoint->isPublic;
    if (!isPublic) {
        if (!identify(bearerToken(head), verdict))
            return verdict;
        if (const Result<void> access = checkAccess(verdict.holder->role, QString(match.endpoint->method)); !access) {
            refuse(verdict, Kind::Lacking, 403, "permission", access.error().message());
            return verdict;
        }
    }
    if (permitsBody(head, verdict))
        verdict.kind = isDocument ? Kind::Document : Kind::Serve;
    return verdict;
}

bool RequestJudge::identify(const QByteArray &token, Verdict &verdict) const
{
    if (token.isNull())
        return refuse(verdict, 401, "permission", u"a token is needed: Authorization: Bearer TOKEN"_s);
    verdict.holder = m_tokens.find(token);
    return verdict.holder || refuse(verdict, Kind::Delay, 401, "permission", u"nobody holds this token"_s);
}

bool RequestJudge::permitsBody(const RequestHead &head, Verdict &verdict) const
{
    if (head.contentLength == 0)
        return true;
    // Who has no token has nothing to tell.
    const bool takesBody = verdict.endpoint && verdict.endpoint->body.schema;
    const qint64 most = !verdict.holder ? 0 : takesBody ? m_maxBody : std::min(largestEmptyBody, m_maxBody);
    if (head.contentLength > most) {
        return refuse(verdict, 413, "too-large",
                      u"the body has %1 bytes, and %2 are allowed here"_s.arg(head.contentLength).arg(most));
    }
    const QByteArray type = head.value("content-type");
    if (beginningOf(type, ';').trimmed().toLower() != "application/json")
        return refuse(verdict, 415, "invalid", u"a body must be application/json"_s);
    return true;
}

} // namespace Quern::admin
