#!/usr/bin/env node
// What npm's scripts run here; the package has `dist/cli.js`. In one process: a wrapper would have to pass signals on.
try {
  await import("tsx");
} catch (error) {
  if (error.code !== "ERR_MODULE_NOT_FOUND") throw error;
  console.error("The packages are not installed: npm ci");
  process.exit(1);
}

await import("./main.ts");
