/** One line of what Prometheus reads. */
export interface Sample {
  name: string;
  labels: Record<string, string>;
  value: number;
}

export interface Samples {
  /** The type of every metric, by its name. */
  types: Map<string, string>;
  samples: Sample[];
  /** The value of the one sample that has this name and at least these labels. Throws if there is none, or several. */
  value(name: string, labels?: Record<string, string>): number;
}

const NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
const SAMPLE = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (NaN|[+-]Inf|[-+0-9.e]+)$/;
const LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(?:,|$)/y;

/**
 * Reads Prometheus's text format as strictly as its own parser does, and more: every metric has HELP and TYPE before its
 * samples, its samples stand together, and none comes twice.
 * https://prometheus.io/docs/instrumenting/exposition_formats/
 */
export function samplesOf(text: string): Samples {
  if (!text.endsWith('\n')) throw new Error('The last line does not end.');
  const types = new Map<string, string>();
  const helped = new Set<string>();
  const seen = new Set<string>();
  const samples: Sample[] = [];
  let current = '';
  for (const line of text.split('\n')) {
    if (line === '') continue;
    const [, keyword, metric = '', rest = ''] = /^# (HELP|TYPE) (\S+) (.+)$/.exec(line) ?? [];
    if (keyword === 'HELP') helped.add(metric);
    else if (keyword === 'TYPE') {
      if (types.has(metric) || !helped.has(metric) || !NAME.test(metric))
        throw new Error(`Out of place: ${line}`);
      types.set(metric, rest);
      current = metric;
    } else {
      const sample = sampleOf(line);
      if (familyOf(sample.name, types) !== current) throw new Error(`Not with its metric: ${line}`);
      const identity = JSON.stringify([sample.name, Object.entries(sample.labels).sort()]);
      if (seen.has(identity)) throw new Error(`Twice: ${line}`);
      seen.add(identity);
      samples.push(sample);
    }
  }
  return { types, samples, value: (name, labels = {}) => only(samples, name, labels) };
}

function sampleOf(line: string): Sample {
  const [, name, labelText = '', number] = SAMPLE.exec(line) ?? [];
  if (name === undefined || number === undefined) throw new Error(`Not a sample: ${line}`);
  const labels: Record<string, string> = {};
  LABEL.lastIndex = 0;
  let end = 0;
  for (let found = LABEL.exec(labelText); found !== null; found = LABEL.exec(labelText)) {
    const [, label = '', value = ''] = found;
    if (Object.hasOwn(labels, label)) throw new Error(`A label twice: ${line}`);
    labels[label] = value;
    end = LABEL.lastIndex;
  }
  if (end !== labelText.length) throw new Error(`Not labels: ${line}`);
  const value = number.endsWith('Inf') ? Infinity * (number.startsWith('-') ? -1 : 1) : Number(number);
  return { name, labels, value };
}

/** The metric that a sample belongs to: histograms have several names. */
function familyOf(name: string, types: ReadonlyMap<string, string>): string {
  if (types.has(name)) return name;
  const base = name.replace(/_(bucket|sum|count)$/, '');
  return types.get(base) === 'histogram' ? base : '';
}

function only(samples: readonly Sample[], name: string, labels: Record<string, string>): number {
  const found = samples.filter(
    (each) =>
      each.name === name && Object.entries(labels).every(([label, value]) => each.labels[label] === value),
  );
  const [first] = found;
  if (first === undefined || found.length > 1)
    throw new Error(`${found.length} samples of ${name} with ${JSON.stringify(labels)}`);
  return first.value;
}
