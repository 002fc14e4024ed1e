#include <Quern/response.h>

#include "response_p.h"

#include "contentdisposition_p.h"
#include "cookie_p.h"

#include <QFile>
#include <QFileInfo>

#include <cerrno>
#include <stdexcept>
#include <string>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace Quern {

namespace {

constexpr QByteArrayView contentTypeName("Content-Type");
constexpr QByteArrayView locationName("Location");
constexpr QByteArrayView setCookieName("Set-Cookie");

/// "Content-Type: …\r\n", or empty.
QByteArray contentTypeField(QByteArrayView contentType)
{
    QByteArray field;
    if (!contentType.isEmpty()) {
        const QByteArrayView checked = checkedFieldValue(contentTypeName, contentType);
        field.reserve(contentTypeName.size() + checked.size() + 4);
        field.append(contentTypeName).append(": ").append(checked).append("\r\n");
    }
    return field;
}

/// What may stand in a URI as it is (RFC 3986 §2), '%' included: the author may have encoded some.
bool isUriChar(char c)
{
    constexpr QByteArrayView others("\"<>\\^`{|}");
    return c > 0x20 && c < 0x7f && !others.contains(c);
}

Error fileError(const QString &path, int errorNumber)
{
    Error::Code code = Error::Io;
    if (errorNumber == ENOENT || errorNumber == ENOTDIR)
        code = Error::NotFound;
    else if (errorNumber == EACCES || errorNumber == EPERM || errorNumber == ELOOP)
        code = Error::Permission;
    return Error(code, QStringLiteral("%1: %2").arg(path, qt_error_string(errorNumber)));
}

Result<Answer::File> openedFile(const QString &path)
{
    const QByteArray name = QFile::encodeName(path);
    if (name.contains('\0'))
        throw std::invalid_argument("file path " + quoted(name) + " holds a NUL: no file has such a name");
    if (!name.startsWith('/'))
        throw std::invalid_argument("file path " + quoted(name) +
                                    " is not absolute: a worker has no folder of its own; put the folder before it");
    // A FIFO or a device must not block the worker, nor become its terminal.
    const int fd = ::open(name.constData(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0)
        return fileError(path, errno);
    struct stat status = {};
    const int failed = ::fstat(fd, &status) == 0 ? 0 : errno;
    ::close(fd);
    if (failed)
        return fileError(path, failed);
    if (!S_ISREG(status.st_mode))
        return Error(Error::Invalid, QStringLiteral("%1: not a regular file").arg(path));
    return Answer::File{quint64(status.st_dev), quint64(status.st_ino), name};
}

} // namespace

ResponsePrivate::ResponsePrivate(quint64 requestId, ResponseSink *sink) : id(requestId), m_guard(sink->m_guard) {}

void ResponsePrivate::callAuthor(std::function<void()> callback)
{
    m_guard->run([requestId = id, callback = std::move(callback)](ResponseSink *sink) {
        sink->callAuthor(requestId, callback);
    });
}

bool ResponsePrivate::finishWith(const Answer &answer)
{
    if (!takeOutcome())
        return false;
    if (!m_guard->isInThread())
        m_guard->post([requestId = id, answer](ResponseSink *sink) { sink->responseReady(requestId, answer); });
    else if (ResponseSink *sink = m_guard->sink())
        sink->responseReady(id, answer);
    return true;
}

ResponseStream ResponsePrivate::begin(StreamSettings settings)
{
    const auto begun = std::make_shared<ResponseStreamPrivate>(id, m_guard, std::move(settings));
    ResponseStream handle(ResponseStreamPrivate::handleOf(begun));
    if (isDraft)
        hasRefusedStream = true;
    if (isFinished()) {
        begun->release();
        return handle;
    }
    // Another thread has deferred before, and must not write what the handler's thread reads when the handler returns.
    if (!deferred)
        deferred = true;
    kind = Kind::Stream;
    stream = begun;
    if (!finish())
        begun->release();
    return handle;
}

void ResponsePrivate::breakStream()
{
    if (stream)
        stream->fail(ResponseStreamPrivate::Failure::Thrown);
}

void ResponsePrivate::removeHandle()
{
    if (m_handles.fetch_sub(1, std::memory_order_acq_rel) != 1 || !takeOutcome())
        return;
    m_guard->run([requestId = id](ResponseSink *sink) { sink->responseDropped(requestId); });
}

bool ResponsePrivate::isCancelled() const
{
    return m_cancelled.load(std::memory_order_relaxed) || !m_guard->sink() || (stream && stream->isBroken());
}

void ResponsePrivate::addBeforeSend(BeforeSend callback)
{
    const QMutexLocker lock(&m_mutex);
    if (!isFinished())
        m_beforeSend.push_back(std::move(callback));
}

std::vector<ResponsePrivate::BeforeSend> ResponsePrivate::takeBeforeSend()
{
    const QMutexLocker lock(&m_mutex);
    return std::exchange(m_beforeSend, {});
}

void ResponsePrivate::setFile(File newFile)
{
    setBody({}, {});
    kind = Kind::File;
    file = std::move(newFile);
}

void ResponsePrivate::setBody(const QByteArray &bytes, const QByteArray &contentTypeField)
{
    kind = Kind::Whole;
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
    const QByteArrayView checked = checkedFieldValue(name, value);
    if (equalsIgnoringCase(name, contentTypeName))
        d->contentTypeImplied = false;
    d->set(name, checked);
    return *this;
}

Response &Response::addHeader(QByteArrayView name, QByteArrayView value)
{
    if (equalsIgnoringCase(name, contentTypeName))
        return setHeader(name, value);
    d->append(name, checkedFieldValue(name, value));
    return *this;
}

QByteArrayView Response::header(QByteArrayView name) const
{
    return d->value(name);
}

Response &Response::setCookie(const Cookie &cookie)
{
    const QByteArray value = setCookieValue(cookie);
    removeFields(d->headerBlock, [&cookie](QByteArrayView name, QByteArrayView field) {
        return equalsIgnoringCase(name, setCookieName) && isSameCookie(field, cookie);
    });
    d->append(setCookieName, value);
    return *this;
}

Response &Response::setCookie(QByteArrayView name, const QString &value)
{
    return setCookie({.name = name.toByteArray(), .value = value});
}

Response &Response::clearCookie(QByteArrayView name, QByteArrayView path, QByteArrayView domain)
{
    Cookie cookie = {
        .name = name.toByteArray(), .value = {}, .path = path.toByteArray(), .domain = domain.toByteArray()};
    // Those whose name demands it can be removed in no other way.
    cookie.secure = name.startsWith("__");
    return clearCookie(cookie);
}

Response &Response::clearCookie(const Cookie &cookie)
{
    Cookie removal = cookie;
    removal.value.clear();
    removal.maxAge = std::chrono::seconds(0);
    removal.expires = QDateTime::fromSecsSinceEpoch(0, Qt::UTC); // for clients that do not know Max-Age
    return setCookie(removal);
}

void Response::redirect(QByteArrayView location, int status)
{
    if (status != 301 && status != 302 && status != 303 && status != 307 && status != 308)
        throw std::invalid_argument("status " + std::to_string(status) +
                                    " is no redirection: use 301, 302, 303, 307 or 308");
    if (location.isEmpty())
        throw std::invalid_argument("a redirection needs a location: pass a path or a URI");
    const QByteArrayView checked = checkedFieldValue(locationName, location);
    QByteArray encoded;
    encoded.reserve(checked.size());
    for (qsizetype i = 0; i < checked.size(); ++i) {
        const bool isStray = checked[i] == '%' && escapedByte(checked, i) < 0;
        appendPercentEncoded(encoded, checked[i], isUriChar(checked[i]) && !isStray);
    }
    d->status = status;
    d->set(locationName, encoded);
}

Result<void> Response::file(const QString &path)
{
    Result<Answer::File> opened = openedFile(path);
    if (!opened)
        return opened.error();
    d->setFile(std::move(*opened));
    return {};
}

Result<void> Response::download(const QString &path, const QString &name)
{
    if (const Result<void> found = file(path); !found)
        return found;
    setHeader("Content-Disposition", contentDisposition(true, name.isEmpty() ? QFileInfo(path).fileName() : name));
    return {};
}

ResponseStream Response::stream(QByteArrayView contentType, std::optional<quint64> length)
{
    if (!d->isDraft)
        d->setBody({}, contentTypeField(contentType));
    return d->begin({.length = length});
}

EventStream Response::events(const EventStreamOptions &options)
{
    if (!d->isDraft) {
        setHeader(contentTypeName, "text/event-stream");
        if (d->value("Cache-Control").isNull())
            setHeader("Cache-Control", "no-cache");
        setHeader("X-Accel-Buffering", "no"); // nginx would gather events
        d->setBody({}, {});
    }
    EventStream events(
        d->begin({.idleTime = options.heartbeat, .idlePiece = QByteArrayLiteral(": \n\n"), .isResumable = true}));
    if (options.retry)
        events.setRetry(*options.retry);
    return events;
}

void Response::text(const QString &text)
{
    setText(text.toUtf8());
}

void Response::setText(const QByteArray &utf8)
{
    d->setBody(utf8, QByteArrayLiteral("Content-Type: text/plain; charset=utf-8\r\n"));
}

void Response::html(const QString &html)
{
    setHtml(html.toUtf8());
}

void Response::setHtml(const QByteArray &utf8)
{
    d->setBody(utf8, QByteArrayLiteral("Content-Type: text/html; charset=utf-8\r\n"));
}

void Response::json(const QJsonObject &object)
{
    d->setBody(jsonText(object), QByteArrayLiteral("Content-Type: application/json\r\n"));
}

void Response::json(std::initializer_list<JsonMember> members)
{
    d->setBody(jsonText(members), QByteArrayLiteral("Content-Type: application/json\r\n"));
}

void Response::json(const QJsonArray &array)
{
    d->setBody(jsonText(array), QByteArrayLiteral("Content-Type: application/json\r\n"));
}

void Response::send(QByteArray body, QByteArrayView contentType)
{
    d->setBody(body, contentTypeField(contentType));
}

QByteArrayView Response::body() const
{
    return d->body;
}

void Response::beforeSend(std::function<void(Response &)> callback)
{
    d->addBeforeSend(std::move(callback));
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

bool Response::isEnded() const
{
    return d->isFinished();
}

bool Response::isCancelled() const
{
    return d->isCancelled();
}

} // namespace Quern
