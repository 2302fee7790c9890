#!/bin/sh
# The tests with CDKTF's living fork in CDKTF's place: npm run test:cdktn
set -eu
cd "$(dirname "$0")/.."
copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
trap 'exit 130' INT TERM
git ls-files -z | xargs -0 cp --parents -t "$copy"
cp -R node_modules .gen "$copy"
cd "$copy"
npm install --no-save --no-audit --no-fund --ignore-scripts "cdktf@npm:cdktn@0.24.0"
node -e '
  const { name, version } = require("cdktf/package.json");
  console.log(`cdktf is ${name} ${version}`);
  process.exit(name === "cdktn" ? 0 : 1);
'
# Those in which CDKTF takes part. The others see emitted files only, and that these are the same is what these see to.
npx jest '__tests__/(constructs|render|testbed/bench)/' '__tests__/(canary|cluster-json|project)\.test'
npx jest __tests__/preview --testNamePattern 'add-an-agent'
