#!/usr/bin/env bash
# Builds the pages and the API reference as a site in artifacts/site, with docfx; a warning, such as a link that leads nowhere, is an error.
# `dotnet docfx serve artifacts/site` shows it.
set -euo pipefail
cd "$(dirname "$0")/.."
dotnet tool restore
rm -rf artifacts/site artifacts/site-api
dotnet docfx docfx.json --warningsAsErrors
cp artifacts/site/README.html artifacts/site/index.html
