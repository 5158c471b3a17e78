import { Argument, type Command } from 'commander';
import { examples, type Run } from './argument.js';
import { completionScripts, shells, type Shell } from './completion-scripts.js';
import { exitCodes } from './exit.js';

export function addCompletion(program: Command, run: Run): void {
  const command = program
    .command('completion')
    .addArgument(new Argument('<shell>', 'your shell').choices(shells))
    .description('Print a script that lets a shell complete commands, options, syncs and databases.')
    .action((shell: Shell) =>
      run(
        async ({ out }) => {
          await out.write(completionScripts[shell]);
          return exitCodes.fine;
        },
        { writesEnvironment: true },
      ),
    );
  examples(
    command,
    'inlet completion bash',
    'eval "$(inlet completion bash)"',
    'inlet completion fish | source',
  );
}
