#include "multiparttranscript.h"

#include <algorithm>
#include <memory>
#include <utility>

using namespace Qt::StringLiterals;

namespace Quern::tests {

using protocol::http::MultipartDecoder;
using protocol::http::MultipartLimits;
using protocol::http::MultipartSink;
using protocol::http::PartHead;

namespace {

class Transcript final : public MultipartSink
{
public:
    void partBegun(const PartHead &head) override
    {
        if (std::exchange(m_inPart, true))
            broken = "part in a part";
        text += "part \"" + head.name + '"';
        if (head.fileName)
            text += " file \"" + *head.fileName + '"';
        if (!head.contentType.isEmpty())
            text += " type \"" + head.contentType + '"';
        text += ": ";
    }

    void partData(QByteArrayView bytes) override
    {
        if (!m_inPart || bytes.isEmpty())
            broken = "data without a part, or none";
        text += bytes;
    }

    void partEnded() override
    {
        if (!std::exchange(m_inPart, false))
            broken = "end without part";
        text += "|\n";
    }

    bool isInPart() const { return m_inPart; }
    QByteArray text;
    const char *broken = nullptr; ///< a rule of the interface that was broken

private:
    bool m_inPart = false;
};

} // namespace

QByteArray multipartTranscriptOf(const QList<QByteArrayView> &pieces, QByteArrayView boundary,
                                 const MultipartLimits &limits)
{
    using Progress = MultipartDecoder::Progress;
    MultipartDecoder decoder(boundary, limits);
    Transcript transcript;
    Progress last = Progress::Incomplete;
    for (const QByteArrayView piece : pieces) {
        const std::unique_ptr<char[]> copy(new char[static_cast<size_t>(piece.size())]);
        std::copy(piece.begin(), piece.end(), copy.get());
        const Progress progress = decoder.feed({copy.get(), piece.size()}, transcript);
        if (last != Progress::Incomplete && progress != last)
            transcript.broken = "goes on after its end";
        last = progress;
    }
    const Progress end = decoder.finish();
    if (last != Progress::Incomplete && end != last)
        transcript.broken = "finish() changes its mind";
    if (end == Progress::Incomplete || (end == Progress::Complete && transcript.isInPart()))
        transcript.broken = "complete, but not at its end";
    if (transcript.broken)
        return "broken: "_ba + transcript.broken;
    if (end == Progress::Complete)
        return transcript.text + "complete";
    const auto refusal = decoder.refusal();
    return transcript.text + "refused " + QByteArray::number(refusal.status) + ": " + refusal.reason;
}

} // namespace Quern::tests
