import js from '@eslint/js';
import tseslint from 'typescript-eslint';

/** Each room may import only from the rooms below it, so that data and dependencies go one way. */
const rooms = {
  config: ['encryption', 'sources', 'store', 'workflows', 'activities', 'worker', 'client', 'dev', 'api'],
  encryption: ['sources', 'store', 'workflows', 'activities', 'worker', 'client', 'dev', 'api'],
  sources: ['encryption', 'store', 'workflows', 'activities', 'worker', 'client', 'dev', 'api'],
  store: ['encryption', 'workflows', 'activities', 'worker', 'client', 'dev', 'api'],
  workflows: ['encryption', 'worker', 'client', 'dev', 'api'],
  activities: ['encryption', 'worker', 'client', 'dev', 'api'],
  worker: ['client', 'dev', 'api'],
  client: ['api'],
  dev: ['client', 'api'],
};

const oneWay = Object.entries(rooms).map(([room, above]) => ({
  files: [`${room}/**/*.ts`],
  rules: {
    'no-restricted-imports': [
      'error',
      {
        patterns: [
          {
            group: above.map((name) => `**/${name}/**`),
            message: `${room}/ must not depend on the rooms above it.`,
          },
          ...(room === 'sources' || room === 'store' || room === 'config'
            ? [{ group: ['@temporalio/*'], message: `${room}/ knows nothing of Temporal.` }]
            : []),
        ],
      },
    ],
  },
}));

/** Workflow code runs in Temporal's sandbox: only types and pure modules. */
const workflowCode = {
  files: ['workflows/**/*.ts'],
  rules: {
    '@typescript-eslint/no-restricted-imports': [
      'error',
      {
        patterns: [
          {
            group: [
              'node:*',
              'zod',
              'pg',
              '@temporalio/client',
              '@temporalio/worker',
              '@temporalio/activity',
            ],
            message: 'Workflow code is deterministic and pure.',
          },
          {
            group: ['**/activities/**', '**/config/**', '**/sources/**', '**/store/**'],
            allowTypeImports: true,
            message: 'Types only: the rest does not belong into the workflow bundle.',
          },
        ],
      },
    ],
  },
};

export default tseslint.config(
  { ignores: ['dist/', 'node_modules/', '.inlet/', 'coverage/'] },
  js.configs.recommended,
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/no-invalid-void-type': 'off',
      eqeqeq: 'error',
      'no-console': 'error',
    },
  },
  {
    files: [
      'config/**/*.ts',
      'encryption/**/*.ts',
      'sources/**/*.ts',
      'store/**/*.ts',
      'workflows/**/*.ts',
      'activities/**/*.ts',
      'worker/**/*.ts',
      'client/**/*.ts',
      'dev/**/*.ts',
      'api/**/*.ts',
    ],
    ignores: ['config/environment.ts'],
    rules: {
      'no-restricted-syntax': [
        'error',
        {
          selector: "MemberExpression[object.name='process'][property.name='env']",
          message: 'Environment variables are read in config/environment.ts only.',
        },
      ],
    },
  },
  {
    files: ['**/*.js', '**/*.mjs'],
    languageOptions: {
      globals: { process: 'readonly', console: 'readonly', URL: 'readonly', setTimeout: 'readonly' },
    },
  },
  ...oneWay,
  workflowCode,
);
