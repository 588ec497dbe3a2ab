// The rules of `npm run check:lint`: typescript-eslint's strict set, with types. Formatting is
// prettier's.

import prettier from 'eslint-config-prettier';
import { defineConfig, globalIgnores } from 'eslint/config';
import tseslint from 'typescript-eslint';

export default defineConfig(
  globalIgnores(['dist/', 'node_modules/', '.vitrine/', 'models/', 'src/data/store/prisma/', 'schema/']),
  {
    files: ['**/*.ts', '**/*.tsx'],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { projectService: { allowDefaultProject: ['prisma.config.ts'] } } },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      // FAISS is loaded when it is first needed, and may be absent.
      '@typescript-eslint/no-require-imports': ['error', { allow: ['^faiss-node'] }],
      // `value ||= default` treats '' and 0 as absent on purpose where it is written.
      '@typescript-eslint/prefer-nullish-coalescing': 'off',
      // type-graphql's decorated classes are often empty but for their decorators.
      '@typescript-eslint/no-extraneous-class': ['error', { allowWithDecorator: true }],
      // One signature for batch functions, whether or not an implementation waits.
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      // tsconfig leaves indexing unchecked, for the typed arrays' sake: elsewhere what these two
      // take for granted may well be undefined.
      '@typescript-eslint/no-unnecessary-condition': 'off',
      '@typescript-eslint/no-useless-default-assignment': 'off',
      eqeqeq: ['error', 'always'],
      'no-console': 'error',
    },
  },
  {
    files: ['bench/**/*.ts'],
    rules: { 'no-console': 'off' },
  },
  {
    // `expect(object.method)` is how Jest asks; handlers of tests may be empty.
    files: ['test/**/*.ts'],
    rules: { '@typescript-eslint/unbound-method': 'off', '@typescript-eslint/no-empty-function': 'off' },
  },
  prettier,
);
