import { isToken, tokenReference } from "../../src/backup/token-reference";

test("a reference recognizes its token in both forms, and no other, and is another one each time", async () => {
  const [first, second] = await Promise.all([
    tokenReference("correct-horse"),
    tokenReference("correct-horse"),
  ]);
  expect(first.hash).not.toBe(second.hash);
  await expect(isToken("correct-horse", first)).resolves.toBe(true);
  await expect(isToken(`K10${"ab".repeat(32)}::server:correct-horse`, first)).resolves.toBe(true);
  await expect(isToken("correct-horse-2", first)).resolves.toBe(false);
});

test("a guess costs more than a fast hash: a common word is not found in no time", async () => {
  const start = performance.now();
  await tokenReference("password");
  // SHA-256 of a word takes about a microsecond.
  expect(performance.now() - start).toBeGreaterThan(50);
});
