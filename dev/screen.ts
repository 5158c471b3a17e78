import { styleText } from 'node:util';

/** What Screen needs of a stream; process.stdout has it. */
export interface Sink {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): boolean;
}

/** Between two lines on what is being done, where lines can't be written over, in milliseconds. */
const BETWEEN_LINES_MS = 15_000;

/** Lines that stay, and below them, on a terminal, one that says what is being done now. */
export class Screen {
  readonly #sink: Sink;
  readonly #colour: boolean;
  readonly #doing = new Map<string, string>();
  #saidAt = 0;
  #last: string | undefined;

  constructor(sink: Sink, colour: boolean) {
    this.#sink = sink;
    this.#colour = colour && sink.isTTY === true;
  }

  line(text = ''): void {
    if (this.#last === undefined) this.#write(text);
  }

  #write(text: string): void {
    this.#clear();
    this.#sink.write(`${text}\n`);
    this.#showDoing();
  }

  /** A step that takes time; shown until `done` with the same name. */
  doing(name: string, text: string): void {
    if (this.#last !== undefined && this.#last !== name) return;
    this.#doing.set(name, text);
    if (this.#sink.isTTY !== true) {
      if (Date.now() - this.#saidAt < BETWEEN_LINES_MS) return;
      this.#sink.write(`  … ${[...this.#doing.values()].join('; ')}\n`);
    }
    this.#saidAt = Date.now();
    this.#clear();
    this.#showDoing();
  }

  done(name: string, text: string): void {
    if (this.#last !== undefined && this.#last !== name) return;
    this.#doing.delete(name);
    this.#write(`  ${this.#paint('✔', 'green')} ${text}`);
  }

  warn(text: string): void {
    this.line(`  ${this.#paint('!', 'yellow')} ${text}`);
  }

  /** From now on nothing is shown but the step of this name: whatever else goes on is of no account. */
  last(name: string, text: string): void {
    this.#doing.clear();
    this.#last = name;
    this.doing(name, text);
  }

  #showDoing(): void {
    if (this.#sink.isTTY !== true || this.#doing.size === 0) return;
    const text = `  … ${[...this.#doing.values()].join('; ')}`;
    this.#sink.write(text.slice(0, (this.#sink.columns ?? 80) - 1));
  }

  #clear(): void {
    if (this.#sink.isTTY === true) this.#sink.write('\r\u001b[K');
  }

  #paint(text: string, colour: 'green' | 'yellow'): string {
    return this.#colour ? styleText(colour, text) : text;
  }
}
