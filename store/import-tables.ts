import { marksOf, qualified } from './staging.js';

/** The tables that planning and applying work on, as SQL names: an import's own, or a preview's temporary ones. */
export interface ImportTables {
  stage: string;
  marks: string;
  people: string;
  failures: string;
}

/** What an import works on: its staging, and the workspace's tables. */
export const importTables = (staging: string): ImportTables => ({
  stage: qualified(staging),
  marks: qualified(marksOf(staging)),
  people: 'inlet.person',
  failures: 'inlet.import_failure',
});
