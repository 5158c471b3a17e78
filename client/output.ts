import type { ImportStatus } from '../store/records.js';
import { jsonText, type Json } from './json.js';
import { visibleLines } from './visible-text.js';

/** What Output needs of a stream; process.stdout and process.stderr have it. */
export interface Sink {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): boolean;
  once(event: 'drain', listener: () => void): unknown;
}

export type Tone = 'good' | 'warning' | 'bad';

/** Green, yellow and red, https://en.wikipedia.org/wiki/ANSI_escape_code#Colors */
const colours = { good: 32, warning: 33, bad: 31 } as const;

/** stdout is data, stderr is talk. Colour and bars are for terminals only. */
export class Output {
  readonly stdout: Sink;
  readonly stderr: Sink;
  /** True if the data is wanted as JSON. */
  readonly json: boolean;
  readonly #colour: boolean;

  constructor(stdout: Sink, stderr: Sink, options: { json: boolean; colour: boolean }) {
    this.stdout = stdout;
    this.stderr = stderr;
    this.json = options.json;
    this.#colour = options.colour && stdout.isTTY === true;
  }

  /** The same without colour, for what goes into `say`. */
  get plain(): Output {
    return new Output(this.stdout, this.stderr, { json: this.json, colour: false });
  }

  /** The terminal's width; undefined if stdout is not a terminal. */
  get width(): number | undefined {
    return this.stdout.isTTY === true ? (this.stdout.columns ?? 80) : undefined;
  }

  /** True if a bar may be drawn on stderr. */
  get live(): boolean {
    return this.stdout.isTTY === true && this.stderr.isTTY === true && !this.json;
  }

  /** Data; every value in it has been made visible before. */
  line(text = ''): void {
    this.stdout.write(`${text}\n`);
  }

  /** Data of any length: waits while the reader is slower. */
  async write(text: string): Promise<void> {
    if (!this.stdout.write(text)) await new Promise<void>((resolve) => this.stdout.once('drain', resolve));
  }

  /** One JSON document, laid out to be read. */
  document(value: Json): void {
    this.line(jsonText(value, 2));
  }

  /** One JSON value on one line, for output that goes on. */
  jsonLine(value: Json): void {
    this.line(jsonText(value, 0));
  }

  say(text: string): void {
    this.stderr.write(`${visibleLines(text)}\n`);
  }

  warn(text: string): void {
    this.say(`warning: ${text}`);
  }

  /** Coloured on a terminal, as it is elsewhere. */
  paint(text: string, tone: Tone): string {
    return this.#colour ? `\u001b[${colours[tone]}m${text}\u001b[39m` : text;
  }

  status(status: ImportStatus): string {
    if (status === 'Completed') return this.paint(status, 'good');
    if (status === 'Failed') return this.paint(status, 'bad');
    return status === 'Running' ? status : this.paint(status, 'warning');
  }
}
