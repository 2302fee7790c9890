import { UserError } from "../base/user-error";
import { QUESTIONS, type Answers, type Name, type Question } from "./question";

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
  for (const question of QUESTIONS) {
    const { name } = question;
    const text = stated[name];
    const earlier = answers as Partial<Answers>;
    const standard = question.standard(earlier);
    if (text === undefined) {
      answers[name] =
        ask === undefined
          ? valueOf(question, standard, earlier)
          : await asked(question, standard, earlier, ask);
      continue;
    }
    const parsed = question.parse(text, earlier);
    if ("value" in parsed) answers[name] = parsed.value;
    else faults.push(`${optionOf(question)} should be ${parsed.wish}, got '${text}'`);
  }
  if (faults.length > 0) throw new UserError("usage", faults.join("\n"));
  return answers as unknown as Answers;
}

/** Asks until the answer is valid. */
async function asked(
  question: Question,
  standard: string,
  earlier: Partial<Answers>,
  ask: Ask,
): Promise<unknown> {
  let text = question.text;
  for (;;) {
    const answer = (await ask(text, standard)).trim();
    const parsed = question.parse(answer === "" ? standard : answer, earlier);
    if ("value" in parsed) return parsed.value;
    text = `Please enter ${parsed.wish}. ${question.text}`;
  }
}

function valueOf(question: Question, text: string, earlier: Partial<Answers>): unknown {
  const parsed = question.parse(text, earlier);
  if ("value" in parsed) return parsed.value;
  throw new UserError("usage", `${optionOf(question)} has to be stated: ${parsed.wish}`);
}

const optionOf = ({ option }: Question): string => option.replace(/ .*/, "");
