#!/usr/bin/env node
// The npm scripts run this here; the package has `dist/cli.js`. One process: a wrapper would have to forward signals.
try {
  await import("tsx");
} catch (error) {
  if (error.code !== "ERR_MODULE_NOT_FOUND") throw error;
  console.error("The packages are not installed: npm ci");
  process.exit(1);
}

await import("./main.ts");
