#include "testrequest_p.h"

#include "httpsyntax_p.h"

#include <stdexcept>
#include <string>

namespace Quern {

namespace {

/// A name in a Content-Disposition field, as browsers write it (HTML Living Standard §4.10.21.8).
QByteArray quotedName(QByteArray name)
{
    return '"' + name.replace('\n', "%0A").replace('\r', "%0D").replace('"', "%22") + '"';
}

/// One that stands in none of \a parts.
QByteArray boundaryOf(const QList<TestRequest::Part> &parts)
{
    const auto stands = [&parts](const QByteArray &boundary) {
        return std::any_of(parts.begin(), parts.end(),
                           [&boundary](const auto &part) { return part.value.contains(boundary); });
    };
    QByteArray boundary = QByteArrayLiteral("quern-test-boundary");
    for (int number = 1; stands(boundary); ++number)
        boundary = "quern-test-boundary-" + QByteArray::number(number);
    return boundary;
}

bool hasField(const TestRequest &request, QByteArrayView name)
{
    return std::any_of(request.headers.begin(), request.headers.end(),
                       [name](const auto &field) { return equalsIgnoringCase(field.first, name); });
}

/// The form as it is sent (RFC 7578), and as the server has found its parts.
void setForm(RequestPrivate &data, const QList<TestRequest::Part> &parts, const QByteArray &boundary)
{
    RequestExtra &extra = data.extra();
    extra.isForm = true;
    for (const TestRequest::Part &part : parts) {
        data.bodyBytes += "--" + boundary + "\r\nContent-Disposition: form-data; name=" + quotedName(part.name);
        if (part.isFile)
            data.bodyBytes += "; filename=" + quotedName(part.fileName);
        if (!part.contentType.isEmpty())
            data.bodyBytes += "\r\nContent-Type: " + part.contentType;
        data.bodyBytes += "\r\n\r\n";
        extra.parts.append({part.name,
                            part.fileName,
                            part.contentType,
                            quint64(data.bodyBytes.size()),
                            quint64(part.value.size()),
                            {},
                            part.isFile});
        data.bodyBytes += part.value + "\r\n";
    }
    data.bodyBytes += "--" + boundary + "--\r\n";
}

void addHeader(RequestPrivate &data, const QByteArray &name, const QByteArray &value)
{
    if (!isToken(name))
        throw std::invalid_argument("header field name " + quoted(name) +
                                    " is not a token: use letters, digits and - only (RFC 9110 §5.1)");
    if (holdsControlCharacter(value))
        throw std::invalid_argument("value of header field " + quoted(name) +
                                    " holds a control character (CR, LF, NUL, …): remove or encode it");
    data.headers.append({data.keep(name), data.keep(value.trimmed())});
}

void fill(RequestPrivate &data, const TestRequest &request)
{
    Request handle(&data);
    handle.setMethod(request.method);
    if (request.target == "*" && request.method == "OPTIONS")
        data.target = data.keep(request.target);
    else
        handle.setTarget(request.target);
    if (!hasField(request, "Host"))
        addHeader(data, "Host", "localhost");
    for (const auto &[name, value] : request.headers)
        addHeader(data, name, value);
    data.bodyBytes = request.body;
    if (!request.parts.isEmpty()) {
        data.bodyBytes.clear();
        const QByteArray boundary = boundaryOf(request.parts);
        setForm(data, request.parts, boundary);
        handle.setHeader("Content-Type", "multipart/form-data; boundary=" + boundary);
    }
    data.body = data.bodyBytes;
    data.bodyLength = quint64(data.bodyBytes.size());
    if (!data.bodyBytes.isEmpty() && !hasField(request, "Content-Length"))
        addHeader(data, "Content-Length", QByteArray::number(data.bodyBytes.size()));
    data.remoteAddress = data.keep(request.remoteAddress);
    data.remotePort = request.remoteAddress.isEmpty() ? 0 : 49152; // the first that systems give out by themselves
    data.isSecure = request.isSecure;
    if (request.clientCertificate)
        data.clientCertificate =
            data.keep(request.clientCertificate->fingerprint + request.clientCertificate->subject.toUtf8());
}

} // namespace

TestRequest &TestRequest::addField(const QByteArray &name, const QByteArray &value)
{
    parts.append({.name = name, .value = value});
    return *this;
}

TestRequest &TestRequest::addFile(const QByteArray &name, const QByteArray &fileName, const QByteArray &content,
                                  const QByteArray &contentType)
{
    parts.append({.name = name, .value = content, .fileName = fileName, .contentType = contentType, .isFile = true});
    return *this;
}

std::variant<QExplicitlySharedDataPointer<RequestPrivate>, RefusedRequest> requestOf(const TestRequest &request,
                                                                                     quint64 id)
{
    QExplicitlySharedDataPointer<RequestPrivate> data(new RequestPrivate);
    data->id = id;
    try {
        fill(*data, request);
    } catch (const std::invalid_argument &refused) {
        return RefusedRequest{400, Error(Error::Invalid, QString::fromUtf8(refused.what()))};
    }
    if (!isKnownMethod(request.method))
        return RefusedRequest{501, Error(Error::Invalid, QStringLiteral("the server answers method \"%1\" with 501: "
                                                                        "use one that Application::route() lists")
                                                             .arg(QString::fromUtf8(request.method)))};
    return data;
}

} // namespace Quern
