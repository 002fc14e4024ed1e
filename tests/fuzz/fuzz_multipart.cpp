#include "multiparttranscript.h"
#include "requesttranscript.h"

#include <cstdio>
#include <cstdlib>

using namespace Quern::protocol::http;
using Quern::tests::multipartTranscriptOf;

namespace {

constexpr char boundary[] = "b-";

/// Small, so that short inputs reach every bound.
const MultipartLimits limits{.parts = 5, .partHeadBytes = 200, .preambleBytes = 40};

[[noreturn]] void fail(const char *what, QByteArrayView one, QByteArrayView other)
{
    std::fprintf(stderr, "%s\n--- one ---\n%.*s\n--- other ---\n%.*s\n", what, static_cast<int>(one.size()), one.data(),
                 static_cast<int>(other.size()), other.data());
    std::abort();
}

/// \a stream cut into pieces of 1 to 16 bytes, whose lengths follow from its bytes.
QList<QByteArrayView> derivedPieces(QByteArrayView stream)
{
    QList<QByteArrayView> pieces;
    quint32 state = static_cast<quint32>(stream.size());
    for (qsizetype at = 0; at < stream.size();) {
        state = state * 1664525 + 1013904223 + static_cast<quint8>(stream[at]);
        const qsizetype length = qMin(qsizetype(1 + (state >> 24) % 16), stream.size() - at);
        pieces.append(stream.sliced(at, length));
        at += length;
    }
    return pieces;
}

void checkFileName(QByteArrayView sent)
{
    const QByteArray safe = safeFileName(sent);
    if (safe.contains('/') || safe.contains('\\') || safe.contains('\0') || safe == "." || safe == ".." ||
        safe.size() > 255)
        fail("a file name is not safe", sent, safe);
    if (sent.isValidUtf8() && !safe.isValidUtf8())
        fail("a character is cut in two", sent, safe);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const QByteArrayView body(data, static_cast<qsizetype>(size));
    const QByteArray whole = multipartTranscriptOf({body}, boundary, limits);
    const QByteArray bytewise = multipartTranscriptOf(Quern::tests::singleBytes(body), boundary, limits);
    if (bytewise != whole)
        fail("byte by byte is not the same as whole", bytewise, whole);
    const QByteArray inPieces = multipartTranscriptOf(derivedPieces(body), boundary, limits);
    if (inPieces != whole)
        fail("in pieces is not the same as whole", inPieces, whole);
    if (whole.startsWith("broken"))
        fail("the decoder breaks a rule of its interface", whole, body);

    const auto found = MultipartDecoder::boundaryOf(body);
    if (found && (found->isEmpty() || found->size() > 70 || found->contains('\r') || found->endsWith(' ')))
        fail("a boundary that is none", body, *found);
    checkFileName(body);
    return 0;
}
