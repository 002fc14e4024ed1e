#pragma once

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
    QString spoolDirectory;           ///< absolute; exists
    quint64 bufferBytes = 256 * 1024; ///< of one body, kept in memory; more goes to files
};

/// The body of one request while it arrives: kept in memory up to a bound, and in files beyond it. A multipart form is
/// taken apart on the way: then each long part has a file of its own. Lives in its reactor thread.
class RequestBody final : private protocol::http::MultipartSink
{
public:
    /// A part of a form that is longer than this lies in a file, in bytes, once the form is not kept as a whole.
    static constexpr qsizetype MaxPartInMemory = 16 * 1024;

    /// \a contentType of the request; empty if it has none.
    RequestBody(QByteArrayView contentType, const BodySettings &settings);
    Q_DISABLE_COPY_MOVE(RequestBody)

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

    bool isSpooled() const { return m_isSpooled; }
    std::optional<protocol::http::Refusal> leaveMemory();
    std::optional<protocol::http::Refusal> feedForm(QByteArrayView bytes);
    void spoolPart(QByteArrayView rest);
    void writeTo(SpoolFile &file, QByteArrayView bytes);
    SpoolFile *newFile();

    const BodySettings &m_settings;
    std::unique_ptr<protocol::http::MultipartDecoder> m_form; ///< null: the body is plain
    QByteArray m_bytes;                                       ///< the whole body, or the short parts of a spooled form
    ipc::BodyLayout m_layout;
    std::vector<SpoolFile> m_files;
    std::optional<protocol::http::Refusal> m_failure;
    const char *m_whole = nullptr; ///< where the body begins that is being taken apart in memory
    bool m_isSpooled = false;
    bool m_isPartSpooled = false;
};

} // namespace Quern::dispatch
