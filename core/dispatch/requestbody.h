#pragma once

#include "base/clock.h"
#include "dispatch/spoolfile.h"
#include "ipc/bodylayout.h"
#include "protocol/http/multipart.h"
#include "protocol/http/requestdecoder.h"

#include <memory>
#include <optional>
#include <vector>

namespace Quern::dispatch {

struct BodySettings
{
    QString spoolDirectory;                  ///< absolute; exists
    QByteArray spoolOwner;                   ///< this server, in letters and digits, for the names of its files there
    std::optional<base::Identity> spoolUser; ///< whose the files are to be, to read and to move; null: this process's
    QByteArray handlersRoot;                 ///< the folder that is / for handlers; empty: the same as here
    quint64 bufferBytes = 256 * 1024;        ///< of one body, kept in memory; more goes to files
};

/// The body of one request while it arrives: kept in memory up to a bound, and in files beyond it. A multipart form is
/// then taken apart on the way: each long part has a file of its own, and the short ones lie behind each other, in
/// memory or in one more file. Lives in its reactor thread.
class RequestBody final : private protocol::http::MultipartSink
{
public:
    /// A part of a form that is longer than this lies in a file, in bytes, once the form is not kept as a whole.
    static constexpr qsizetype MaxShortPart = 16 * 1024;
    /// Names, file names and types of all parts together, and the paths of their files, in bytes; more is refused
    /// (413).
    static constexpr qsizetype MaxNames = 256 * 1024;

    /// \a contentType of the request; empty if it has none.
    RequestBody(QByteArrayView contentType, const BodySettings &settings);
    Q_DISABLE_COPY_MOVE(RequestBody)

    base::MonotonicTime begun() const { return m_begun; }

    /// The next bytes. Returns why the request is refused: it is malformed, or the disk failed (500).
    [[nodiscard]] std::optional<protocol::http::Refusal> append(const QByteArray &bytes);
    /// That was all of it; \a trailers as a header block.
    [[nodiscard]] std::optional<protocol::http::Refusal> finish(const QByteArray &trailers);

    /// After finish(): what stays in memory, the parts of it, and the files, which live as long as their owner.
    QByteArray takeBytes() { return std::exchange(m_bytes, {}); }
    const ipc::BodyLayout &layout() const { return m_layout; }
    std::vector<SpoolFile> takeFiles() { return std::move(m_files); }

    /// Whether a request with \a contentType needs one of these even if its body is short.
    static bool isForm(QByteArrayView contentType)
    {
        return protocol::http::MultipartDecoder::isMultipartForm(contentType);
    }

private:
    void partBegun(const protocol::http::PartHead &head) override;
    void partData(QByteArrayView bytes) override;
    void partEnded() override;

    std::optional<protocol::http::Refusal> leaveMemory();
    std::optional<protocol::http::Refusal> feedForm(QByteArrayView bytes);
    void spoolPart(QByteArrayView rest);
    void keepShortPart();
    void writeBody(QByteArrayView bytes);
    void writeTo(SpoolFile &file, QByteArrayView bytes);
    void countNames(qsizetype bytes);
    SpoolFile *newFile();
    /// Where a handler finds \a file.
    QByteArray seen(const SpoolFile &file) const { return file.path().mid(m_settings.handlersRoot.size()); }

    const BodySettings &m_settings;
    const base::MonotonicTime m_begun = std::chrono::steady_clock::now();
    std::unique_ptr<protocol::http::MultipartDecoder> m_form; ///< null: the body is plain
    QByteArray m_bytes; ///< the whole body, or the short parts of a spooled form that are not in m_bodyFile
    QByteArray m_part;  ///< the part of a spooled form that has begun, while it is short
    ipc::BodyLayout m_layout;
    std::vector<SpoolFile> m_files;
    std::optional<std::size_t> m_bodyFile; ///< which of them holds the body, or the short parts of a form
    std::optional<protocol::http::Refusal> m_failure;
    const char *m_whole = nullptr; ///< where the body begins that is being taken apart in memory
    quint64 m_shortBytes = 0;      ///< of the short parts so far
    qsizetype m_nameBytes = 0;     ///< see MaxNames
    bool m_isSpooled = false;
    bool m_isPartSpooled = false;
};

} // namespace Quern::dispatch
