#!/bin/sh
# Runs the tests with cdktn, the maintained fork of CDKTF, instead of CDKTF: npm run test:cdktn
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
# Only suites that use CDKTF. The others see only emitted files, which these suites show to be the same.
npx jest '__tests__/(constructs|render|testbed/bench)/' '__tests__/(canary|cluster-json|project)\.test'
npx jest __tests__/preview --testNamePattern 'add-an-agent'
