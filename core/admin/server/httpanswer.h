#pragma once

#include "admin/server/requesthead.h"

#include <Quern/error.h>

#include <QByteArray>
#include <QJsonObject>

namespace Quern::admin {

/// What a request is answered with. A plain value.
struct HttpAnswer
{
    int status = 200;
    QByteArray contentType = QByteArrayLiteral("application/json");
    QByteArray body;
    QList<RequestHead::Field> fields; ///< further ones: {"Location", "/api/v1/operations/3"}

    static HttpAnswer ofJson(const QJsonObject &object, int status = 200);
    /// {"error": {"code", "message"}}
    static HttpAnswer ofError(int status, const QByteArray &code, const QString &message);
    static HttpAnswer ofError(const Error &error);
    static HttpAnswer ofRefusal(const Refusal &refusal);
    void addField(const QByteArray &name, const QByteArray &value) { fields.push_back({name, value}); }
};

/// What the connection adds to an answer.
struct AnswerForm
{
    bool hasBody = true; ///< not for HEAD
    bool isLast = false; ///< the connection is closed behind it
    QByteArray origin;   ///< of a page from elsewhere that may read it; empty: none
};

/// The status of HTTP that goes with \a code.
int statusOf(Error::Code code);

/// Status line, fields and body.
QByteArray encodeAnswer(const HttpAnswer &answer, const AnswerForm &form);

} // namespace Quern::admin
