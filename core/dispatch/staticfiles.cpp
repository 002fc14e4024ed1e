#include "dispatch/staticfiles.h"

#include "base/contentcoding.h"
#include "dispatch/directorylisting.h"
#include "dispatch/mimetypes.h"
#include "protocol/http/bytes.h"
#include "sdk/src/httpsyntax_p.h"

#include <QVarLengthArray>

#include <algorithm>
#include <climits>
#include <ctime>
#include <optional>

namespace Quern::dispatch {

namespace http = protocol::http;

namespace {

/// A path below the root, without the slash in front, and a NUL behind it that size() does not count.
class LocalPath
{
public:
    explicit LocalPath(QByteArrayView path = {}) : m_bytes(path.begin(), path.end()) { m_bytes.append('\0'); }

    void append(QByteArrayView bytes)
    {
        m_bytes.removeLast();
        m_bytes.append(bytes.data(), bytes.size());
        m_bytes.append('\0');
    }
    QByteArrayView view() const { return QByteArrayView(m_bytes.constData(), m_bytes.size() - 1); }

private:
    QVarLengthArray<char, 512> m_bytes;
};

struct Sibling
{
    QByteArrayView suffix; ///< of its name
    base::ContentCoding coding;
    QByteArrayView tagSuffix; ///< in its entity tag
};

/// In the order of preference.
constexpr Sibling siblings[] = {{".br", base::ContentCoding::Brotli, "-br"}, {".gz", base::ContentCoding::Gzip, "-gz"}};

bool isHidden(QByteArrayView segment, bool isFirst)
{
    return segment.startsWith('.') && !(isFirst && segment == ".well-known");
}

/// The folder that \a path, which is empty or ends with a slash, names.
LocalPath folderOf(QByteArrayView path)
{
    return LocalPath(path.isEmpty() ? QByteArrayView(".") : path.chopped(1));
}

/// \a path decoded and without the slash that it starts with; nullopt if nothing may be served under it.
std::optional<LocalPath> localPath(QByteArrayView path)
{
    if (!path.startsWith('/') || path.size() > PATH_MAX) // the former: OPTIONS *
        return std::nullopt;
    QVarLengthArray<char, 512> decoded;
    qsizetype segment = 0; ///< where the present one begins in decoded
    for (qsizetype i = 1; i <= path.size(); ++i) {
        const bool isEnd = i == path.size();
        if (isEnd || path[i] == '/') {
            const QByteArrayView last(decoded.constData() + segment, decoded.size() - segment);
            if (isHidden(last, segment == 0) || (last.isEmpty() && !isEnd))
                return std::nullopt;
            if (!isEnd)
                decoded.append('/');
            segment = decoded.size();
            continue;
        }
        char byte = path[i];
        if (byte == '%') {
            const int escaped = escapedByte(path, i);
            if (escaped <= 0 || escaped == '/')
                return std::nullopt;
            byte = static_cast<char>(escaped);
            i += 2;
        }
        decoded.append(byte);
    }
    return LocalPath(QByteArrayView(decoded.constData(), decoded.size()));
}

QByteArrayView lastSegment(QByteArrayView path)
{
    return path.sliced(path.lastIndexOf('/') + 1);
}

/// Older by whole seconds: archives and copies do not always keep the fractions.
bool isOlder(const timespec &left, const timespec &right)
{
    return left.tv_sec < right.tv_sec;
}

bool isPlainName(const QByteArray &name)
{
    return !name.isEmpty() && !name.contains('/') && !name.contains('\0') && name != "." && name != "..";
}

/// \a location as isInLocation() wants it, without slashes at its ends; nullopt if it is none.
std::optional<QByteArray> normalised(QByteArrayView location)
{
    if (!location.startsWith('/'))
        return std::nullopt;
    while (location.endsWith('/'))
        location.chop(1);
    return location.isEmpty() ? QByteArray() : location.sliced(1).toByteArray();
}

} // namespace

StaticFiles::StaticFiles(StaticFilesSettings settings, RootFolder root)
    : m_settings(std::move(settings))
    , m_root(std::move(root))
{
    // The database of types is read now, rather than while clients wait.
    mediaTypeOf("index.html");
}

Result<StaticFiles> StaticFiles::open(StaticFilesSettings settings)
{
    Result<RootFolder> root = RootFolder::open(settings.documentRoot);
    return make(std::move(settings), std::move(root));
}

Result<StaticFiles> StaticFiles::open(StaticFilesSettings settings, RootFolder::Lookup lookup)
{
    Result<RootFolder> root = RootFolder::open(settings.documentRoot, lookup);
    return make(std::move(settings), std::move(root));
}

Result<StaticFiles> StaticFiles::make(StaticFilesSettings settings, Result<RootFolder> root)
{
    if (!root)
        return root.error();
    for (const QByteArray &name : std::as_const(settings.indexNames)) {
        if (!isPlainName(name))
            return Error(Error::Invalid, QStringLiteral("index name \"%1\": must be the name of a file, without a path")
                                             .arg(QString::fromUtf8(name)));
    }
    for (QByteArray &location : settings.locations) {
        std::optional<QByteArray> plain = normalised(location);
        if (!plain)
            return Error(Error::Invalid, QStringLiteral("location \"%1\": must begin with \"/\", as in \"/assets\"")
                                             .arg(QString::fromUtf8(location)));
        location = *plain;
    }
    return StaticFiles(std::move(settings), std::move(root).value());
}

bool StaticFiles::isInLocation(QByteArrayView path) const
{
    return m_settings.locations.isEmpty() ||
           std::any_of(m_settings.locations.begin(), m_settings.locations.end(), [path](const QByteArray &location) {
               return location.isEmpty() ||
                      (path.startsWith(location) && (path.size() == location.size() || path[location.size()] == '/'));
           });
}

bool StaticFiles::mayHave(const http::RequestHead &head) const
{
    const QByteArrayView path = pathOfTarget(head.targetBytes());
    if ((!head.isHead && head.methodBytes() != "GET") || !path.startsWith('/'))
        return false;
    const QByteArrayView local = path.sliced(1);
    return local.contains('%') || (isInLocation(local) && m_root.mayHold(local));
}

StaticAnswer StaticFiles::find(const http::RequestHead &head) const
{
    if (!head.isHead && head.methodBytes() != "GET")
        return NotStatic{};
    const QByteArrayView target = head.targetBytes();
    const qsizetype question = target.indexOf('?');
    const std::optional<LocalPath> local = localPath(pathOfTarget(target));
    if (!local || !isInLocation(local->view()))
        return NotStatic{};

    const QByteArrayView path = local->view();
    if (path.isEmpty() || path.endsWith('/'))
        return inFolder(path, head);
    const RootFolder::Entry entry = m_root.entry(path);
    switch (entry.kind) {
    case RootFolder::Entry::Kind::None:
        break;
    case RootFolder::Entry::Kind::OutOfDescriptors:
        return NoDescriptorLeft{};
    case RootFolder::Entry::Kind::File:
        return reply(path, entry.file, head);
    case RootFolder::Entry::Kind::Folder:
        // Encoded anew: what was sent may hold what a browser takes for another host ("/\host").
        if (hasFace(path))
            return Redirection{'/' + path.toByteArray().toPercentEncoding("/") + '/' +
                               (question < 0 ? QByteArray() : target.sliced(question).toByteArray())};
        break;
    }
    return NotStatic{};
}

bool StaticFiles::has(const http::RequestHead &head) const
{
    const std::optional<LocalPath> local = localPath(pathOfTarget(head.targetBytes()));
    if (!local || !isInLocation(local->view()))
        return false;
    const QByteArrayView path = local->view();
    const bool isFolderPath = path.isEmpty() || path.endsWith('/');
    const LocalPath place = isFolderPath ? folderOf(path) : LocalPath(path);
    const RootFolder::Entry::Kind kind = m_root.entry(place.view()).kind;
    return (kind == RootFolder::Entry::Kind::File && !isFolderPath) ||
           (kind == RootFolder::Entry::Kind::Folder && hasFace(place.view()));
}

/// Whether there is something to show for the folder at \a path, which has no slash at its end.
bool StaticFiles::hasFace(QByteArrayView path) const
{
    return m_settings.listing ||
           std::any_of(m_settings.indexNames.begin(), m_settings.indexNames.end(), [&](const QByteArray &name) {
               LocalPath index(path);
               index.append("/");
               index.append(name);
               return m_root.entry(index.view()).kind == RootFolder::Entry::Kind::File;
           });
}

/// The answer for the folder at \a path, which is empty or ends with a slash.
StaticAnswer StaticFiles::inFolder(QByteArrayView path, const http::RequestHead &head) const
{
    for (const QByteArray &name : m_settings.indexNames) {
        LocalPath index(path);
        index.append(name);
        const RootFolder::Entry entry = m_root.entry(index.view());
        if (entry.kind == RootFolder::Entry::Kind::OutOfDescriptors)
            return NoDescriptorLeft{};
        if (entry.kind == RootFolder::Entry::Kind::File)
            return reply(index.view(), entry.file, head);
    }
    if (!m_settings.listing)
        return NotStatic{};
    const RootFolder::Entry entry = m_root.entry(folderOf(path).view());
    if (entry.kind == RootFolder::Entry::Kind::OutOfDescriptors)
        return NoDescriptorLeft{};
    if (entry.kind != RootFolder::Entry::Kind::Folder)
        return NotStatic{};
    const auto isServed = [&](QByteArrayView name) {
        LocalPath each(path);
        each.append(name);
        const RootFolder::Entry::Kind kind = m_root.entry(each.view()).kind;
        return kind == RootFolder::Entry::Kind::File || kind == RootFolder::Entry::Kind::Folder;
    };
    return MadePage{QByteArrayLiteral("Content-Type: text/html; charset=utf-8\r\n"
                                      "Cache-Control: no-cache\r\n"
                                      "Content-Security-Policy: default-src 'none'\r\n"
                                      "X-Content-Type-Options: nosniff\r\n"),
                    folderListing(entry.file.descriptor->get(), '/' + path.toByteArray(), isServed)};
}

FileReply StaticFiles::reply(QByteArrayView path, const OpenFile &file, const http::RequestHead &head) const
{
    const FileConditions conditions = FileConditions::of(head);
    const MediaType type = mediaTypeOf(lastSegment(path));
    QByteArray block;
    if (!m_settings.cacheControl.isEmpty())
        block += "Cache-Control: " + m_settings.cacheControl + "\r\n";
    if (!m_settings.precompressed || !type.compressible)
        return makeFileReply(file, conditions, 200, block, type.contentType);

    // Also when the plain file is sent: a cache must not hand that to all (RFC 9110 §12.5.5).
    block += "Vary: Accept-Encoding\r\n";
    for (const Sibling &sibling : siblings) {
        if (!base::isAccepted(conditions.acceptEncoding, sibling.coding))
            continue;
        LocalPath siblingPath(path);
        siblingPath.append(sibling.suffix);
        const RootFolder::Entry entry = m_root.entry(siblingPath.view());
        if (entry.kind != RootFolder::Entry::Kind::File || isOlder(entry.file.modified, file.modified))
            continue;
        block.append("Content-Encoding: ").append(base::nameOf(sibling.coding)).append("\r\n");
        const QByteArray tag = entityTag(entry.file, sibling.tagSuffix, std::time(nullptr));
        if (!tag.isEmpty())
            block += "ETag: " + tag + "\r\n";
        return makeFileReply(entry.file, conditions, 200, block, type.contentType);
    }
    return makeFileReply(file, conditions, 200, block, type.contentType);
}

} // namespace Quern::dispatch
