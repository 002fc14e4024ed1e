#include <Quern/request.h>

#include "request_p.h"

#include "httpsyntax_p.h"
#include "jsontext_p.h"
#include "urlencoded_p.h"

#include <algorithm>
#include <stdexcept>
#include <string>

namespace Quern {

namespace {

constexpr QByteArrayView urlEncodedType("application/x-www-form-urlencoded");

std::runtime_error unreadable(const char *what, const QByteArray &path, const QString &reason)
{
    return std::runtime_error("the " + std::string(what) + " cannot be read from " + path.toStdString() + ": " +
                              reason.toStdString());
}

bool isUrlEncodedForm(const Request &request)
{
    const QByteArrayView type = request.header("Content-Type");
    const qsizetype end = type.indexOf(';');
    return equalsIgnoringCase((end < 0 ? type : type.first(end)).trimmed(), urlEncodedType);
}

/// The value of a field of a multipart form. Throws std::runtime_error if its file cannot be read.
QString fieldText(RequestPrivate &request, const BodyPart &part)
{
    if (part.path.isEmpty())
        return QString::fromUtf8(request.bytesOf(part));
    QFile file(QFile::decodeName(part.path));
    if (!file.open(QIODevice::ReadOnly))
        throw unreadable("field of a form", part.path, file.errorString());
    return QString::fromUtf8(file.readAll());
}

/// Calls \a visit(name, value) with functions that decode, for each field of the form in \a body, until it is true.
template <typename Visitor>
void visitForm(RequestPrivate &data, const Request &request, Visitor visit)
{
    if (data.rare && data.rare->isForm) {
        int count = 0;
        for (const BodyPart &part : std::as_const(data.rare->parts)) {
            if (part.isFile)
                continue;
            if (++count > MaxPairs ||
                visit([&](QByteArrayView name) { return part.name == name; },
                      [&] { return QString::fromUtf8(part.name); }, [&] { return fieldText(data, part); }))
                return;
        }
    } else if (isUrlEncodedForm(request)) {
        visitPairs(data.wholeBody(), [&](QByteArrayView name, QByteArrayView value) {
            return visit([&](QByteArrayView wanted) { return isEncodingOf(wanted, name); },
                         [&] { return percentDecoded(name, Plus::Space); },
                         [&] { return percentDecoded(value, Plus::Space); });
        });
    }
}

BodyInbox &inboxOf(RequestPrivate &data)
{
    if (!data.rare || !data.rare->inbox)
        throw std::logic_error("this route takes its body whole: register it with streamBody() to take it in parts");
    return *data.rare->inbox;
}

} // namespace

QByteArrayView RequestPrivate::wholeBody()
{
    if (!rare || rare->bodyPath.isEmpty() || rare->bodySize == 0 || rare->bodyFile)
        return body;
    auto file = std::make_unique<QFile>(QFile::decodeName(rare->bodyPath));
    if (!file->open(QIODevice::ReadOnly))
        throw unreadable("body", rare->bodyPath, file->errorString());
    if (quint64(file->size()) != rare->bodySize)
        throw unreadable("body", rare->bodyPath, QStringLiteral("it has another size"));
    const uchar *bytes = file->map(0, qint64(rare->bodySize));
    if (bytes == nullptr)
        throw unreadable("body", rare->bodyPath, file->errorString());
    rare->bodyFile = std::move(file);
    body = QByteArrayView(bytes, qsizetype(rare->bodySize));
    return body;
}

QByteArrayView RequestPrivate::bytesOf(const BodyPart &part)
{
    return wholeBody().sliced(qsizetype(part.offset), qsizetype(part.size));
}

void RequestPrivate::putIntoInbox(std::function<void(const QString &)> failed)
{
    auto inbox = std::make_shared<BodyInbox>(BodyInbox::Host{{}, std::move(failed)});
    inbox->addWhole(wholeBody(), std::make_shared<const QExplicitlySharedDataPointer<RequestPrivate>>(this));
    extra().inbox = std::move(inbox);
    body = {}; // as it would be, had it come later than the head
}

QByteArrayView Request::body() const
{
    return d->wholeBody();
}

Result<QJsonValue> Request::json() const
{
    return parseJson(body());
}

QString Request::form(QByteArrayView name) const
{
    QString found;
    visitForm(*d, *this, [&](auto isNamed, auto, auto value) {
        if (!isNamed(name))
            return false;
        found = value();
        return true;
    });
    return found;
}

QStringList Request::formAll(QByteArrayView name) const
{
    QStringList found;
    visitForm(*d, *this, [&](auto isNamed, auto, auto value) {
        if (isNamed(name))
            found.append(value());
        return false;
    });
    return found;
}

NameValueList Request::formItems() const
{
    NameValueList items;
    visitForm(*d, *this, [&](auto, auto name, auto value) {
        items.append({name(), value()});
        return false;
    });
    return items;
}

QList<UploadedFile> Request::files() const
{
    QList<UploadedFile> found;
    for (qsizetype i = 0; d->rare && i < d->rare->parts.size(); ++i) {
        if (d->rare->parts.at(i).isFile)
            found.append(UploadedFile(d, i));
    }
    return found;
}

std::optional<UploadedFile> Request::file(QByteArrayView name) const
{
    for (qsizetype i = 0; d->rare && i < d->rare->parts.size(); ++i) {
        if (d->rare->parts.at(i).isFile && d->rare->parts.at(i).name == name)
            return UploadedFile(d, i);
    }
    return std::nullopt;
}

void Request::onBody(std::function<void(QByteArrayView)> part, std::function<void(bool)> ended) const
{
    inboxOf(*d).receive(std::move(part), std::move(ended));
}

void Request::pauseBody() const
{
    inboxOf(*d).pause();
}

void Request::resumeBody() const
{
    inboxOf(*d).resume();
}

std::optional<quint64> Request::bodyLength() const
{
    return d->bodyLength;
}

} // namespace Quern
