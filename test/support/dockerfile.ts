import { cp, mkdir, readdir, readFile, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import dockerignore from '@balena/dockerignore';
import { Copy, DockerfileParser, Env, From, type Instruction } from 'dockerfile-ast';
import { execa } from 'execa';

/** The last stage of a Dockerfile, made without Docker: a directory in place of a root, on this machine's system. */
export interface Built {
  root: string;
  environment: Record<string, string>;
  workdir: string;
  user: string;
  healthcheck: string[];
  /** ENTRYPOINT and CMD. */
  command: string[];
}

/**
 * Does what `docker build` does with a Dockerfile, as far as ours uses it: takes the same files of the context, and runs
 * the same commands in the same order. Absolute paths in commands mean the stage's directory.
 * @param context the directory with the Dockerfile and its .dockerignore
 * @param directory an empty one, for the stages
 */
export async function build(context: string, directory: string): Promise<Built> {
  const dockerfile = DockerfileParser.parse(await readFile(join(context, 'Dockerfile'), 'utf8'));
  const files = join(directory, 'context');
  await copyContext(context, files);
  const stages = new Map<string, Built>();
  let stage = emptyStage('');
  for (const instruction of dockerfile.getInstructions()) {
    if (instruction instanceof From) {
      stage = emptyStage(join(directory, `stage-${stages.size}`));
      stages.set(instruction.getBuildStage() ?? 'last', stage);
      await mkdir(join(stage.root, 'usr/local/bin'), { recursive: true });
    } else if (instruction instanceof Copy) {
      const from = stages.get(instruction.getFromFlag()?.getValue() ?? '')?.root ?? files;
      await copyInto(stage, from, wordsOf(instruction));
    } else await apply(stage, instruction);
  }
  return stage;
}

const emptyStage = (root: string): Built => ({
  root,
  environment: {},
  workdir: '/',
  user: '0:0',
  healthcheck: [],
  command: [],
});

async function apply(stage: Built, instruction: Instruction): Promise<void> {
  const text = instruction.getArgumentsContent() ?? '';
  switch (instruction.getKeyword()) {
    case 'WORKDIR':
      stage.workdir = text;
      await mkdir(join(stage.root, text), { recursive: true });
      return;
    case 'RUN':
      await execa('/bin/bash', ['-euc', text.replaceAll(/(?<=\s)\/(?=opt|usr)/g, `${stage.root}/`)], {
        cwd: join(stage.root, stage.workdir),
      });
      return;
    case 'ENV':
      if (instruction instanceof Env)
        for (const property of instruction.getProperties())
          stage.environment[property.getName()] = property.getValue() ?? '';
      return;
    case 'USER':
      stage.user = text;
      return;
    case 'HEALTHCHECK':
      stage.healthcheck = arrayIn(text);
      return;
    case 'ENTRYPOINT':
    case 'CMD':
      stage.command.push(...arrayIn(text));
      return;
    case 'EXPOSE':
      return;
    default:
      throw new Error(`${instruction.getKeyword()} in the Dockerfile is not known here yet.`);
  }
}

/** Files and directories to a place, as COPY takes them: a directory's contents, a file by its name. */
async function copyInto({ root, workdir }: Built, from: string, words: string[]): Promise<void> {
  const target = words.at(-1) ?? '.';
  const place = target.startsWith('/') ? join(root, target) : join(root, workdir, target);
  for (const word of words.slice(0, -1)) {
    const source = join(from, word);
    const into =
      (await stat(source)).isDirectory() || !/[./]$/.test(target) ? place : join(place, basename(word));
    await cp(source, into, { recursive: true });
  }
}

async function copyContext(context: string, files: string): Promise<void> {
  const ignored = dockerignore
    .default({ ignorecase: false })
    .add(await readFile(join(context, '.dockerignore'), 'utf8'));
  const copy = async (path: string): Promise<void> => {
    for (const entry of await readdir(join(context, path), { withFileTypes: true })) {
      const inside = join(path, entry.name);
      if (ignored.ignores(inside)) continue;
      if (entry.isDirectory()) await copy(inside);
      else await cp(join(context, inside), join(files, inside));
    }
  };
  await copy('');
}

const wordsOf = (instruction: Copy): string[] =>
  instruction.getArguments().map((argument) => argument.getValue());

function arrayIn(text: string): string[] {
  const parsed: unknown = JSON.parse(text.slice(text.indexOf('[')));
  if (!Array.isArray(parsed)) throw new Error(`${text} in the Dockerfile is not in exec form.`);
  return parsed.map(String);
}
