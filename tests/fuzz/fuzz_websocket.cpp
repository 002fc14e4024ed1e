#include "fuzzsupport.h"
#include "requesttranscript.h"
#include "websockettranscript.h"

using namespace Quern::protocol::websocket;
using Quern::fuzz::derivedPieces;
using Quern::fuzz::fail;
using Quern::tests::DecoderSetting;
using Quern::tests::webSocketTranscriptOf;

namespace {

/// What the bits of an input's first byte say.
DecoderSetting settingOf(quint8 bits)
{
    // Small, so that short inputs reach every bound.
    DecoderSetting setting{.limits = {.messageBytes = 300, .fragments = 4}};
    if ((bits & 1) != 0)
        setting.deflate = (bits & 2) != 0 ? ContextTakeover::Yes : ContextTakeover::No;
    if ((bits & 4) != 0)
        setting.role = Decoder::Role::Client;
    return setting;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    const DecoderSetting setting = settingOf(data[0]);
    const QByteArrayView stream(data + 1, static_cast<qsizetype>(size) - 1);
    const QByteArray whole = webSocketTranscriptOf({stream}, setting);
    const QByteArray bytewise = webSocketTranscriptOf(Quern::tests::singleBytes(stream), setting);
    if (bytewise != whole)
        fail("byte by byte is not the same as whole", bytewise, whole);
    const QByteArray inPieces = webSocketTranscriptOf(derivedPieces(stream, 16), setting);
    if (inPieces != whole)
        fail("in pieces is not the same as whole", inPieces, whole);
    if (whole.contains("broken: ") && !stream.contains("broken: "))
        fail("the decoder breaks a rule of its interface", whole, stream);

    // What one side compresses the other reads.
    if (setting.deflate) {
        QByteArray message;
        const QByteArray payload = Deflater(*setting.deflate).compress(stream);
        if (Inflater(*setting.deflate).inflate(payload, stream.size(), message) != Inflater::Outcome::Done ||
            message != stream)
            fail("compressed and back is another message", message, stream);
    }
    return 0;
}
