import { Session } from "../../src/rollout/session";
import { ALPHARD, temporaryFolder } from "../fixture";
import { described, pathsIn } from "./plan-context";

test("a session has a command that goes on until what stops K3s has succeeded, and keeps it where it fails", async () => {
  const { folder } = described([ALPHARD]);
  const session = new Session(pathsIn(temporaryFolder(), folder), () => undefined);
  const command = "npm run rollout -- restore";
  expect(await session.goingOn(command, () => Promise.resolve(session.goOn))).toBe(command);
  expect(session.goOn).toBeUndefined();
  await expect(session.goingOn(command, () => Promise.reject(new Error("lost")))).rejects.toThrow("lost");
  expect(session.goOn).toBe(command);
  session.stop();
});
