#!/usr/bin/env node
// What npm's scripts run, and `npm link` puts into your PATH. In one process: a wrapper would have to pass signals on.
import "tsx";

await import("./main.ts");
