import { UserError } from "../base/user-error";
import { OPTIONS, type Answers, type Name } from "./options";
import { PARSERS } from "./parsers";

/** Asks a person, who may give an empty answer. */
export type Ask = (text: string, standard: string) => Promise<string>;

/** Options that were given on the command line, by the name of their question. */
export type Stated = Readonly<Partial<Record<Name, string>>>;

/**
 * Takes the options that were given, and asks for the rest.
 *
 * @param ask - `undefined` to ask nothing and take the defaults
 * @throws UserError with every invalid option
 */
export async function answersTo(stated: Stated, ask: Ask | undefined): Promise<Answers> {
  const answers: Partial<Record<Name, unknown>> = {};
  const faults: string[] = [];
  for (const name of Object.keys(OPTIONS) as Name[]) {
    const { text, parsed } = await answerTo(name, stated[name], answers as Partial<Answers>, ask);
    if ("value" in parsed) answers[name] = parsed.value;
    else faults.push(`${OPTIONS[name].flags.replace(/ .*/, "")} should be ${parsed.wish}, got '${text}'`);
  }
  if (faults.length > 0) throw new UserError("usage", faults.join("\n"));
  return answers as unknown as Answers;
}

/** What was given, or a person's answer, asked for until it is valid, or the default. */
async function answerTo(
  name: Name,
  given: string | undefined,
  earlier: Partial<Answers>,
  ask: Ask | undefined,
) {
  const option = OPTIONS[name];
  const standard = option.standard(earlier);
  for (let question = option.text; ;) {
    const text = given ?? ((await ask?.(question, standard))?.trim() || standard);
    const parsed = PARSERS[name](text, earlier);
    if ("value" in parsed || given !== undefined || ask === undefined) return { text, parsed };
    question = `Please enter ${parsed.wish}. ${option.text}`;
  }
}
