import type { Readable, Writable } from 'node:stream';
import type { CANCEL_SYMBOL } from '@clack/prompts';
import { failed, wrongUse } from './exit.js';

export interface Choice<Value extends string> {
  value: Value;
  label?: string;
  hint?: string;
}

interface Question {
  message: string;
  /** The option that answers it on the command line; undefined where none does. */
  flag: string;
}

export interface TextQuestion extends Question {
  /** What stands there to be changed or taken, and is taken with --yes. */
  proposed?: string;
  /** What is wrong with an answer, as a sentence; undefined if nothing is. */
  problemWith: (answer: string) => string | undefined;
}

export interface ChoiceQuestion<Value extends string> extends Question {
  choices: Choice<Value>[];
  /** The one that is marked at first, and is taken with --yes. */
  proposed?: Value;
}

/** Where the answers of `inlet init` come from that its options don't give. */
export interface Asker {
  text(question: TextQuestion): Promise<string>;
  /** Text that is not shown; undefined where nobody is there to be asked. */
  secret(question: Omit<TextQuestion, 'flag' | 'proposed'>): Promise<string | undefined>;
  choose<Value extends string>(question: ChoiceQuestion<Value>): Promise<Value>;
  /** What has been found out meanwhile. */
  tell(text: string, tone: 'good' | 'warning' | 'bad'): void;
}

/** Asks nobody: takes what is proposed, and refuses where nothing is. */
export function withoutAsking(tell: Asker['tell']): Asker {
  const refuse = (flag: string) => wrongUse(`Nobody is asked with --yes: give ${flag}, too.`);
  return {
    text: ({ flag, proposed }) =>
      proposed === undefined ? Promise.reject(refuse(flag)) : Promise.resolve(proposed),
    secret: () => Promise.resolve(undefined),
    choose: ({ flag, proposed }) =>
      proposed === undefined ? Promise.reject(refuse(flag)) : Promise.resolve(proposed),
    tell,
  };
}

/** More than fit on a screen are searched, not scrolled. */
const mostToScroll = 12;

/**
 * Asks on a terminal. The library for it is loaded only here.
 *
 * @throws CommandError from every question that is answered by Ctrl-C
 */
export async function asking(input: Readable, output: Writable): Promise<Asker> {
  const { autocomplete, isCancel, log, password, select, text } = await import('@clack/prompts');
  const streams = { input, output };
  const answered = (answer: string | typeof CANCEL_SYMBOL): string => {
    if (isCancel(answer)) throw failed('Nothing was written.');
    return answer;
  };
  const asValidation = (problemWith: TextQuestion['problemWith']) => (value: string | undefined) =>
    problemWith(value ?? '');
  const tells = { good: log.success, warning: log.warn, bad: log.error };
  return {
    text: async ({ message, proposed, problemWith }) =>
      answered(
        await text({
          ...streams,
          message,
          ...(proposed !== undefined && { initialValue: proposed }),
          validate: asValidation(problemWith),
        }),
      ),
    secret: async ({ message, problemWith }) =>
      answered(await password({ ...streams, message, validate: asValidation(problemWith) })),
    async choose<Value extends string>({ message, choices, proposed }: ChoiceQuestion<Value>) {
      const options = choices.map(({ value, label, hint }) => ({
        value,
        label: label ?? value,
        ...(hint !== undefined && { hint }),
      }));
      const question = { ...streams, message, options, ...(proposed && { initialValue: proposed }) };
      const answer = answered(
        await (choices.length > mostToScroll
          ? autocomplete<string>({ ...question, maxItems: mostToScroll })
          : select<string>(question)),
      );
      const chosen = choices.find(({ value }) => value === answer);
      if (chosen === undefined) throw failed('Nothing was chosen, and nothing was written.');
      return chosen.value;
    },
    tell: (said, tone) => tells[tone](said, { output }),
  };
}
