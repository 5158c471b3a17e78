import { relative, resolve } from 'node:path';
import type { CheckProblem } from './check-files.js';
import { visible } from './visible-text.js';

/**
 * One line of a workflow command, by which GitHub Actions shows a problem beside the line of the file
 * (https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands).
 *
 * @param root the checkout, GITHUB_WORKSPACE: the paths that GitHub knows are relative to it
 */
export function githubAnnotation({ level, file, line, column, message }: CheckProblem, root: string): string {
  const properties = [
    ['file', relative(root, resolve(file))],
    ['line', line],
    ['col', column],
    ['title', 'inlet check'],
  ]
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}=${escapedProperty(String(value))}`);
  return `::${level} ${properties.join(',')}::${escapedMessage(visible(message))}`;
}

/** As @actions/core escapes them: what is not escaped would end the property or the command. */
function escapedMessage(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

function escapedProperty(text: string): string {
  return escapedMessage(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
}
