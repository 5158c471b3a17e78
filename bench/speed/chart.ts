import { Resvg } from '@resvg/resvg-js';
import { parse, View } from 'vega';
import { compile, type TopLevelSpec } from 'vega-lite';
import type { Figure } from './figures.js';
import { steps } from './subjects.js';

const WIDTH = 1_400;

/** A PNG of the seconds over the rows: the floor's and ours, a panel for each step of people. */
export async function chartPng(figures: readonly Figure[]): Promise<Buffer> {
  const points = figures
    .filter(({ subject }) => subject === 'people')
    .flatMap(({ step, rows, seconds, floorSeconds }) => [
      { step, rows, seconds, what: 'Inlet' },
      { step, rows, seconds: floorSeconds, what: 'COPY, then one INSERT … ON CONFLICT' },
    ]);
  const spec: TopLevelSpec = {
    $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
    background: 'white',
    data: { values: points },
    facet: { field: 'step', type: 'nominal', sort: [...steps], title: null },
    columns: 4,
    spec: {
      width: 230,
      height: 220,
      mark: { type: 'line', point: true },
      encoding: {
        x: { field: 'rows', type: 'quantitative', title: 'people', axis: { format: '~s', tickCount: 5 } },
        y: { field: 'seconds', type: 'quantitative', title: 'seconds' },
        color: { field: 'what', type: 'nominal', title: null, legend: { orient: 'bottom', labelLimit: 0 } },
      },
    },
    config: { font: 'DejaVu Sans' },
  };
  const svg = await new View(parse(compile(spec).spec), { renderer: 'none' }).toSVG();
  return new Resvg(svg, {
    fitTo: { mode: 'width', value: WIDTH },
    font: { loadSystemFonts: true, defaultFontFamily: 'DejaVu Sans' },
  })
    .render()
    .asPng();
}
