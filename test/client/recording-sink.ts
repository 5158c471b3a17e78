import type { Sink } from '../../client/output.js';

/** A stream that keeps what is written to it. */
export interface RecordingSink extends Sink {
  text: string;
}

export function recordingSink(terminal?: { columns: number }): RecordingSink {
  return {
    text: '',
    isTTY: terminal !== undefined,
    columns: terminal?.columns,
    write(text) {
      this.text += text;
      return true;
    },
    once: () => undefined,
  };
}
