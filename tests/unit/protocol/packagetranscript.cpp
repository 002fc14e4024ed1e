#include "packagetranscript.h"

#include <algorithm>
#include <memory>

namespace Quern::tests {

using protocol::framed::Framing;
using protocol::framed::PackageSplitter;
using State = PackageSplitter::State;

QByteArray packageTranscriptOf(const QList<QByteArrayView> &pieces, const Framing &framing)
{
    PackageSplitter splitter(framing);
    QByteArray text;
    for (const QByteArrayView piece : pieces) {
        // An allocation of just that size, gone after the call: a sanitizer sees what is read too far or too late.
        const std::unique_ptr<char[]> copy(new char[size_t(piece.size())]);
        std::copy(piece.begin(), piece.end(), copy.get());
        QByteArrayView bytes(copy.get(), piece.size());
        while (!bytes.isEmpty()) {
            const qsizetype unfinished = splitter.unfinishedBytes();
            const PackageSplitter::Step step = splitter.feed(bytes);
            if (step.consumed < 0 || step.consumed > bytes.size())
                return "broken: consumed more than there is";
            if (step.state != State::Complete && step.consumed != bytes.size())
                return "broken: stopped within a package";
            bytes = bytes.sliced(step.consumed);
            if (step.state == State::Failed)
                return text + "failed: " + splitter.reason();
            const bool isWhole = step.state == State::Complete;
            if (isWhole == splitter.package().isEmpty())
                return "broken: a package that is none";
            if (isWhole ? splitter.package().size() != unfinished + step.consumed || splitter.unfinishedBytes() != 0
                        : splitter.unfinishedBytes() != unfinished + step.consumed)
                return "broken: bytes lost or invented";
            if (framing.mode != Framing::Mode::None &&
                qMax(splitter.unfinishedBytes(), splitter.package().size()) > qsizetype(framing.maxLength))
                return "broken: over the limit";
            if (isWhole)
                text += "package: " + splitter.package().toByteArray().toHex() + '\n';
        }
        splitter.release();
    }
    return text + "left: " + QByteArray::number(splitter.unfinishedBytes());
}

} // namespace Quern::tests
