#include "dispatch/mimetypes.h"

#include <QHash>
#include <QMimeDatabase>

#include <algorithm>
#include <iterator>

namespace Quern::dispatch {

namespace {

/// Kept for each thread; when that many have been seen, all are forgotten.
constexpr qsizetype maxRemembered = 512;

struct WebType
{
    QByteArrayView suffix; ///< in lower case
    const char *name;
};

/// Where the database names a desktop's type, or none.
constexpr WebType webTypes[] = {
    {"js", "text/javascript"}, // RFC 9239
    {"mjs", "text/javascript"},
    {"cjs", "text/javascript"},
    {"map", "application/json"},
    {"wasm", "application/wasm"},
    {"webmanifest", "application/manifest+json"},
    {"otf", "font/otf"},
    {"eot", "application/vnd.ms-fontobject"},
    {"ts", "video/mp2t"},
    {"m4s", "video/iso.segment"},
};

/// Beside all that is text.
constexpr const char *compressibleTypes[] = {"application/json",
                                             "application/manifest+json",
                                             "application/wasm",
                                             "application/vnd.ms-fontobject",
                                             "font/otf",
                                             "font/ttf",
                                             "image/vnd.microsoft.icon",
                                             "image/bmp",
                                             "application/rtf",
                                             "application/xml",
                                             "image/svg+xml",
                                             "model/gltf+json",
                                             "application/geo+json"};

QByteArrayView lastSuffix(QByteArrayView fileName)
{
    const qsizetype dot = fileName.lastIndexOf('.');
    return dot < 0 ? QByteArrayView() : fileName.sliced(dot + 1);
}

/// The name that stands for all names of its type: "x.txt", "x.tar.gz", or, without a suffix, the name itself
/// ("Makefile"). What some names mean beyond their suffix ("CMakeLists.txt") does not count.
QByteArray exampleOf(QByteArrayView fileName)
{
    static constexpr QByteArrayView outer[] = {"gz", "bz2", "xz", "lz", "lzma", "lzo", "zst", "z", "lz4", "br"};
    const QByteArrayView last = lastSuffix(fileName);
    if (last.isNull())
        return fileName.toByteArray();
    const QByteArray suffix = last.toByteArray().toLower();
    const QByteArray example = "x." + suffix;
    if (std::find(std::begin(outer), std::end(outer), suffix) == std::end(outer))
        return example;
    const QByteArrayView inner = lastSuffix(fileName.chopped(last.size() + 1));
    return inner.isNull() ? example : "x." + inner.toByteArray().toLower() + '.' + suffix;
}

MediaType lookUp(QByteArrayView fileName)
{
    const QByteArray suffix = lastSuffix(fileName).toByteArray().toLower();
    const auto *webType = std::find_if(std::begin(webTypes), std::end(webTypes),
                                       [&suffix](const WebType &each) { return suffix == each.suffix; });
    MediaType type;
    if (webType != std::end(webTypes)) {
        type.contentType = webType->name;
        type.compressible = false;
    } else {
        const QMimeType found =
            QMimeDatabase().mimeTypeForFile(QString::fromUtf8(fileName), QMimeDatabase::MatchExtension);
        type.contentType = found.name().toLatin1();
        type.compressible = found.inherits(QStringLiteral("text/plain"));
    }
    const bool isText = type.contentType.startsWith("text/");
    type.compressible = type.compressible || isText ||
                        std::any_of(std::begin(compressibleTypes), std::end(compressibleTypes),
                                    [&type](const char *each) { return type.contentType == each; });
    if (isText)
        type.contentType += "; charset=utf-8";
    return type;
}

} // namespace

MediaType mediaTypeOf(QByteArrayView fileName)
{
    thread_local QHash<QByteArray, MediaType> remembered;
    const QByteArray example = exampleOf(fileName);
    if (const auto found = remembered.constFind(example); found != remembered.constEnd())
        return *found;
    if (remembered.size() >= maxRemembered)
        remembered.clear();
    return *remembered.insert(example, lookUp(example));
}

} // namespace Quern::dispatch
