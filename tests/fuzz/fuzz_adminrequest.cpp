#include "fuzzsupport.h"

#include "admin/protocol/endpoints.h"
#include "admin/protocol/message.h"
#include "admin/server/requestjudge.h"

#include <QJsonDocument>

#include <algorithm>

using namespace Quern;
using namespace Quern::admin;
using fuzz::fail;

namespace {

const QByteArray token(40, 't');

const RequestJudge &judge()
{
    static const RequestJudge instance = [] {
        RequestJudge made(endpoints(), {{"ops.example.org"}, {"https://dash.example.org"}}, 1 << 20);
        made.setTokens(*AccessTokens::parse("operator o " + token, QStringLiteral("t")));
        return made;
    }();
    return instance;
}

QByteArray shown(const HeadReader &reader)
{
    const auto read = reader.head();
    if (const auto *refusal = std::get_if<Refusal>(&read))
        return "refused " + QByteArray::number(refusal->status);
    const auto &head = std::get<std::optional<RequestHead>>(read);
    if (!head)
        return "incomplete";
    QByteArray text = head->method + ' ' + head->target + ' ' + head->host + ' ' +
                      QByteArray::number(head->contentLength) + (head->isKeptAlive ? " kept" : "") +
                      (head->isUpgrade ? " upgrade" : "");
    for (const RequestHead::Field &field : head->fields)
        text += '\n' + field.name + '=' + field.value;
    return text;
}

/// Reads \a pieces as a connection does: behind a refusal or a whole head nothing is read any more.
HeadReader readPieces(const QList<QByteArrayView> &pieces)
{
    HeadReader reader;
    for (QByteArrayView piece : pieces) {
        while (!piece.isEmpty() && shown(reader) == "incomplete") {
            const QByteArrayView part = piece.first(std::min(piece.size(), reader.room()));
            const qsizetype taken = reader.take(part);
            if (taken > part.size() || (taken < part.size() && shown(reader) == "incomplete"))
                fail("a reader of an incomplete head has left bytes");
            piece = piece.sliced(part.size());
        }
    }
    return reader;
}

void checkHead(const RequestHead &head)
{
    const auto isControl = [](char c) { return uchar(c) < 0x20 || c == 0x7f; };
    for (const RequestHead::Field &field : head.fields) {
        const bool hasControl =
            std::any_of(field.value.begin(), field.value.end(), [&](char c) { return isControl(c) && c != '\t'; });
        if (hasControl || field.name.isEmpty() || field.name != field.name.toLower())
            fail("a field is not clean", field.name, field.value);
    }
    const bool isClean = std::none_of(head.target.begin(), head.target.end(), isControl);
    if (!isClean || !head.target.startsWith('/') || head.method.isEmpty() || head.host.isEmpty() ||
        head.contentLength < 0)
        fail("the head is not whole", head.method, head.target, head.host);
}

void checkParameters(const Endpoint &endpoint, const QJsonObject &parameters)
{
    const Result<QJsonObject> again = decodeLine(encodeLine(parameters));
    if (!again || *again != parameters)
        fail("the parameters do not survive a line", encodeLine(parameters));
    if (endpoint.adapt)
        return;
    for (const EndpointParameter &parameter : endpoint.parameters) {
        const QJsonValue value = parameters[parameter.name];
        const bool isRight = parameter.type == EndpointParameter::Type::Text      ? value.isString()
                             : parameter.type == EndpointParameter::Type::Integer ? value.toInteger(-1) >= 0
                                                                                  : value.isBool();
        if (!isRight)
            fail("a parameter is of another type", parameter.name.data());
    }
}

} // namespace

/// The input is a request of the management API, head and body.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const QByteArrayView bytes(reinterpret_cast<const char *>(data), qsizetype(size));
    const HeadReader whole = readPieces({bytes});
    const HeadReader pieces = readPieces(fuzz::derivedPieces(bytes, 7));
    // A mistake may be seen before the end of the line that has it is there.
    if (shown(whole) != shown(pieces) && !(shown(whole).startsWith("refused") && shown(pieces).startsWith("refused")))
        fail("pieces are read in another way", shown(whole), shown(pieces));
    const auto read = whole.head();
    if (!std::holds_alternative<std::optional<RequestHead>>(read) || !std::get<0>(read))
        return 0;
    const RequestHead &head = *std::get<0>(read);
    checkHead(head);
    const Verdict verdict = judge().judge(head, false);
    if (verdict.holder && !bytes.contains(token))
        fail("somebody is let in without the token");
    const bool needsToken =
        verdict.kind == Verdict::Kind::Stream || (verdict.kind == Verdict::Kind::Serve && !verdict.endpoint->isPublic);
    if (needsToken && !verdict.holder)
        fail("somebody is served without a token", head.target);
    if (verdict.kind != Verdict::Kind::Serve)
        return 0;
    const QByteArray body = bytes.sliced(std::max<qsizetype>(0, bytes.indexOf("\r\n\r\n") + 4)).toByteArray();
    const Result<QJsonObject> parameters = methodParameters(*verdict.endpoint, verdict.target, body);
    if (parameters)
        checkParameters(*verdict.endpoint, *parameters);
    else if (parameters.error().message().isEmpty() || statusOf(parameters.error().code()) != 400)
        fail("an error without a reason");
    return 0;
}
