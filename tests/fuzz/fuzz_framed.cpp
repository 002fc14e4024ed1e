#include "fuzzsupport.h"
#include "packagetranscript.h"

using namespace Quern;
using fuzz::derivedPieces;
using fuzz::fail;
using protocol::framed::Framing;
using tests::packageTranscriptOf;

namespace {

constexpr char lengthTypes[] = "cCsSnvlLNVqQJP";
constexpr qsizetype settingBytes = 6;

/// Bounds are small, so that short inputs reach them.
Framing framingOf(QByteArrayView settings)
{
    const auto setting = [settings](qsizetype at) { return quint32(quint8(settings[at])); };
    Framing framing;
    framing.mode = Framing::Mode(setting(0) % 4);
    framing.endMark = QByteArray("\r\n\r\nab\r\n").first(qsizetype(setting(1) % 10) % 9);
    framing.lengthType = lengthTypes[setting(2) % (sizeof lengthTypes - 1)];
    framing.lengthOffset = setting(3) % 16;
    framing.bodyOffset = setting(4) % 32;
    framing.maxLength = setting(5) % 64;
    return framing;
}

} // namespace

/// The input is six bytes of settings and a stream.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const QByteArrayView input(data, static_cast<qsizetype>(size));
    if (input.size() < settingBytes)
        return 0;
    const Framing framing = framingOf(input);
    if (!framing.check())
        return 0;
    const QByteArrayView stream = input.sliced(settingBytes);
    const QByteArray whole = packageTranscriptOf({stream}, framing);
    const QByteArray inPieces = packageTranscriptOf(derivedPieces(stream, 16), framing);
    const QByteArray bytewise = packageTranscriptOf(derivedPieces(stream, 1), framing);
    for (const QByteArray &transcript : {whole, inPieces, bytewise}) {
        if (transcript.startsWith("broken"))
            fail("the splitter breaks a rule of its interface", transcript, stream);
    }
    // The other modes depend on the reads, and are meant to.
    if (framing.mode != Framing::Mode::EndMarkSplit && framing.mode != Framing::Mode::LengthPrefix)
        return 0;
    if (inPieces != whole)
        fail("in pieces is not the same as whole", inPieces, whole);
    if (bytewise != whole)
        fail("byte by byte is not the same as whole", bytewise, whole);
    return 0;
}
