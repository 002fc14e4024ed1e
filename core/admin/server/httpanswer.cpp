#include "admin/server/httpanswer.h"

#include "admin/protocol/message.h"

#include <QDateTime>
#include <QJsonDocument>
#include <QLocale>

#include <algorithm>
#include <array>

namespace Quern::admin {

namespace {

struct Reason
{
    int status;
    const char *phrase;
};

constexpr std::array reasons = {
    Reason{200, "OK"},
    Reason{202, "Accepted"},
    Reason{204, "No Content"},
    Reason{400, "Bad Request"},
    Reason{401, "Unauthorized"},
    Reason{403, "Forbidden"},
    Reason{404, "Not Found"},
    Reason{405, "Method Not Allowed"},
    Reason{408, "Request Timeout"},
    Reason{409, "Conflict"},
    Reason{411, "Length Required"},
    Reason{413, "Content Too Large"},
    Reason{415, "Unsupported Media Type"},
    Reason{417, "Expectation Failed"},
    Reason{421, "Misdirected Request"},
    Reason{426, "Upgrade Required"},
    Reason{431, "Request Header Fields Too Large"},
    Reason{500, "Internal Server Error"},
    Reason{503, "Service Unavailable"},
    Reason{504, "Gateway Timeout"},
};

const char *phraseOf(int status)
{
    const auto it =
        std::find_if(reasons.begin(), reasons.end(), [status](const Reason &each) { return each.status == status; });
    return it == reasons.end() ? "Unknown" : it->phrase;
}

/// RFC 9110 §5.6.7.
QByteArray dateNow()
{
    return QLocale::c()
        .toString(QDateTime::currentDateTimeUtc(), QStringLiteral("ddd, dd MMM yyyy hh:mm:ss 'GMT'"))
        .toLatin1();
}

void addField(QByteArray &bytes, QByteArrayView name, QByteArrayView value)
{
    bytes.append(name).append(": ").append(value).append("\r\n");
}

} // namespace

int statusOf(Error::Code code)
{
    switch (code) {
    case Error::Invalid:
    case Error::Protocol:
        return 400;
    case Error::Permission:
        return 403;
    case Error::NotFound:
        return 404;
    case Error::Exists:
        return 409;
    case Error::TooLarge:
        return 413;
    case Error::Busy:
    case Error::Unavailable:
        return 503;
    case Error::Timeout:
        return 504;
    case Error::Io:
    case Error::Internal:
        return 500;
    }
    Q_UNREACHABLE();
}

HttpAnswer HttpAnswer::ofJson(const QJsonObject &object, int status)
{
    HttpAnswer answer;
    answer.status = status;
    answer.body = QJsonDocument(object).toJson(QJsonDocument::Compact) + '\n';
    return answer;
}

HttpAnswer HttpAnswer::ofError(int status, const QByteArray &code, const QString &message)
{
    const QJsonObject error = {{QStringLiteral("code"), QString::fromLatin1(code)},
                               {QStringLiteral("message"), message}};
    return ofJson({{QStringLiteral("error"), error}}, status);
}

HttpAnswer HttpAnswer::ofError(const Error &error)
{
    return ofError(statusOf(error.code()), errorCodeName(error.code()).toLatin1(), error.message());
}

HttpAnswer HttpAnswer::ofRefusal(const Refusal &refusal)
{
    return ofError(refusal.status, refusal.code, QString::fromUtf8(refusal.message));
}

QByteArray encodeAnswer(const HttpAnswer &answer, const AnswerForm &form)
{
    QByteArray bytes = "HTTP/1.1 " + QByteArray::number(answer.status) + ' ' + phraseOf(answer.status) + "\r\n";
    addField(bytes, "Date", dateNow());
    if (answer.status != 204) {
        addField(bytes, "Content-Type", answer.contentType);
        addField(bytes, "Content-Length", QByteArray::number(answer.body.size()));
    }
    addField(bytes, "Cache-Control", "no-store");
    addField(bytes, "X-Content-Type-Options", "nosniff");
    for (const RequestHead::Field &field : answer.fields)
        addField(bytes, field.name, field.value);
    if (!form.origin.isEmpty()) {
        addField(bytes, "Access-Control-Allow-Origin", form.origin);
        addField(bytes, "Vary", "Origin");
    }
    addField(bytes, "Connection", form.isLast ? "close" : "keep-alive");
    bytes += "\r\n";
    return form.hasBody && answer.status != 204 ? bytes + answer.body : bytes;
}

} // namespace Quern::admin
