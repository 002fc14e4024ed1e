#include "protocol/http/errorpage.h"

#include "protocol/http/escape.h"
#include "protocol/http/negotiation.h"

namespace Quern::protocol::http {

namespace {

constexpr char htmlStart[] =
    "<!DOCTYPE html>\n"
    "<html lang=\"en\">\n"
    "<head>\n"
    "<meta charset=\"utf-8\">\n"
    "<meta name=\"viewport\" content=\"width=device-width\">\n"
    "<meta name=\"color-scheme\" content=\"light dark\">\n"
    "<style>\n"
    ":root{--ink:#24292f;--dim:#6a737d;--paper:#fff}\n"
    "@media(prefers-color-scheme:dark){:root{--ink:#e6e8eb;--dim:#949ba4;--paper:#1a1c1f}}\n"
    "body{margin:18vh auto 0;max-width:40rem;padding:0 1.5rem;font:1rem/1.5 system-ui,sans-serif;"
    "color:var(--ink);background:var(--paper)}\n"
    "h1{font-size:1.5rem;font-weight:600}p,pre{color:var(--dim)}pre{white-space:pre-wrap}\n"
    "</style>\n";

/// "404 Not Found"
QByteArray titleOf(int status)
{
    const QByteArrayView phrase = reasonPhrase(status);
    QByteArray title = QByteArray::number(status);
    if (!phrase.isEmpty())
        title.append(' ').append(phrase);
    return title;
}

QByteArray htmlOf(const ErrorPage &page)
{
    const QByteArray title = titleOf(page.status);
    QByteArray html;
    html.reserve(qsizetype(sizeof htmlStart) + 256 + page.detail.size());
    html.append(htmlStart).append("<title>").append(title).append("</title>\n</head>\n<body>\n");
    html.append("<h1>").append(title).append("</h1>\n");
    if (!page.requestId.isEmpty()) {
        html.append("<p>Request ");
        appendHtmlText(html, page.requestId);
        html.append("</p>\n");
    }
    if (!page.detail.isEmpty()) {
        html.append("<pre>");
        appendHtmlText(html, page.detail);
        html.append("</pre>\n");
    }
    return html.append("</body>\n</html>\n");
}

QByteArray jsonOf(const ErrorPage &page)
{
    const QByteArrayView phrase = reasonPhrase(page.status);
    QByteArray json = "{\"error\":{\"status\":" + QByteArray::number(page.status) + ",\"message\":\"";
    json.append(phrase.isEmpty() ? QByteArrayView("Error") : phrase);
    if (!page.requestId.isEmpty()) {
        json.append("\",\"requestId\":\"");
        appendJsonText(json, page.requestId);
    }
    if (!page.detail.isEmpty()) {
        json.append("\",\"detail\":\"");
        appendJsonText(json, page.detail);
    }
    return json.append("\"}}\n");
}

} // namespace

ErrorBody errorBody(const ErrorPage &page)
{
    if (prefersJson(page.accept))
        return {"application/json", jsonOf(page)};
    return {"text/html; charset=utf-8", htmlOf(page)};
}

void appendErrorResponse(QByteArray &out, const ErrorPage &page, QByteArrayView extraHeaders,
                         const ResponseFraming &framing, QByteArrayView date, QByteArrayView server, bool isHead)
{
    if (!mayHaveBody(page.status)) {
        appendHead(out, page.status, extraHeaders, 0, framing, date, server);
        return;
    }
    const ErrorBody body = errorBody(page);
    // Caches may keep 404, 405, 410, 414 and 501 by a guess of their own (RFC 9111 §4.2.2) and go on to report an error
    // that has passed, with the request id of another client. Vary would only say for whom a stored answer may be used
    // (RFC 9111 §4.1), and this one is never stored.
    QByteArray headerBlock = "Content-Type: ";
    headerBlock.append(body.contentType).append("\r\nCache-Control: no-store\r\n").append(extraHeaders);
    appendHead(out, page.status, headerBlock, static_cast<quint64>(body.bytes.size()), framing, date, server);
    if (!isHead)
        out.append(body.bytes);
}

} // namespace Quern::protocol::http
