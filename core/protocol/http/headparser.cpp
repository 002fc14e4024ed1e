#include "protocol/http/headparser.h"

#include "protocol/http/bytes.h"

#include <llhttp.h>

namespace Quern::protocol::http {

namespace {

RequestHead &headOf(llhttp_t *parser)
{
    return *static_cast<RequestHead *>(parser->data);
}

base::Span spanOf(llhttp_t *parser, const char *at, size_t length)
{
    return {static_cast<quint32>(at - headOf(parser).bytes.data()), static_cast<quint32>(length)};
}

int onMethod(llhttp_t *parser, const char *at, size_t length)
{
    headOf(parser).method = spanOf(parser, at, length);
    return HPE_OK;
}

int onTarget(llhttp_t *parser, const char *at, size_t length)
{
    headOf(parser).target = spanOf(parser, at, length);
    return HPE_OK;
}

int onFieldName(llhttp_t *parser, const char *at, size_t length)
{
    headOf(parser).headers.append({spanOf(parser, at, length), {}});
    return HPE_OK;
}

int onFieldValue(llhttp_t *parser, const char *at, size_t length)
{
    const QByteArrayView value = withoutSurroundingSpace({at, static_cast<qsizetype>(length)});
    headOf(parser).headers.last().value = spanOf(parser, value.data(), static_cast<size_t>(value.size()));
    return HPE_OK;
}

/// Ends the parser's work with the head, so that its ideas of upgrades and bodies never come into play.
int onHeadComplete(llhttp_t *)
{
    return HPE_PAUSED;
}

const llhttp_settings_t settings = [] {
    llhttp_settings_t callbacks;
    llhttp_settings_init(&callbacks);
    callbacks.on_method = onMethod;
    callbacks.on_url = onTarget;
    callbacks.on_header_field = onFieldName;
    callbacks.on_header_value = onFieldValue;
    callbacks.on_headers_complete = onHeadComplete;
    return callbacks;
}();

} // namespace

HeadParse parseHead(RequestHead &head)
{
    llhttp_t parser;
    llhttp_init(&parser, HTTP_REQUEST, &settings);
    parser.data = &head;
    const auto problem = llhttp_execute(&parser, head.bytes.data(), static_cast<size_t>(head.bytes.size()));
    if (problem == HPE_PAUSED)
        return HeadParse::Done;
    const bool isField = problem == HPE_INVALID_CONTENT_LENGTH || problem == HPE_INVALID_HEADER_TOKEN;
    return isField ? HeadParse::Malformed : HeadParse::UnknownMethod;
}

} // namespace Quern::protocol::http
