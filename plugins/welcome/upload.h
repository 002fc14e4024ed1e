#pragma once

#include <Quern/request.h>
#include <Quern/response.h>

/// POST /upload: what a form holds, as JSON.
void upload(const Quern::Request &request, Quern::Response &response);
