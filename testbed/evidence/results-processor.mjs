// Puts what the tests ran on into the results that `jest --json` writes.
import "tsx";

const { default: typescript } = await import("./environment.ts");

export default (results) => ({ ...results, environment: typescript.environment(results.startTime) });
