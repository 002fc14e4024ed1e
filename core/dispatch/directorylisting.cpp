#include "dispatch/directorylisting.h"

#include <QList>
#include <QString>

#include <algorithm>
#include <dirent.h>
#include <fcntl.h>
#include <memory>
#include <sys/stat.h>
#include <unistd.h>

namespace Quern::dispatch {

namespace {

struct Listed
{
    QByteArray name;
    bool isFolder = false;
};

struct Names
{
    QList<Listed> entries;
    bool isWhole = true;
};

/// What \a entry of \a folder is, as readdir() would have said: not every file system tells (readdir(3)).
unsigned char typeOf(int folder, const dirent &entry)
{
    if (entry.d_type != DT_UNKNOWN)
        return entry.d_type;
    struct stat status = {};
    if (::fstatat(folder, entry.d_name, &status, AT_SYMLINK_NOFOLLOW) != 0)
        return DT_UNKNOWN;
    return static_cast<unsigned char>(IFTODT(status.st_mode));
}

Names namesIn(int folder, const std::function<bool(QByteArrayView)> &isServed)
{
    Names names;
    int links = 0; // each of which costs a look
    visitFolder(folder, [&](const dirent &entry) {
        const QByteArray name(entry.d_name);
        if (name.startsWith('.'))
            return true;
        names.isWhole = names.entries.size() < MaxListedEntries && links < MaxListedEntries;
        if (!names.isWhole)
            return false;
        const unsigned char type = typeOf(folder, entry);
        const bool isFolder = type == DT_DIR;
        links += type == DT_LNK ? 1 : 0;
        if (isFolder || type == DT_REG || (type == DT_LNK && isServed(name)))
            names.entries.append({name, isFolder});
        return true;
    });
    std::sort(names.entries.begin(), names.entries.end(), [](const Listed &left, const Listed &right) {
        return left.isFolder != right.isFolder ? left.isFolder : left.name < right.name;
    });
    return names;
}

/// For HTML text; bytes that are no UTF-8 become replacement characters.
QByteArray escaped(QByteArrayView name)
{
    return QString::fromUtf8(name).toHtmlEscaped().toUtf8();
}

} // namespace

bool visitFolder(int folder, const std::function<bool(const dirent &)> &visit)
{
    // Of its own: reading moves the place in a descriptor, and closedir() closes it.
    const int own = ::openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *stream = own < 0 ? nullptr : ::fdopendir(own);
    if (!stream) {
        if (own >= 0)
            ::close(own);
        return false;
    }
    const std::unique_ptr<DIR, int (*)(DIR *)> closer(stream, [](DIR *each) { return ::closedir(each); });
    while (const dirent *entry = ::readdir(stream)) {
        if (!visit(*entry))
            break;
    }
    return true;
}

QByteArray folderListing(int folder, QByteArrayView path, const std::function<bool(QByteArrayView)> &isServed)
{
    const Names names = namesIn(folder, isServed);
    const QByteArray title = escaped(path);
    QByteArray page = "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>" + title +
                      "</title>\n<meta name=\"color-scheme\" content=\"light dark\"></head>\n<body><h1>" + title +
                      "</h1>\n<ul>\n";
    const auto append = [&page](const QByteArray &reference, const QByteArray &text) {
        page.append("<li><a href=\"").append(reference).append("\">").append(text).append("</a></li>\n");
    };
    if (path != "/")
        append("../", "../");
    for (const Listed &entry : names.entries) {
        const QByteArray end = entry.isFolder ? "/" : "";
        // "./" keeps a colon in a name from being taken for the end of a scheme (RFC 3986 §4.2).
        append("./" + entry.name.toPercentEncoding() + end, escaped(entry.name) + end);
    }
    page.append("</ul>\n");
    if (!names.isWhole)
        page.append("<p>There are more than are listed here.</p>\n");
    return page.append("</body></html>\n");
}

} // namespace Quern::dispatch
