#include "multiparttranscript.h"

#include <algorithm>
#include <memory>

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
            text += "broken: part in a part";
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
            text += "broken: data";
        text += bytes;
    }

    void partEnded() override
    {
        if (!std::exchange(m_inPart, false))
            text += "broken: end without part";
        text += "|\n";
    }

    bool isInPart() const { return m_inPart; }
    QByteArray text;

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
            return transcript.text + "broken: goes on after its end";
        last = progress;
    }
    const Progress end = decoder.finish();
    if (last != Progress::Incomplete && end != last)
        return transcript.text + "broken: finish() changes its mind";
    if (end == Progress::Incomplete || (end == Progress::Complete && transcript.isInPart()))
        return transcript.text + "broken: complete, but not at its end";
    if (end == Progress::Complete)
        return transcript.text + "complete";
    const auto refusal = decoder.refusal();
    return transcript.text + "refused " + QByteArray::number(refusal.status) + ": " + refusal.reason;
}

} // namespace Quern::tests
