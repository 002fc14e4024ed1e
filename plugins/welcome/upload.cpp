#include "upload.h"

#include <QCryptographicHash>
#include <QIODevice>
#include <QJsonArray>
#include <QJsonObject>

#include <memory>
#include <stdexcept>

using Quern::Request;
using Quern::Response;
using Quern::UploadedFile;

namespace {

bool isForm(const Request &request)
{
    const QByteArrayView field = request.header("Content-Type");
    const qsizetype end = field.indexOf(';');
    const QByteArrayView type = (end < 0 ? field : field.first(end)).trimmed();
    return type.compare("multipart/form-data", Qt::CaseInsensitive) == 0 ||
           type.compare("application/x-www-form-urlencoded", Qt::CaseInsensitive) == 0;
}

/// Reads the file piece by piece: a large one never is in memory as a whole.
QString sha256Of(const UploadedFile &file)
{
    const std::unique_ptr<QIODevice> device = file.open();
    QCryptographicHash hash(QCryptographicHash::Sha256);
    if (!hash.addData(device.get()))
        throw std::runtime_error("an uploaded file cannot be read: " + device->errorString().toStdString());
    return QString::fromLatin1(hash.result().toHex());
}

QJsonObject toJson(const UploadedFile &file)
{
    return {
        {QStringLiteral("field"), file.fieldName()},
        {QStringLiteral("name"), file.fileName()},
        {QStringLiteral("type"), QString::fromUtf8(file.contentType())},
        {QStringLiteral("size"), qint64(file.size())},
        {QStringLiteral("sha256"), sha256Of(file)},
        {QStringLiteral("spooled"), file.isSpooled()},
    };
}

} // namespace

void upload(const Request &request, Response &response)
{
    if (!isForm(request)) {
        response.setStatus(415).text(QStringLiteral("/upload wants a form: multipart/form-data, or "
                                                    "application/x-www-form-urlencoded. For instance: "
                                                    "curl -F file=@photo.jpg …/upload\n"));
        return;
    }
    QJsonObject fields;
    const Quern::NameValueList items = request.formItems();
    for (const auto &[name, value] : items) {
        if (!fields.contains(name)) // the first one counts, as with Request::form()
            fields.insert(name, value);
    }
    QJsonArray files;
    const QList<UploadedFile> uploaded = request.files();
    for (const UploadedFile &file : uploaded)
        files.append(toJson(file));
    response.json(QJsonObject{{QStringLiteral("fields"), fields}, {QStringLiteral("files"), files}});
}
