#pragma once

#include "protocol/http/parthead.h"

#include <optional>

namespace Quern::protocol::http {

/// Bounds of one multipart/form-data body; a body over a bound is refused with the status named. How long a part may
/// be is for the sink to say.
struct MultipartLimits
{
    quint32 parts = 1000;             ///< 413
    quint32 partHeadBytes = 8 * 1024; ///< header section of one part with its empty line, bytes: 400
    quint32 preambleBytes = 1024;     ///< before the first delimiter, bytes: 400
};

/// Gets the parts of a body one after the other, in the thread of feed(): for each part partBegun(), any number of
/// partData() with the data in order and never empty, partEnded(). After Refused no more is called, whatever has begun.
class MultipartSink
{
public:
    virtual void partBegun(const PartHead &head) = 0;
    /// \a bytes is valid during the call.
    virtual void partData(QByteArrayView bytes) = 0;
    virtual void partEnded() = 0;

protected:
    ~MultipartSink() = default;
};

/// multipart/form-data (RFC 7578, RFC 2046 §5.1) → parts, while the body arrives and without keeping any of it: of a
/// part's data only the length of what may be the beginning of a delimiter is remembered. Strict: every line ends with
/// CRLF, and what two readers could take for two things is refused. Knows no sockets; lives in any one thread.
class MultipartDecoder
{
public:
    enum class Progress : quint8 { Incomplete, Complete, Refused };

    /// Whether \a contentType names multipart/form-data, with a good boundary or without.
    static bool isMultipartForm(QByteArrayView contentType);
    /// The boundary parameter of a Content-Type, unquoted: 1 to 70 of the bytes that RFC 2046 §5.1.1 allows. nullopt if
    /// \a contentType is not multipart/form-data, or has no such boundary or two: the answer is then 400.
    static std::optional<QByteArray> boundaryOf(QByteArrayView contentType);

    /// \a boundary is what boundaryOf() returned.
    explicit MultipartDecoder(QByteArrayView boundary, const MultipartLimits &limits = {});
    Q_DISABLE_COPY_MOVE(MultipartDecoder)

    /// Takes all of \a bytes. Complete once the close delimiter has come; what follows it is dropped (RFC 2046 §5.1.1).
    Progress feed(QByteArrayView bytes, MultipartSink &sink);
    /// To be called at the end of the body: Complete, or Refused because the close delimiter is missing.
    Progress finish();
    /// Only after Refused; it stays so.
    const Refusal &refusal() const { return m_refusal; }

private:
    enum class State : quint8 {
        Preamble,
        Data,
        DelimiterEnd, ///< after "--boundary"
        CloseHyphen,  ///< after "--boundary-"
        Padding,      ///< white space after "--boundary"
        DelimiterLf,
        Head,
        Epilogue,
        Refused
    };

    void feedContent(QByteArrayView &bytes, MultipartSink &sink);
    void emitContent(QByteArrayView bytes, MultipartSink &sink);
    void feedDelimiterEnd(char byte);
    void feedHead(QByteArrayView &bytes, MultipartSink &sink);
    void refuse(int status, const char *reason);

    const MultipartLimits m_limits;
    const QByteArray m_delimiter; ///< CRLF "--" boundary
    QByteArray m_head;            ///< of the part in progress, with the line end before it; empty but in Head
    Refusal m_refusal;
    qsizetype m_matched = 2; ///< bytes of the delimiter that the input so far ends with; a body begins like a line
    qsizetype m_matchedBefore = 2; ///< of these, the line end that stands before the preamble or the data
    quint64 m_preambleLeft;        ///< bytes still allowed
    quint32 m_partCount = 0;
    State m_state = State::Preamble;
};

} // namespace Quern::protocol::http
