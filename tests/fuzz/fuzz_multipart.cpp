#include "fuzzsupport.h"
#include "multiparttranscript.h"
#include "requesttranscript.h"

using namespace Quern::protocol::http;
using Quern::fuzz::derivedPieces;
using Quern::fuzz::fail;
using Quern::tests::multipartTranscriptOf;

namespace {

constexpr char boundary[] = "b-";

/// Small, so that short inputs reach every bound.
const MultipartLimits limits{.parts = 5, .partHeadBytes = 200, .preambleBytes = 40};

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const QByteArrayView body(data, static_cast<qsizetype>(size));
    const QByteArray whole = multipartTranscriptOf({body}, boundary, limits);
    const QByteArray bytewise = multipartTranscriptOf(Quern::tests::singleBytes(body), boundary, limits);
    if (bytewise != whole)
        fail("byte by byte is not the same as whole", bytewise, whole);
    const QByteArray inPieces = multipartTranscriptOf(derivedPieces(body, 16), boundary, limits);
    if (inPieces != whole)
        fail("in pieces is not the same as whole", inPieces, whole);
    if (whole.startsWith("broken"))
        fail("the decoder breaks a rule of its interface", whole, body);

    const auto found = MultipartDecoder::boundaryOf(body);
    if (found && (found->isEmpty() || found->size() > 70 || found->contains('\r') || found->endsWith(' ')))
        fail("a boundary that is none", body, *found);
    return 0;
}
