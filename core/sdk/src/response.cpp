#include <Quern/response.h>

#include "response_p.h"

#include "httpsyntax_p.h"

#include <QJsonDocument>
#include <QThread>

#include <stdexcept>
#include <string>

namespace Quern {

namespace {

constexpr QByteArrayView contentTypeName("Content-Type");

/// RFC 9110 §5.5: a field value holds visible characters, spaces, tabs and obs-text.
bool isFieldValue(QByteArrayView value)
{
    return std::all_of(value.begin(), value.end(), [](char c) {
        const auto byte = static_cast<unsigned char>(c);
        return byte == '\t' || (byte >= 0x20 && byte != 0x7f);
    });
}

bool isWrittenByServer(QByteArrayView name)
{
    constexpr QByteArrayView names[] = {"Content-Length", "Transfer-Encoding", "Connection", "Keep-Alive", "Date"};
    return std::any_of(std::begin(names), std::end(names),
                       [name](QByteArrayView each) { return equalsIgnoringCase(each, name); });
}

/// Returns \a value without surrounding space. Throws std::invalid_argument if the field may not be sent.
QByteArrayView checkedValue(QByteArrayView name, QByteArrayView value)
{
    if (!isToken(name))
        throw std::invalid_argument("header field name " + quoted(name) +
                                    " is not a token: use letters, digits and - only (RFC 9110 §5.1)");
    if (isWrittenByServer(name))
        throw std::invalid_argument("header field " + quoted(name) +
                                    " is written by the server itself: do not set it in a handler");
    if (!isFieldValue(value))
        throw std::invalid_argument("value of header field " + quoted(name) +
                                    " holds a control character (CR, LF, NUL, …): remove or encode it");
    return value.trimmed();
}

/// Calls \a visit(name, value, begin, end) for each field of \a block until it returns true.
template <typename Visitor>
bool visitFields(QByteArrayView block, Visitor visit)
{
    for (qsizetype begin = 0; begin < block.size();) {
        const qsizetype end = block.indexOf('\n', begin) + 1;
        const qsizetype colon = block.indexOf(':', begin);
        if (visit(block.sliced(begin, colon - begin), block.sliced(colon + 2, end - colon - 4), begin, end))
            return true;
        begin = end;
    }
    return false;
}

} // namespace

ResponseSink::ResponseSink(QObject *parent) : QObject(parent), m_guard(std::make_shared<SinkGuard>())
{
    m_guard->thread = QThread::currentThread();
    m_guard->sink = this;
}

ResponseSink::~ResponseSink()
{
    const QMutexLocker lock(&m_guard->mutex);
    m_guard->sink = nullptr;
}

ResponsePrivate::ResponsePrivate(quint64 requestId, ResponseSink *sink) : id(requestId), m_guard(sink->m_guard) {}

bool ResponsePrivate::finish()
{
    return finishWith(status, headerBlock, body);
}

bool ResponsePrivate::finishWith(int otherStatus, const QByteArray &otherHeaderBlock, const QByteArray &otherBody)
{
    if (!takeOutcome())
        return false;
    if (m_guard->thread == QThread::currentThread()) {
        if (ResponseSink *sink = m_guard->sink)
            sink->responseReady(id, otherStatus, otherHeaderBlock, otherBody);
        return true;
    }
    const QMutexLocker lock(&m_guard->mutex);
    if (ResponseSink *sink = m_guard->sink) {
        QMetaObject::invokeMethod(
            sink,
            [sink, requestId = id, otherStatus, otherHeaderBlock, otherBody] {
                sink->responseReady(requestId, otherStatus, otherHeaderBlock, otherBody);
            },
            Qt::QueuedConnection);
    }
    return true;
}

void ResponsePrivate::removeHandle()
{
    if (m_handles.fetch_sub(1, std::memory_order_acq_rel) != 1 || !takeOutcome())
        return;
    if (m_guard->thread == QThread::currentThread()) {
        if (ResponseSink *sink = m_guard->sink)
            sink->responseDropped(id);
        return;
    }
    const QMutexLocker lock(&m_guard->mutex);
    if (ResponseSink *sink = m_guard->sink) {
        QMetaObject::invokeMethod(
            sink, [sink, requestId = id] { sink->responseDropped(requestId); }, Qt::QueuedConnection);
    }
}

bool ResponsePrivate::isCancelled() const
{
    return m_cancelled.load(std::memory_order_relaxed) || !m_guard->sink;
}

QByteArrayView ResponsePrivate::value(QByteArrayView name) const
{
    QByteArrayView found;
    visitFields(headerBlock, [&](QByteArrayView each, QByteArrayView value, qsizetype, qsizetype) {
        if (!equalsIgnoringCase(each, name))
            return false;
        found = value;
        return true;
    });
    return found;
}

void ResponsePrivate::append(QByteArrayView name, QByteArrayView value)
{
    const qsizetype needed = headerBlock.size() + name.size() + value.size() + 4;
    if (headerBlock.capacity() < needed)
        headerBlock.reserve(qMax(2 * needed, qsizetype(256)));
    headerBlock.append(name).append(": ").append(value).append("\r\n");
}

void ResponsePrivate::remove(QByteArrayView name)
{
    QByteArray kept;
    visitFields(headerBlock, [&](QByteArrayView each, QByteArrayView, qsizetype begin, qsizetype end) {
        if (!equalsIgnoringCase(each, name))
            kept.append(QByteArrayView(headerBlock).sliced(begin, end - begin));
        return false;
    });
    headerBlock = kept;
}

void ResponsePrivate::setBody(const QByteArray &bytes, const QByteArray &contentTypeField)
{
    body = bytes;
    // Borrowed bytes, as of fromRawData(), may be gone before the last of them has left.
    if (!body.isEmpty() && body.capacity() == 0)
        body.detach();
    if (contentTypeImplied)
        remove(contentTypeName);
    contentTypeImplied = !contentTypeField.isEmpty() && value(contentTypeName).isNull();
    if (!contentTypeImplied)
        return;
    // A block of this one field shares the literal's bytes: the common answer costs no allocation here.
    if (headerBlock.isEmpty())
        headerBlock = contentTypeField;
    else
        headerBlock.append(contentTypeField);
}

Response::Response(ResponsePrivate *data) : d(data)
{
    d->addHandle();
}

Response::Response(const Response &other) : d(other.d)
{
    d->addHandle();
}

Response &Response::operator=(const Response &other)
{
    Response copy(other);
    d.swap(copy.d);
    return *this;
}

Response::~Response()
{
    d->removeHandle();
}

Response &Response::setStatus(int status)
{
    if (status < 200 || status > 599)
        throw std::invalid_argument("status " + std::to_string(status) + " is not a final status code: use 200 to 599");
    d->status = status;
    return *this;
}

int Response::status() const
{
    return d->status;
}

Response &Response::setHeader(QByteArrayView name, QByteArrayView value)
{
    const QByteArrayView checked = checkedValue(name, value);
    if (equalsIgnoringCase(name, contentTypeName))
        d->contentTypeImplied = false;
    if (!d->value(name).isNull())
        d->remove(name);
    d->append(name, checked);
    return *this;
}

Response &Response::addHeader(QByteArrayView name, QByteArrayView value)
{
    if (equalsIgnoringCase(name, contentTypeName))
        return setHeader(name, value);
    d->append(name, checkedValue(name, value));
    return *this;
}

QByteArrayView Response::header(QByteArrayView name) const
{
    return d->value(name);
}

void Response::text(const QString &text)
{
    d->setBody(text.toUtf8(), QByteArrayLiteral("Content-Type: text/plain; charset=utf-8\r\n"));
}

void Response::html(const QString &html)
{
    d->setBody(html.toUtf8(), QByteArrayLiteral("Content-Type: text/html; charset=utf-8\r\n"));
}

void Response::json(const QJsonObject &object)
{
    d->setBody(QJsonDocument(object).toJson(QJsonDocument::Compact),
               QByteArrayLiteral("Content-Type: application/json\r\n"));
}

void Response::json(std::initializer_list<JsonMember> members)
{
    qsizetype size = 2;
    for (const JsonMember &member : members)
        size += member.text().size() + 1;
    QByteArray text;
    text.reserve(size);
    text += '{';
    for (const JsonMember &member : members) {
        if (text.size() > 1)
            text += ',';
        text += member.text();
    }
    text += '}';
    d->setBody(text, QByteArrayLiteral("Content-Type: application/json\r\n"));
}

void Response::json(const QJsonArray &array)
{
    d->setBody(QJsonDocument(array).toJson(QJsonDocument::Compact),
               QByteArrayLiteral("Content-Type: application/json\r\n"));
}

void Response::send(QByteArray body, QByteArrayView contentType)
{
    QByteArray field;
    if (!contentType.isEmpty()) {
        const QByteArrayView checked = checkedValue(contentTypeName, contentType);
        field.reserve(contentTypeName.size() + checked.size() + 4);
        field.append(contentTypeName).append(": ").append(checked).append("\r\n");
    }
    d->setBody(body, field);
}

QByteArrayView Response::body() const
{
    return d->body;
}

Response Response::defer()
{
    d->deferred = true;
    return *this;
}

void Response::end()
{
    d->finish();
}

bool Response::isCancelled() const
{
    return d->isCancelled();
}

} // namespace Quern
