import type { Log, ReportingDescriptor, Result } from 'sarif';
import { relative, resolve, sep } from 'node:path';
import type { CheckProblem, CheckRule } from './check-files.js';

const rules: Record<CheckRule, string> = {
  configuration: 'A mistake in inlet.yaml, in a file that it names, or in a variable that it needs.',
  query: 'A query that says something else than is likely meant.',
  database: 'A database that can not be read as it should be.',
};

const page = 'https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json';

/**
 * A SARIF 2.1.0 log of one run, for code scanning and editors
 * (https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html).
 *
 * @param root the directory that paths are relative to, as a reader of the log will have its own
 */
export function sarifLog(problems: readonly CheckProblem[], version: string, root: string): Log {
  const driver = { name: 'inlet', version, rules: Object.entries(rules).map(asRule) };
  return {
    $schema: page,
    version: '2.1.0',
    runs: [
      {
        tool: { driver },
        columnKind: 'utf16CodeUnits',
        results: problems.map((problem) => asResult(problem, root)),
      },
    ],
  };
}

function asRule([id, text]: [string, string]): ReportingDescriptor {
  return { id, shortDescription: { text } };
}

function asResult({ level, rule, file, line, column, message }: CheckProblem, root: string): Result {
  const region = line === undefined ? undefined : { startLine: line, startColumn: column ?? 1 };
  return {
    ruleId: rule,
    ruleIndex: Object.keys(rules).indexOf(rule),
    level,
    message: { text: message },
    locations: [
      {
        physicalLocation: {
          artifactLocation: { uri: uriOf(relative(root, resolve(file))), uriBaseId: '%SRCROOT%' },
          ...(region && { region }),
        },
      },
    ],
  };
}

/** A relative reference of RFC 3986: each segment encoded. */
function uriOf(path: string): string {
  return path.split(sep).map(encodeURIComponent).join('/');
}
