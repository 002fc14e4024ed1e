#pragma once

#include "dispatch/filereply.h"
#include "dispatch/openfile.h"
#include "protocol/http/requesthead.h"

#include <QByteArray>
#include <QList>
#include <QString>

#include <variant>

namespace Quern::dispatch {

struct StaticFilesSettings
{
    QString documentRoot;                                          ///< absolute path of a folder
    QList<QByteArray> indexNames{QByteArrayLiteral("index.html")}; ///< what a folder shows, the first that exists
    QList<QByteArray> locations; ///< paths ("/assets"): only what is below is served; empty: all
    QByteArray cacheControl;     ///< value of Cache-Control; empty: none
    bool listing = false;        ///< folders without an index show their names
    bool precompressed = true;   ///< "name.br" and "name.gz" stand in for "name", unless they are older
};

/// A page that the server has made, to be sent with 200.
struct MadePage
{
    QByteArray headerBlock;
    QByteArray body;
};

/// Another place where the thing is, to be answered with 301.
struct Redirection
{
    QByteArray location; ///< path and query, ready for a Location field
};

/// The request is for the application.
struct NotStatic
{
};

/// The process has no descriptor left, so nobody knows: to be answered with 503.
struct NoDescriptorLeft
{
};

using StaticAnswer = std::variant<NotStatic, FileReply, Redirection, MadePage, NoDescriptorLeft>;

/// Serves the files below one folder. What it does not have goes to the application. Each reactor thread may have its
/// own, or all share one: it does not change. Looking a file up blocks for the disk.
///
/// A path is decoded once, and none that begins a segment with a dot is served (".well-known" at the top excepted: RFC
/// 8615), nor one with an encoded slash or NUL or with an empty segment. Nothing outside of the folder is served: see
/// RootFolder.
class StaticFiles
{
public:
    /// Opens the document root: a symbolic link at its place is followed now, and not again. The errors are
    /// RootFolder's, or Error::Invalid for a location or an index name that cannot be one.
    static Result<StaticFiles> open(StaticFilesSettings settings);
    static Result<StaticFiles> open(StaticFilesSettings settings, RootFolder::Lookup lookup);

    /// The answer to the request with \a head. Costs one failed system call if there is no such file, and none for
    /// other methods than GET and HEAD or other locations.
    StaticAnswer find(const protocol::http::RequestHead &head) const;
    /// False if find() has nothing for \a head: for most requests of the application, at a tenth of its price.
    bool mayHave(const protocol::http::RequestHead &head) const;
    /// Whether there is something for GET at the same path.
    bool has(const protocol::http::RequestHead &head) const;

private:
    StaticFiles(StaticFilesSettings settings, RootFolder root);
    static Result<StaticFiles> make(StaticFilesSettings settings, Result<RootFolder> root);

    bool isInLocation(QByteArrayView path) const;
    StaticAnswer inFolder(QByteArrayView path, const protocol::http::RequestHead &head) const;
    bool hasFace(QByteArrayView path) const;
    FileReply reply(QByteArrayView path, const OpenFile &file, const protocol::http::RequestHead &head) const;

    StaticFilesSettings m_settings;
    RootFolder m_root;
};

} // namespace Quern::dispatch
