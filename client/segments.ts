import type { Command } from 'commander';
import { listSegments, type MemberRecord, type SegmentRecord } from '../store/segments.js';
import { examples, type Run } from './argument.js';
import { exitCodes, type ExitCode } from './exit.js';
import type { Json } from './json.js';
import type { Session } from './session.js';
import { reading } from './store-error.js';
import { tableText } from './table.js';
import { countText, timeText } from './time-text.js';
import { shortened, visible } from './visible-text.js';

const membersShown = 5;
const membersInJson = 100;

export function addSegments(program: Command, run: Run): void {
  const command = program
    .command('segments')
    .description('List the segments of the workspace: how many members each has, and the newest of them.')
    .action(() => run(segments));
  examples(command, 'inlet segments', 'inlet segments --json');
}

async function segments(session: Session): Promise<ExitCode> {
  const { out } = session;
  const file = await session.file();
  const workspace = file.settings.name;
  const store = await session.store();
  const newest = out.json ? membersInJson : membersShown;
  const records = await reading(file, () => listSegments(store, workspace, newest));
  if (out.json) out.document({ workspace, segments: records.map(segmentJson) });
  else if (records.length === 0) out.say(`The workspace "${workspace}" has no segment yet.`);
  else out.line(segmentsTable(records));
  return exitCodes.fine;
}

/** A line for each segment with its newest member, and one for each of the others that are shown. */
function segmentsTable(records: readonly SegmentRecord[]): string {
  return tableText(
    [
      { head: 'SEGMENT' },
      { head: 'MEMBERS', align: 'right' },
      { head: 'NEWEST' },
      { head: 'SINCE' },
      { head: 'BY IMPORT' },
    ],
    records.flatMap(({ segment, members, newest }) => {
      const [first, ...others] = newest.map(memberCells);
      return [
        [shortened(segment, 60), countText(members), ...(first ?? ['', '', ''])],
        ...others.map((cells) => ['', '', ...cells]),
      ];
    }),
  );
}

function memberCells({ id, email, addedAt, sync, number }: MemberRecord): string[] {
  return [personName(id, email), timeText(addedAt), `#${number} of ${visible(sync)}`];
}

/** Such as `42 (a@example.com)`; one of the two may be missing. */
export function personName(id: string | null, email: string | null): string {
  const [first = '(nobody)', second] = [id, email].filter((each) => each !== null);
  return shortened(second === undefined ? first : `${first} (${second})`, 60);
}

function segmentJson({ segment, createdAt, members, newest }: SegmentRecord): Json {
  return { segment, createdAt, members, newest: newest.map((member) => ({ ...member })) };
}
