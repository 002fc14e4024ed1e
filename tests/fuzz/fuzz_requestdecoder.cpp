#include "fuzzsupport.h"
#include "requesttranscript.h"

#include "protocol/http/requestdecoder.h"

#include <llhttp.h>

using namespace Quern::protocol::http;
using Quern::fuzz::derivedPieces;
using Quern::fuzz::fail;

namespace {

/// Small, so that short inputs reach every bound.
const RequestLimits limits{.headBytes = 512, .targetBytes = 100, .headerCount = 10, .bodyBytes = 300};

/// What llhttp alone makes of one message.
struct Reference
{
    QByteArray body;
    qsizetype fieldCount = 0;
    bool isHeadComplete = false;
    bool hasExtension = false;
};

Reference &referenceOf(llhttp_t *parser)
{
    return *static_cast<Reference *>(parser->data);
}

const llhttp_settings_t referenceSettings = [] {
    llhttp_settings_t settings;
    llhttp_settings_init(&settings);
    settings.on_header_field_complete = [](llhttp_t *parser) {
        Reference &reference = referenceOf(parser);
        reference.fieldCount += reference.isHeadComplete ? 0 : 1;
        return 0;
    };
    settings.on_headers_complete = [](llhttp_t *parser) {
        referenceOf(parser).isHeadComplete = true;
        return 0;
    };
    settings.on_chunk_extension_name = [](llhttp_t *parser, const char *, size_t) {
        referenceOf(parser).hasExtension = true;
        return 0;
    };
    settings.on_body = [](llhttp_t *parser, const char *at, size_t length) {
        referenceOf(parser).body.append(at, static_cast<qsizetype>(length));
        return 0;
    };
    settings.on_message_complete = [](llhttp_t *) { return int(HPE_PAUSED); };
    return settings;
}();

/// Fails unless llhttp reads \a message, which the decoder accepted, in the same way. llhttp may refuse extensions and
/// trailers that the decoder drops.
void compareWithLlhttp(QByteArrayView message, qsizetype fieldCount, const QByteArray &body)
{
    Reference reference;
    llhttp_t parser;
    llhttp_init(&parser, HTTP_REQUEST, &referenceSettings);
    parser.data = &reference;
    const llhttp_errno_t error = llhttp_execute(&parser, message.data(), static_cast<size_t>(message.size()));
    if (error != HPE_PAUSED) {
        const bool isInTrailers = (parser.flags & F_TRAILING) != 0;
        if (!reference.isHeadComplete || !(reference.hasExtension || isInTrailers))
            fail("llhttp refuses what the decoder accepts", message, llhttp_get_error_reason(&parser));
        return;
    }
    if (llhttp_get_error_pos(&parser) != message.data() + message.size())
        fail("llhttp ends the message elsewhere", message, body);
    if (reference.body != body)
        fail("llhttp reads another body", reference.body, body);
    if (reference.fieldCount != fieldCount)
        fail("llhttp reads other header fields", message, body);
}

void compareMessagesWithLlhttp(QByteArrayView stream)
{
    RequestDecoder decoder(limits);
    while (!stream.isEmpty()) {
        const auto step = decoder.feed(stream);
        if (step.state == RequestDecoder::State::Complete)
            compareWithLlhttp(stream.first(step.consumed), decoder.head().headers.size(), decoder.takeBody());
        stream = stream.sliced(step.consumed);
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const QByteArrayView stream(data, static_cast<qsizetype>(size));
    const QByteArray whole = Quern::tests::transcriptOf({stream}, limits);
    if (whole.sliced(whole.lastIndexOf('\n') + 1).startsWith("broken"))
        fail("the decoder breaks a rule of its interface", whole, stream);
    const QByteArray bytewise = Quern::tests::transcriptOf(Quern::tests::singleBytes(stream), limits);
    if (bytewise != whole)
        fail("byte by byte is not the same as whole", bytewise, whole);
    const QByteArray inPieces = Quern::tests::transcriptOf(derivedPieces(stream, 64), limits);
    if (inPieces != whole)
        fail("in pieces is not the same as whole", inPieces, whole);
    compareMessagesWithLlhttp(stream);
    return 0;
}
